"""Hashtags: one on a profile, and one as such.

Ice Cubes takes `statuses_count` as text only, so it is one.

Source: Mastodon's documentation, "FeaturedTag entity" and "Tag entity".
"""

import hashlib
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from fedi import iris
from fedi.config import Settings
from fedi.queries.pins import TagView
from fedi.queries.trends import Use

__all__ = ["Day", "FeaturedTag", "Tag", "featured_tag", "tag"]


class FeaturedTag(TypedDict):
    """A hashtag on somebody's profile."""

    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None


class Day(TypedDict):
    """How often a hashtag was used on one day, and by how many; all of it as text."""

    day: str
    uses: str
    accounts: str


class Tag(TypedDict):
    """A hashtag."""

    id: str
    name: str
    url: str
    history: list[Day]
    following: NotRequired[bool]
    featuring: NotRequired[bool]


def featured_tag(view: TagView, settings: Settings) -> FeaturedTag:
    """Build a hashtag on a profile."""
    return {
        "id": str(view.tag.id),
        "name": view.tag.name,
        "url": iris.tag(settings, view.tag.name),
        "statuses_count": str(view.posts),
        "last_status_at": view.last_at.date().isoformat() if view.last_at else None,
    }


def tag(
    name: str,
    settings: Settings,
    *,
    featuring: bool | None = None,
    following: bool | None = None,
    uses: Sequence[Use] = (),
) -> Tag:
    """Build a hashtag.

    Args:
        name: without `#`.
        settings: for addresses.
        featuring: whether the viewer shows it on their profile; None when nobody asks.
        following: whether the viewer follows it; None when nobody asks.
        uses: how it was used lately.
    """
    built: Tag = {
        "id": _number(name),
        "name": name,
        "url": iris.tag(settings, name),
        "history": [
            {"day": str(int(use.day.timestamp())), "uses": str(use.posts), "accounts": str(use.accounts)}
            for use in uses
        ],
    }
    if following is not None:
        built["following"] = following
    if featuring is not None:
        built["featuring"] = featuring
    return built


def _number(name: str) -> str:
    """Return a number for a hashtag, which has none here: clients sort ids as numbers, and show the name."""
    return str(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1)
