"""Hashtags: one on a profile, and one as such.

Ice Cubes takes `statuses_count` as text only, so it is one.

Source: Mastodon's documentation, "FeaturedTag entity" and "Tag entity".
"""

from collections.abc import Sequence
from typing import TypedDict

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
    following: bool
    featuring: bool


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
    featuring: bool = False,
    following: bool = False,
    uses: Sequence[Use] = (),
) -> Tag:
    """Build a hashtag; there is no number for it here, and clients take its name."""
    return {
        "id": name,
        "name": name,
        "url": iris.tag(settings, name),
        "history": [
            {"day": str(int(use.day.timestamp())), "uses": str(use.posts), "accounts": str(use.accounts)}
            for use in uses
        ],
        "following": following,
        "featuring": featuring,
    }
