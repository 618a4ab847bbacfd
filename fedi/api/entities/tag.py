"""Hashtags: one on a profile, and one as such.

Ice Cubes takes `statuses_count` as text only, so it is one.

Source: Mastodon's documentation, "FeaturedTag entity" and "Tag entity".
"""

from typing import Any, TypedDict

from fedi import iris
from fedi.config import Settings
from fedi.queries.pins import TagView

__all__ = ["FeaturedTag", "Tag", "featured_tag", "tag"]


class FeaturedTag(TypedDict):
    """A hashtag on somebody's profile."""

    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None


class Tag(TypedDict):
    """A hashtag."""

    id: str
    name: str
    url: str
    history: list[Any]
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


def tag(name: str, settings: Settings, *, featuring: bool = False) -> Tag:
    """Build a hashtag; there is no number for it here, and clients take its name."""
    return {
        "id": name,
        "name": name,
        "url": iris.tag(settings, name),
        "history": [],
        "following": False,
        "featuring": featuring,
    }
