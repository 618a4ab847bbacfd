"""Text in and out: the one sanitiser, and plain text made into HTML.

nh3 sanitises whatever HTML comes from elsewhere, because bleach takes half a minute on a hostile post
and keeps the text inside `<script>`; nh3 in turn is quadratic in depth, so bytes, nesting and attributes
are bounded by a linear scan first. What a local person types is plain text: bleach's linkifier, the part
of bleach that nothing replaces, turns links, mentions and hashtags in it into anchors.

Source: Mastodon's allow-list of elements (its documentation, "HTML sanitization").
"""

import functools
import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from bleach.linkifier import Linker, build_url_re

__all__ = [
    "MentionLink",
    "clean_name",
    "find_hashtags",
    "find_mentions",
    "hashtag",
    "html_to_text",
    "plain_to_html",
    "sanitise",
    "searchable",
    "with_quote_link",
]

HTML_BYTES_MAX = 128 * 1024
"""Of HTML that is looked at, in bytes; longer posts are shown as cut plain text."""

NESTING_MAX = 256
"""Open elements at once; the parser's time grows with its square."""

REMEMBERED_CHARACTERS_MAX = 3000
"""Of HTML whose sanitised form is remembered; nearly all posts are shorter."""

REMEMBERED_MAX = 2000
"""Texts whose sanitised form is remembered: 2 kB each, and 24 at the very most."""

TAG_BYTES_MAX = 4096
"""Of one tag, in bytes, which bounds the number of its attributes."""

NAME_CHARACTERS_MAX = 2048
"""Of a display name that is kept; Mastodon's figure."""

SEARCHABLE_CHARACTERS_MAX = 20_000
"""Of a text that can be found by its words."""

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "i", "li", "ol",
    "p", "pre", "rp", "rt", "ruby", "s", "span", "strong", "sub", "sup", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"lang"},
    "a": {"href", "translate", "title"},
    "span": {"translate"},
    "ol": {"start", "reversed"},
    "li": {"value"},
}
MICROFORMATS = {
    "dt-published", "e-content", "h-card", "h-cite", "h-entry", "p-author", "p-category", "p-name",
    "u-author", "u-in-reply-to", "u-photo", "u-uid", "u-url",
}  # fmt: skip
"""Those of microformats2 that people and posts are marked with; Mastodon lets any of them through."""

CLASSES = {
    "a": {"mention", "hashtag", *MICROFORMATS},
    "span": {"mention", "hashtag", "invisible", "ellipsis", *MICROFORMATS},
    "p": {"quote-inline", *MICROFORMATS},
}

_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    allowed_classes=CLASSES,
    clean_content_tags={"script", "style", "iframe", "object", "template", "noscript", "svg", "math"},
    url_schemes={"http", "https"},
    link_rel="nofollow noopener noreferrer",
    strip_comments=True,
)
_to_text = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style", "template", "svg", "math"})

# bleach's own list of top-level domains is old, and federated hosts like new ones: any name will do.
_URL = build_url_re(tlds=["[a-z][a-z0-9-]+", "[0-9]+"], protocols=["http", "https"])

MENTION = re.compile(
    r"(?<![\w/@])@([A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)(?:@([A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?))?"
)
HASHTAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d_]\w*)")
_ANYTHING = re.compile(
    rf"(?P<mention>{MENTION.pattern})|(?P<hashtag>{HASHTAG.pattern})|(?P<url>https?://[^\s<>\"']+)"
)

# Controls, zero-width characters and bidirectional overrides: in a name they only serve to deceive.
_DECEIVING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

