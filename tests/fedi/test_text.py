"""Text in and out."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi import text
from fedi.text import MentionLink

NAUGHTY = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text())


def html(source: str, **mentions: MentionLink) -> str:
    return text.plain_to_html(source, mentions=mentions, tag_url=lambda name: f"https://h.test/tags/{name}")


def test_paragraphs_and_line_breaks_are_kept() -> None:
    assert html("one\ntwo\n\n\nthree") == "<p>one<br />two</p><p>three</p>"


def test_what_looks_like_html_is_text() -> None:
    assert html("<b>1 < 2 & 3</b>") == "<p>&lt;b&gt;1 &lt; 2 &amp; 3&lt;/b&gt;</p>"


def test_a_mention_is_linked_when_it_is_known_and_text_otherwise() -> None:
    link = MentionLink(url="https://h.test/@bob", shown="bob")
    assert html("@bob", bob=link) == (
        '<p><span class="h-card" translate="no"><a href="https://h.test/@bob" class="u-url mention">@<span>bob</span></a></span></p>'
    )
    assert html("@eve") == "<p>@eve</p>"


def test_a_hashtag_keeps_its_spelling_and_links_to_the_folded_name() -> None:
    assert (
        html("#AIart")
        == '<p><a href="https://h.test/tags/aiart" class="mention hashtag" rel="tag">#<span>AIart</span></a></p>'
    )


def test_a_link_shows_thirty_characters_and_hides_the_rest() -> None:
    found = html("see https://example.org/a/very/long/path/indeed?x=1&y=2, ok")
    assert (
        '<a href="https://example.org/a/very/long/path/indeed?x=1&amp;y=2" rel="nofollow noopener noreferrer"'
        in found
    )
    assert '<span class="ellipsis">example.org/a/very/long/path/i</span>' in found
    assert found.endswith("</a>, ok</p>")


@pytest.mark.parametrize("source", ["https://", "javascript:alert(1)", "http:///x", "data:text/html,x"])
def test_what_is_no_web_address_is_not_linked(source: str) -> None:
    assert "<a " not in html(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@a @b@X.Org @a", ["a", "b@x.org"]),
        ("mail me@x.org", []),
        ("@alice@127.0.2.3:9443!", ["alice@127.0.2.3:9443"]),
        ("@bob.", ["bob"]),
        ("https://h.test/@bob", []),
    ],
)
def test_mentions_are_found_once_and_not_inside_addresses(source: str, expected: list[str]) -> None:
    assert text.find_mentions(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [("#A #a #b_c", ["a", "b_c"]), ("#1 #12a", ["12a"]), ("a#b https://x.org/#c", []), ("#été!", ["été"])],
)
def test_hashtags_are_folded_and_need_a_letter(source: str, expected: list[str]) -> None:
    assert text.find_hashtags(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>hi <script>alert(1)</script>there</p>", "<p>hi there</p>"),
        ('<a href="javascript:x">y</a>', '<a rel="nofollow noopener noreferrer">y</a>'),
        ('<img src=x onerror="alert(1)">', ""),
        ('<p style="position:fixed" onclick="x">a</p>', "<p>a</p>"),
        ("<svg><a xlink:href='javascript:x'>b</a></svg>", ""),
        ('<span class="invisible evil">x</span>', '<span class="invisible">x</span>'),
    ],
)
def test_the_sanitiser_keeps_the_words_and_drops_the_rest(source: str, expected: str) -> None:
    assert text.sanitise(source) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>" * 100_000,
        "<div>" * 30_000,
        "<ul><li>" * 20_000,
        "<p " + "a=1 " * 100_000 + ">x</p>",
        "<" * 100_000,
        "<p><a href='" + "x" * 200_000,
        "x" * 1_000_000,
    ],
)
def test_hostile_html_comes_back_small_and_as_text(hostile: str) -> None:
    start = time.process_time()
    result = text.sanitise(hostile)
    # Generous: the parser without the caps takes more than ten times as long.
    assert time.process_time() - start < 2
    assert len(result) <= text.HTML_BYTES_MAX


@given(st.text(alphabet="<>/ab \"'=&;!-pscript", max_size=300))
def test_sanitising_never_raises_and_is_stable(source: str) -> None:
    once = text.sanitise(source)
    assert text.sanitise(once) == once
    assert "<script" not in once.lower()


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_naughty_strings_survive_both_ways(naughty: str) -> None:
    made = html(naughty)
    assert "<script" not in made.lower()
    assert isinstance(text.sanitise(made), str)
    text.html_to_text(made)


def test_a_display_name_loses_what_deceives() -> None:
    assert text.clean_name("\u202eevil\u200b \x07name ") == "evil name"


def test_html_becomes_words_with_line_breaks() -> None:
    assert text.html_to_text("<p>a<br>b</p><p>c &amp; d</p>") == "a\nb\nc & d"


def test_what_mastodon_lets_through_comes_through() -> None:
    for kept in (
        '<p lang="ja"><ruby>\u6f22<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></p>',
        '<p class="e-content">x</p>',
        '<span class="h-cite">x</span>',
        '<ol start="3" reversed=""><li value="3">x</li></ol>',
    ):
        assert text.sanitise(kept) == kept


def test_what_only_looks_like_it_does_not() -> None:
    assert (
        text.sanitise('<blockquote cite="javascript:alert(1)">x</blockquote>') == "<blockquote>x</blockquote>"
    )
    assert text.sanitise('<p class="e-content evil" style="x" id="y" onclick="z">x</p>') == (
        '<p class="e-content">x</p>'
    )


@pytest.mark.parametrize(
    "character",
    [
        "\u202e",
        "\u200b",
        "\u200f",
        "\u2066",
        "\u061c",
        "\u2028",
        "\u2060",
        "\u2063",
        "\ufeff",
        "\x1b",
        "\n",
        "\x9b",
    ],
)
def test_a_name_cannot_be_disguised(character: str) -> None:
    assert text.clean_name(f"{character}bo{character}b") == "bob"


def test_joiners_stay_in_names() -> None:
    assert text.clean_name("👨\u200d👩 \u0645\u06cc\u200c\u062f") == "👨\u200d👩 \u0645\u06cc\u200c\u062f"


def test_what_is_remembered_is_safe_as_well_and_only_what_is_short() -> None:
    text._remembered.cache_clear()
    hostile = "<p onclick='x'>a<script>b</script></p>"
    assert [text.sanitise(hostile) for _ in range(2)] == ["<p>a</p>"] * 2
    assert text._remembered.cache_info().hits == 1
    long = hostile + "a" * text.REMEMBERED_CHARACTERS_MAX
    assert text.sanitise(long).startswith("<p>a</p>aaa")
    assert text._remembered.cache_info().currsize == 1
