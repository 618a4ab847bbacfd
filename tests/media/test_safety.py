import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.safety import Decision, moderate_prompt


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox in the snow",
        "a girl on a beach",
        "children playing football",
        "blood moon over the sea",
        "Sussex, Essex and Middlesex",
        "a 12 year old dog",
        "the analysis of a minor chord",
        "",
    ],
)
def test_harmless_prompt_is_allowed_without_a_reason(prompt: str) -> None:
    verdict = moderate_prompt(prompt)
    assert (verdict.decision, verdict.reason) == (Decision.ALLOW, "")


@pytest.mark.parametrize(
    "prompt",
    [
        "a nude child",
        "NAKED GIRL",
        "child, n.u.d.e",
        "n u d e boy",
        "n\u200bude teen",
        "n4k3d k1d",
        "ch1ldren, p0rn",
        "nuuuuude girl",
        "\u043d\u0430ked g\u0456rl nude",
        "\u039dUDE girl",
        "\uff4e\uff55\uff44\uff45 \uff47\uff49\uff52\uff4c",
        "nu\u0301de girl",
        "erotic, 13yo",
        "erotic, 13 y/o",
        "sexy 9 year old",
        "sexy 12-year-old",
        "nude, aged 7",
        "lolicon",
    ],
)
def test_minors_with_sexual_words_are_denied_however_written(prompt: str) -> None:
    verdict = moderate_prompt(prompt)
    assert verdict.decision is Decision.DENY
    assert "minors" in verdict.reason


def test_reason_does_not_repeat_the_words() -> None:
    assert "nude" not in moderate_prompt("a nude child").reason


@pytest.mark.parametrize(
    "prompt", ["a nude woman", "erotic, 18 years old", "nude, 113 year old", "gory scene", "n.u.d.e"]
)
def test_adult_or_cruel_words_mark_the_picture_as_sensitive(prompt: str) -> None:
    verdict = moderate_prompt(prompt)
    assert verdict.decision is Decision.SENSITIVE
    assert verdict.reason


def test_words_of_the_operator_deny_at_word_borders() -> None:
    denied = ("John Doe", "spoiler", "")
    assert moderate_prompt("portrait of JOHN  doe", denied=denied).decision is Decision.DENY
    assert moderate_prompt("sp0iler", denied=denied).decision is Decision.DENY
    assert moderate_prompt("john doer, spoilers", denied=denied).decision is Decision.ALLOW


def test_words_of_the_operator_mark_as_sensitive() -> None:
    assert moderate_prompt("a spider", sensitive=["spider"]).decision is Decision.SENSITIVE


def test_hard_rule_stands_before_the_rules_of_the_operator() -> None:
    assert "minors" in moderate_prompt("nude child", denied=["nude"], sensitive=["nude"]).reason


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    assert moderate_prompt(text, denied=[text]).decision in Decision
