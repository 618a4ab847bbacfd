"""Announcements, and the rules of this server.

Source: Mastodon's documentation, "Announcement entity", "Announcement::Account entity", "Reaction entity" and
"Rule entity".
"""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

from fedi import iris
from fedi.api.entities.emoji import CustomEmoji
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account
from fedi.models import Rule as RuleRow
from fedi.queries.announcements import AnnouncementView, Counted
from fedi.text import find_hashtags, sanitise

__all__ = ["Announcement", "Reaction", "Rule", "announcement", "reaction_event", "rule"]


class Reaction(TypedDict):
    """An emoji on an announcement."""

    name: str
    count: int
    me: NotRequired[bool]


class Rule(TypedDict):
    """A rule of this server."""

    id: str
    text: str
    hint: str
    translations: dict[str, Any]


class Announcement(TypedDict):
    """What the operator tells everyone."""

    id: str
    content: str
    starts_at: str | None
    ends_at: str | None
    all_day: bool
    published: bool
    published_at: str | None
    updated_at: str
    read: NotRequired[bool]
    mentions: list[dict[str, str]]
    statuses: list[dict[str, str]]
    tags: list[dict[str, str]]
    emojis: list[CustomEmoji]
    reactions: list[Reaction]


def announcement(
    view: AnnouncementView, settings: Settings, *, mentioned: Sequence[Account] = (), marked: bool = True
) -> Announcement:
    """Build an announcement.

    Args:
        view: it, and what people did with it.
        settings: for addresses.
        mentioned: people whom it names.
        marked: whether somebody asks, whose own reactions and reading are in the view.
    """
    row = view.row
    built: Announcement = {
        "id": str(row.id),
        "content": sanitise(row.content),
        "starts_at": isoformat_ms(row.starts_at) if row.starts_at else None,
        "ends_at": isoformat_ms(row.ends_at) if row.ends_at else None,
        "all_day": row.all_day,
        "published": row.published_at is not None,
        "published_at": isoformat_ms(row.published_at) if row.published_at else None,
        "updated_at": isoformat_ms(row.updated_at),
        "mentions": [
            {"id": str(one.id), "username": one.username, "url": one.url or one.iri, "acct": one.acct}
            for one in mentioned
        ],
        "statuses": [],
        "tags": [{"name": name, "url": iris.tag(settings, name)} for name in find_hashtags(row.text)],
        "emojis": [],
        "reactions": [_reaction(one, marked=marked) for one in view.reactions],
    }
    if marked:
        built["read"] = view.read
    return built


def reaction_event(announcement_id: int, name: str, count: int) -> dict[str, Any]:
    """Build what open streams are told of a reaction."""
    return {"name": name, "count": count, "announcement_id": str(announcement_id)}


def rule(row: RuleRow) -> Rule:
    """Build a rule."""
    return {"id": str(row.id), "text": row.text, "hint": row.hint, "translations": {}}


def _reaction(one: Counted, *, marked: bool) -> Reaction:
    built: Reaction = {"name": one.name, "count": one.count}
    if marked:
        built["me"] = one.mine
    return built
