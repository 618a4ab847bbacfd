"""Tolerant readers over plain dicts: what a field may look like is known here and nowhere else.

ActivityStreams lets almost every field be one thing or many, an identifier or the object itself, text or
a map of languages, and peers use all of it. Each reader names the shapes it takes and answers None (or an
empty tuple) for any other, because an odd optional field is no reason to lose a post; only the
`require_…` readers raise. Nothing here fetches, and nothing trusts: an embedded object that is read as an
identifier is just that identifier.

Source: https://www.w3.org/TR/activitystreams-core/ §4, https://www.w3.org/TR/json-ld11/ §4.2 (language
maps), RFC 3339; the odd shapes are from Mastodon, GoToSocial, Lemmy, PeerTube, Pixelfed and Takahe.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from activitypub.errors import MalformedError
from activitypub.limits import IRI_CHARS_MAX, LIST_ITEMS_MAX

__all__ = [
    "Doc",
    "Link",
    "as_list",
    "boolean",
    "document",
    "http_iri",
    "instant",
    "integer",
    "language_text",
    "links",
    "many_ids",
    "media_type",
    "number",
    "one_id",
    "page_url",
    "require_http_iri",
    "rfc3339",
    "rfc3339_exact",
    "text",
    "types",
]

Doc: TypeAlias = Mapping[str, Any]

# Longest text in characters when the caller names no bound: four times what Mastodon shows of a post with
# generous markup, and far below the body limit.
TEXT_CHARS_MAX: Final = 200_000
# Nothing federated is older than the Unix epoch; earlier times are typing errors or attempts to sort last.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A host without user-info, then anything but white space, control characters, halves of characters and the
# delimiters that RFC 3987 §2.2 leaves out. Non-ASCII stays: identifiers are compared as they were written.
_SPACES: Final = r"\x00-\x20\x7f-\xa0\u2028\u2029\u3000\ud800-\udfff"
_BARRED: Final = _SPACES + r'"<>\\^`{|}'
_HTTP_IRI: Final = re.compile(rf"https?://[^{_BARRED}/?#@]+(?:[/?#][^{_BARRED}]*)?", re.IGNORECASE)
_NOT_IN_IDS: Final = re.compile(f"[{_SPACES}]")
_NUL: Final = "\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One address out of a `url` field.

    Args:
        href: an http(s) address.
        media_type: what is said to be there, lower-case, without parameters.
        rel: the relations it is given, lower-case.
    """

    href: str
    media_type: str | None = None
    rel: tuple[str, ...] = ()


def document(value: object, what: str) -> Doc:
    """Require a JSON object.

    Args:
        value: anything that JSON can hold.
        what: what it should have been, for the message.

    Raises:
        MalformedError: it is something else.
    """
    if isinstance(value, Mapping):
        return value
    raise MalformedError(f"{what} is not a JSON object")


