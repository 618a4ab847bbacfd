"""One's own profile as its owner typed it, for the forms in which clients change it.

Other than in an account, a picture that was never chosen is null here, and texts are not HTML.

Source: Mastodon's documentation, "Profile entity".
"""

from collections.abc import Sequence
from typing import TypedDict

from fedi import iris
from fedi.api.entities.account import Field, typed_field
from fedi.api.entities.tag import FeaturedTag, featured_tag
from fedi.config import Settings
from fedi.models import Account
from fedi.queries.pins import TagView

__all__ = ["Profile", "profile"]


class Profile(TypedDict):
    """A profile."""

    id: str
    display_name: str
    note: str
    fields: list[Field]
    avatar: str | None
    avatar_static: str | None
    avatar_description: str
    header: str | None
    header_static: str | None
    header_description: str
    locked: bool
    bot: bool
    hide_collections: bool
    discoverable: bool
    indexable: bool
    show_media: bool
    show_media_replies: bool
    show_featured: bool
    attribution_domains: list[str]
    featured_tags: list[FeaturedTag]


def profile(row: Account, settings: Settings, *, featured: Sequence[TagView]) -> Profile:
    """Build the profile of somebody here, with the hashtags on it."""
    avatar = iris.media(settings, row.avatar_key) if row.avatar_key else None
    header = iris.media(settings, row.header_key) if row.header_key else None
    return {
        "id": str(row.id),
        "display_name": row.display_name,
        "note": row.note_source,
        "fields": [typed_field(stored) for stored in row.fields],
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": row.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": row.header_description,
        "locked": row.locked,
        "bot": row.is_bot,
        "hide_collections": row.hides_collections,
        "discoverable": row.discoverable,
        "indexable": row.indexable,
        "show_media": row.shows_media,
        "show_media_replies": row.shows_media_replies,
        "show_featured": row.shows_featured,
        "attribution_domains": row.attribution_domains,
        "featured_tags": [featured_tag(view, settings) for view in featured],
    }