LINK_CHARACTERS_SHOWN = 30
"""Of a link's address after the scheme; the rest is in an `invisible` span, as clients expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionLink:
    """Where a mention leads: the profile page, and the name shown after the @."""

    url: str
    shown: str


def sanitise(source: str) -> str:
    """Return HTML that is safe to show; never raises.

    What is too long or too deep for the parser comes back as plain text in a paragraph. What is kept here was
    sanitised when it came in and is again whenever it goes out, so that no way around is ever open; the
    second time is remembered, by the text itself.
    """
    return _sanitised(source) if len(source) > REMEMBERED_CHARACTERS_MAX else _remembered(source)


def _sanitised(source: str) -> str:
    if not source:
        return ""
    if len(source.encode()) > HTML_BYTES_MAX or not _is_shallow(source):
        return f"<p>{html.escape(_strip_tags(source)[: HTML_BYTES_MAX // 8])}</p>"
    return _cleaner.clean(source)


_remembered = functools.lru_cache(maxsize=REMEMBERED_MAX)(_sanitised)


def html_to_text(source: str) -> str:
    """Return the words of sanitised HTML, with line breaks where blocks and `<br>` were."""
    broken = re.sub(r"<(?:br\s*/?|/p|/li|/blockquote|/h[1-5])>", "\n", source)
    return html.unescape(_to_text.clean(broken)).strip()


_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


def searchable(text: str) -> str:
    """Return the words of a text as they are indexed and looked for: plain, apart, without case and accents.

    What Chinese and Japanese write without spaces becomes words of one character, so that any part of it can
    be found as a phrase.

    >>> searchable("Crème brûlée, 東京!")
    'creme brulee 東 京'
    """
    apart = unicodedata.normalize("NFKD", text[:SEARCHABLE_CHARACTERS_MAX])
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", bare).casefold()))


def clean_name(text: str) -> str:
    """Return a display name without control, zero-width and bidirectional characters."""
    return _DECEIVING.sub("", text)[:NAME_CHARACTERS_MAX].strip()


def find_mentions(text: str) -> list[str]:
    """Return who is mentioned, each once, as `user` or `user@domain` with the domain in lower case."""
    found: dict[str, None] = {}
    for match in _ANYTHING.finditer(text):
        if match["mention"]:
            inner = MENTION.match(match["mention"])
            assert inner is not None
            found[_handle(inner)] = None
    return list(found)


def hashtag(typed: str) -> str | None:
    """Return the name of a hashtag that was typed, with or without `#`; None when it is none.

    >>> hashtag("#Foxes"), hashtag("two words")
    ('foxes', None)
    """
    bare = typed.strip().removeprefix("#")
    found = find_hashtags(f"#{bare}")
    return bare.casefold() if found == [bare.casefold()] else None


def find_hashtags(text: str) -> list[str]:
    """Return the hashtags, each once, case-folded and without `#`."""
    found: dict[str, None] = {}
    for match in _ANYTHING.finditer(text):
        if match["hashtag"]:
            found[match["hashtag"][1:].casefold()] = None
    return list(found)


def plain_to_html(text: str, *, mentions: Mapping[str, MentionLink], tag_url: Callable[[str], str]) -> str:
    """Turn what a person typed into paragraphs with links.

    Args:
        text: plain text.
        mentions: known handles as `find_mentions` spells them; others stay text.
        tag_url: page of a hashtag, by its case-folded name.
    """
    paragraphs = [part for part in re.split(r"\n{2,}", text.replace("\r\n", "\n").strip()) if part.strip()]
    return "".join(f"<p>{_inline(part, mentions, tag_url)}</p>" for part in paragraphs)


def with_quote_link(content: str, url: str) -> str:
    """Put a link to the quoted post before a text of ours, unless the text has one.

    Who knows of quotes hides the paragraph by its class, and to everyone else it says what is spoken of.
    """
    if html.escape(url) in content:
        return content
    return f'<p class="quote-inline">RE: {_shortened(url)}</p>{content}'


def _inline(text: str, mentions: Mapping[str, MentionLink], tag_url: Callable[[str], str]) -> str:
    pieces: list[str] = []
    position = 0
    for match in _ANYTHING.finditer(text):
        pieces.append(_escape(text[position : match.start()]))
        pieces.append(_anchor(match, mentions, tag_url))
        position = match.end()
    pieces.append(_escape(text[position:]))
    return "".join(pieces)


def _anchor(match: re.Match[str], mentions: Mapping[str, MentionLink], tag_url: Callable[[str], str]) -> str:
    if match["mention"]:
        inner = MENTION.match(match["mention"])
        assert inner is not None
        link = mentions.get(_handle(inner))
        if link is None:
            return _escape(match[0])
        return (
            f'<span class="h-card" translate="no"><a href="{html.escape(link.url)}" class="u-url mention">'
            f"@<span>{html.escape(link.shown)}</span></a></span>"
        )
    if match["hashtag"]:
        name = match["hashtag"][1:]
        url = html.escape(tag_url(name.casefold()))
        return f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{html.escape(name)}</span></a>'
    return _link(match["url"])


def _link(found: str) -> str:
    """Let bleach's linkifier decide where the address ends (commas, brackets), then shorten what shows."""
    anchors: list[str] = []

    def remember(attrs: dict[object, str], _new: object = None) -> dict[object, str]:
        anchors.append(html.unescape(attrs[(None, "href")]))
        return attrs

    linked = Linker(callbacks=[remember], url_re=_URL, parse_email=False).linkify(
        html.escape(found, quote=False)
    )
    if not anchors or not urlsplit(anchors[0]).hostname:
        return _escape(found)
    before, _, rest = linked.partition("<a ")
    after = rest.partition("</a>")[2]
    return f"{before}{_shortened(anchors[0])}{after}"


def _shortened(url: str) -> str:
    scheme, _, rest = url.partition("://")
    cut = len(rest) > LINK_CHARACTERS_SHOWN
    shown, hidden = rest[:LINK_CHARACTERS_SHOWN], rest[LINK_CHARACTERS_SHOWN:]
    return (
        f'<a href="{html.escape(url)}" rel="nofollow noopener noreferrer" target="_blank">'
        f'<span class="invisible">{scheme}://</span>'
        f'<span class="{"ellipsis" if cut else ""}">{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(hidden)}</span></a>'
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br />")


def _handle(match: re.Match[str]) -> str:
    user, domain = match[1], match[2]
    return f"{user}@{domain.lower()}" if domain else user


def _is_shallow(source: str) -> bool:
    """Tell whether nesting and tags stay within the caps, without parsing: an upper bound by counting."""
    depth = 0
    position = source.find("<")
    while position != -1:
        end = source.find(">", position)
        if end == -1:
            end = len(source)
        if end - position > TAG_BYTES_MAX:
            return False
        following = source[position + 1 : position + 2]
        if following == "/":
            depth = max(0, depth - 1)
        elif following.isalpha() and source[position + 1 : position + 3].lower() not in {"br", "hr"}:
            depth += 1
            if depth > NESTING_MAX:
                return False
        position = source.find("<", end)
    return True


def _strip_tags(source: str) -> str:
    """Drop everything between < and >, in one pass."""
    pieces: list[str] = []
    position = 0
    while True:
        start = source.find("<", position)
        if start == -1:
            pieces.append(source[position:])
            return html.unescape("".join(pieces))
        pieces.append(source[position:start])
        end = source.find(">", start)
        if end == -1:
            return html.unescape("".join(pieces))
        position = end + 1