def as_list(value: object, items_max: int = LIST_ITEMS_MAX) -> list[Any]:
    """See one-or-many as many: null and absence are empty, a list is cut at `items_max`."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return list(value[:items_max])
    return [value]


def types(doc: Doc) -> tuple[str, ...]:
    """Read `type`: a string or a list of strings; other entries are skipped."""
    return tuple(
        entry for entry in as_list(doc.get("type"), items_max=16) if isinstance(entry, str) and entry
    )


def one_id(value: object) -> str | None:
    """Read one identifier.

    Takes a string, an object with `id`, a Link with `href`, or a list of these (the first usable one
    counts). The identifier may have any scheme, or none: `as:Public`, `tag:…` and `https://…` all pass.
    """
    if isinstance(value, str):
        usable = value and len(value) <= IRI_CHARS_MAX and not _NOT_IN_IDS.search(value)
        return value if usable else None
    if isinstance(value, Mapping):
        inner = value.get("id", value.get("href"))
        return one_id(inner) if isinstance(inner, str) else None
    if isinstance(value, (list, tuple)):
        # One level only: a list in a list is no shape that anyone sends, and depth costs stack.
        found = (one_id(entry) for entry in as_list(value) if not isinstance(entry, (list, tuple)))
        return next((entry for entry in found if entry is not None), None)
    return None


def many_ids(value: object, items_max: int = LIST_ITEMS_MAX) -> tuple[str, ...]:
    """Read identifiers: one or many of what `one_id` takes, without repeats, in order."""
    found = (one_id(entry) for entry in as_list(value, items_max) if not isinstance(entry, (list, tuple)))
    return tuple(dict.fromkeys(entry for entry in found if entry is not None))


def http_iri(value: object) -> str | None:
    """Read one identifier, as `one_id`, that is an http(s) address without user-info or spaces."""
    found = one_id(value)
    return found if found is not None and _HTTP_IRI.fullmatch(found) else None


def require_http_iri(doc: Doc, field: str) -> str:
    """Read a field that must hold an http(s) identifier.

    Raises:
        MalformedError: it is missing or holds something else; the message names the field.
    """
    found = http_iri(doc.get(field))
    if found is None:
        raise MalformedError(f"{field} is missing or is not an http(s) identifier", iri=one_id(doc.get("id")))
    return found


def text(value: object, chars_max: int = TEXT_CHARS_MAX) -> str | None:
    """Read text, cut after `chars_max` characters.

    Takes a string, a language map (its first string), or a list of these (the first usable one). NUL
    characters are dropped, because PostgreSQL stores none.
    """
    if isinstance(value, str):
        return value[:chars_max].replace(_NUL, "")
    if isinstance(value, Mapping):
        return next((text(entry, chars_max) for entry in value.values() if isinstance(entry, str)), None)
    if isinstance(value, (list, tuple)):
        found = (text(entry, chars_max) for entry in as_list(value) if isinstance(entry, (str, Mapping)))
        return next((entry for entry in found if entry is not None), None)
    return None


def language_text(doc: Doc, field: str, chars_max: int = TEXT_CHARS_MAX) -> tuple[str | None, str | None]:
    """Read text and its language out of a field and its map: `content` and `contentMap`.

    The plain field wins; its language is the key under which the map repeats it, or the map's first key.
    Without the plain field the map's first text counts. `("…", None)` says that no language was given.
    """
    plain = text(doc.get(field), chars_max)
    by_language = doc.get(f"{field}Map")
    if not isinstance(by_language, Mapping):
        return plain, None
    usable = {key: text(value, chars_max) for key, value in by_language.items() if isinstance(value, str)}
    repeated = next((key for key, value in usable.items() if value == plain), None)
    language = repeated or next(iter(usable), None)
    if language is None:
        return plain, None
    said = usable[language] if plain is None else plain
    return said, _language_tag(language)


def _language_tag(value: str) -> str | None:
    """Keep what looks like a BCP 47 tag; `und` and nonsense say nothing."""
    return value if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,6}", value) and value != "und" else None


def instant(value: object, *, latest: datetime | None = None) -> datetime | None:
    """Read an RFC 3339 time as an aware UTC datetime.

    Takes what `datetime.fromisoformat` takes: any number of fractional digits (more than six are cut), an
    offset or `Z`; without one, UTC is meant, because that is what the senders that forget it mean.

    Args:
        value: a string, or anything else for None.
        latest: later times become this one (a post from tomorrow would stand above all others for a day).
            Times before 1970 become 1970.
    """
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: year 1 or 9999 moved over the edge by its offset
        return None
    found = max(found, EARLIEST)
    return found if latest is None else min(found, latest)


def rfc3339(moment: datetime) -> str:
    """Write an aware time as peers like it best: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_exact(moment: datetime) -> str:
    """Write an aware time with its milliseconds, if it has any.

    For `updated`: peers take an edit for known unless it is later than the last, and two within one second
    must not look the same.
    """
    moment = moment.astimezone(UTC)
    milliseconds = moment.microsecond // 1000
    return rfc3339(moment) if not milliseconds else f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def boolean(value: object) -> bool | None:
    """Read true or false; `"true"`, 1 and the like are None, for absence is safer than a guess."""
    return value if isinstance(value, bool) else None


def integer(value: object, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int | None:
    """Read a whole number within bounds; `1536.0` counts as 1536, out of bounds is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value) if minimum <= value <= maximum else None


def number(value: object, *, minimum: float, maximum: float) -> float | None:
    """Read a finite number, clamped to the bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Clamp before float(): an int of 400 digits has no float. NaN passes through both comparisons.
    clamped = min(max(value, minimum), maximum)
    return float(clamped) if math.isfinite(clamped) else None


def links(value: object, items_max: int = 100) -> tuple[Link, ...]:
    """Read a `url` field.

    Takes an http(s) string, a Link (`href`, `mediaType`, `rel`), an object with `url` as string, or a list
    of these. Entries with other schemes are skipped: `javascript:` and `data:` never come through here.
    """
    found = (_link(entry) for entry in as_list(value, items_max))
    return tuple(entry for entry in found if entry is not None)


def page_url(value: object) -> str | None:
    """Choose the address for a person's browser out of a `url` field: text/html first, else the first."""
    found = links(value)
    html = next((entry.href for entry in found if entry.media_type == "text/html"), None)
    return html or next((entry.href for entry in found), None)


def _link(value: object) -> Link | None:
    """Read one entry of a `url` field."""
    if isinstance(value, str):
        href = http_iri(value)
        return None if href is None else Link(href=href)
    if not isinstance(value, Mapping):
        return None
    address = value.get("href", value.get("url"))
    href = http_iri(address) if isinstance(address, str) else None
    if href is None:
        return None
    rel = tuple(entry.lower() for entry in as_list(value.get("rel"), 16) if isinstance(entry, str))
    return Link(href=href, media_type=media_type(value.get("mediaType")), rel=rel)


def media_type(value: object) -> str | None:
    """Read a media type: lower-case, without parameters, or None if it does not look like one."""
    if not isinstance(value, str):
        return None
    bare = value.split(";", 1)[0].strip().lower()
    return bare if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,63}", bare) else None
