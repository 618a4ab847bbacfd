import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.alt import AI_SENTENCE, ALT_CHARS_MAX, propose_alt


@pytest.mark.parametrize(
    ("prompt", "alt"),
    [
        ("a red boat at sunset", "A red boat at sunset. AI-generated image."),
        ("A fox. It sleeps!", "A fox. It sleeps! AI-generated image."),
        ("a cat, highly detailed, 4k, masterpiece", "A cat. AI-generated image."),
        ("a (red:1.3) ((boat)), [sea]", "A red boat, sea. AI-generated image."),
        ("a boat <lora:tiny:0.8>", "A boat. AI-generated image."),
        ("a boat --ar 16:9 --v 6", "A boat. AI-generated image."),
        ("--ar 16:9", "AI-generated image."),
        ("4k, masterpiece,", "AI-generated image."),
        ("", "AI-generated image."),
        ("夕暮れの海。", "夕暮れの海。 AI-generated image."),
        (
            "a four-masted ship, 4k resolution poster",
            "A four-masted ship, 4k resolution poster. AI-generated image.",
        ),
    ],
)
def test_prompt_becomes_a_sentence(prompt: str, alt: str) -> None:
    assert propose_alt(prompt) == alt


def test_long_prompt_is_cut_at_a_word() -> None:
    alt = propose_alt("several words " * 200)
    assert len(alt) <= ALT_CHARS_MAX
    assert alt.endswith((f"words… {AI_SENTENCE}", f"several… {AI_SENTENCE}"))


@given(st.text(max_size=3000))
def test_alt_is_bounded_and_says_that_it_is_generated(prompt: str) -> None:
    alt = propose_alt(prompt)
    assert len(alt) <= ALT_CHARS_MAX
    assert alt.endswith(AI_SENTENCE)


@pytest.mark.parametrize("hostile", ["(" * 100_000, "<" * 100_000, "--a " * 25_000, "((" * 9 + "a:" * 50_000])
@pytest.mark.timeout(5)
def test_hostile_notation_costs_no_time(hostile: str) -> None:
    assert propose_alt(hostile).endswith(AI_SENTENCE)
