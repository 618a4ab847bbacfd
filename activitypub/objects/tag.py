"""Entries of a post's or an actor's `tag` list: Mention, Hashtag, Emoji and Link.

Four small classes rather than one with a kind, because they share nothing but the list they stand in: a
mention has authority (someone is notified), an emoji has a picture, a link may be a quote.

Source: https://docs.joinmastodon.org/spec/activitypub/#properties-used; FEP-eb48 (hashtags), FEP-9098
(custom emoji), FEP-e232 (object links).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from activitypub import read
from activitypub.limits import NAME_CHARS_MAX, TAGS_MAX

__all__ = ["Emoji", "Hashtag", "Link", "Mention", "Tag", "read_tags"]

# Longest hashtag kept, in characters without `#`: more than any word, and short enough to be a database key.
HASHTAG_CHARS_MAX: Final = 255
# What Mastodon takes as an emoji's name; others are dropped, so that `:name:` in text stays unambiguous.
_SHORTCODE: Final = re.compile(r"[A-Za-z0-9_]{2,2048}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Someone who is named in the text.

    Args:
        href: the actor's id.
        name: `@user@host` as the sender wrote it; the host may be missing.
    """

    href: str
    name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it for a `tag` list."""
        doc = {"type": "Mention", "href": self.href}
        return doc if self.name is None else {**doc, "name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashtag:
    """A topic.

    Args:
        name: as written, with the leading `#`.
        href: the page of posts about it.
    """

    name: str
    href: str | None = None

    @property
    def key(self) -> str:
        """The form to compare by: without `#`, NFKC, case-folded (FEP-eb48)."""
        return unicodedata.normalize("NFKC", self.name.removeprefix("#")).casefold()

    def to_json(self) -> dict[str, Any]:
        """Render it for a `tag` list."""
        doc = {"type": "Hashtag", "name": self.name}
        return doc if self.href is None else {**doc, "href": self.href}


@dataclass(frozen=True, slots=True, kw_only=True)
class Emoji:
    """A small picture that stands for `:shortcode:` in the text.

    Args:
        shortcode: without colons.
        icon_url: the picture, on any host.
        icon_type: its media type, if given.
        id: its own identifier; some senders give none.
        updated: when the picture last changed.
    """

    shortcode: str
    icon_url: str
    icon_type: str | None = None
    id: str | None = None
    updated: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it for a `tag` list."""
        doc: dict[str, Any] = {} if self.id is None else {"id": self.id}
        doc |= {"type": "Emoji", "name": f":{self.shortcode}:"}
        if self.updated is not None:
            doc["updated"] = read.rfc3339(self.updated)
        kind = {} if self.icon_type is None else {"mediaType": self.icon_type}
        doc["icon"] = {"type": "Image", **kind, "url": self.icon_url}
        return doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference to another object, which the text may stand in for by `name`.

    Args:
        href: the object's id.
        media_type: ActivityPub's, if the link is to an object (FEP-e232).
        rel: what the object is to this one, such as Misskey's quote.
        name: the text that stands for it.
    """

    href: str
    media_type: str | None = None
    rel: tuple[str, ...] = ()
    name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it for a `tag` list."""
        doc: dict[str, Any] = {"type": "Link"}
        if self.media_type is not None:
            doc["mediaType"] = self.media_type
        doc["href"] = self.href
        if self.name is not None:
            doc["name"] = self.name
        if self.rel:
            doc["rel"] = self.rel[0] if len(self.rel) == 1 else list(self.rel)
        return doc


Tag: TypeAlias = Mention | Hashtag | Emoji | Link


def read_tags(value: object) -> tuple[Tag, ...]:
    """Read a `tag` field: one object or a list; unknown and unusable entries are skipped."""
    found = (_read_tag(entry) for entry in read.as_list(value, TAGS_MAX) if isinstance(entry, Mapping))
    return tuple(entry for entry in found if entry is not None)


def _read_tag(doc: read.Doc) -> Tag | None:
    """Read one entry by the first type that we know."""
    for kind in read.types(doc):
        match kind:
            case "Mention":
                return _read_mention(doc)
            case "Hashtag":
                return _read_hashtag(doc)
            case "Emoji":
                return _read_emoji(doc)
            case "Link":
                return _read_link(doc)
    return None


def _read_mention(doc: read.Doc) -> Mention | None:
    href = read.http_iri(doc.get("href"))
    return None if href is None else Mention(href=href, name=read.text(doc.get("name"), NAME_CHARS_MAX))


def _read_hashtag(doc: read.Doc) -> Hashtag | None:
    name = (read.text(doc.get("name"), NAME_CHARS_MAX) or "").strip().lstrip("#")
    # Spaces and slashes end a hashtag everywhere, and a name that holds them cannot be linked to.
    if not 0 < len(name) <= HASHTAG_CHARS_MAX or re.search(r"[\s/#]", name):
        return None
    return Hashtag(name=f"#{name}", href=read.http_iri(doc.get("href")))


def _read_emoji(doc: read.Doc) -> Emoji | None:
    name = (read.text(doc.get("name"), NAME_CHARS_MAX) or "").strip(":")
    icon = doc.get("icon")
    pictures = read.links(icon if not isinstance(icon, Mapping) else icon.get("url"))
    if not pictures or not _SHORTCODE.fullmatch(name):
        return None
    kind = read.media_type(icon.get("mediaType")) if isinstance(icon, Mapping) else None
    return Emoji(
        shortcode=name,
        icon_url=pictures[0].href,
        icon_type=kind or pictures[0].media_type,
        id=read.one_id(doc.get("id")),
        updated=read.instant(doc.get("updated")),
    )


def _read_link(doc: read.Doc) -> Link | None:
    href = read.http_iri(doc.get("href"))
    if href is None:
        return None
    return Link(
        href=href,
        # Kept whole: the profile parameter is what tells an ActivityPub link from any other ld+json.
        media_type=read.text(doc.get("mediaType"), 200),
        rel=tuple(entry for entry in read.as_list(doc.get("rel"), 16) if isinstance(entry, str)),
        name=read.text(doc.get("name"), NAME_CHARS_MAX),
    )
