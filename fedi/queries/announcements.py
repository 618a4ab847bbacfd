"""Announcements and rules of this server, as somebody sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from fedi.db import Tx
from fedi.models import Announcement, AnnouncementReaction, AnnouncementRead, Rule

__all__ = ["AnnouncementView", "Counted", "all_of_them", "count_of", "current", "find", "rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An emoji on an announcement: how often, and whether by the viewer too."""

    name: str
    count: int
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """An announcement with what people did with it."""

    row: Announcement
    read: bool = False
    reactions: Sequence[Counted] = field(default_factory=tuple)


async def current(
    tx: Tx, viewer_id: int, *, now: datetime, with_dismissed: bool = False
) -> list[AnnouncementView]:
    """Return the announcements that are out and not over, the newest first."""
    shown = select(Announcement).where(_is_current(now))
    if not with_dismissed:
        shown = shown.where(~_put_away(viewer_id))
    rows = (await tx.execute(shown.order_by(Announcement.id.desc()))).scalars().all()
    return await _views(tx, rows, viewer_id)


async def find(tx: Tx, announcement_id: int, *, now: datetime, viewer_id: int) -> AnnouncementView | None:
    """Find an announcement that is out and not over; `viewer_id` 0 is nobody."""
    shown = select(Announcement).where(Announcement.id == announcement_id, _is_current(now))
    views = await _views(tx, (await tx.execute(shown)).scalars().all(), viewer_id)
    return views[0] if views else None


async def all_of_them(tx: Tx) -> Sequence[Announcement]:
    """Return every announcement, also drafts and those that are over."""
    return (await tx.execute(select(Announcement).order_by(Announcement.id))).scalars().all()


async def count_of(tx: Tx, announcement_id: int, name: str) -> int:
    """Return how many people reacted with an emoji."""
    counted = select(func.count()).where(
        AnnouncementReaction.announcement_id == announcement_id, AnnouncementReaction.name == name
    )
    return (await tx.execute(counted)).scalar_one()


async def rules(tx: Tx) -> Sequence[Rule]:
    """Return the rules of this server in their order."""
    return (await tx.execute(select(Rule).order_by(Rule.position, Rule.id))).scalars().all()


def _is_current(now: datetime) -> ColumnElement[bool]:
    return and_(
        Announcement.published_at <= now, or_(Announcement.ends_at.is_(None), Announcement.ends_at > now)
    )


def _put_away(viewer_id: int) -> ColumnElement[bool]:
    return exists().where(
        AnnouncementRead.announcement_id == Announcement.id, AnnouncementRead.account_id == viewer_id
    )


async def _views(tx: Tx, rows: Sequence[Announcement], viewer_id: int) -> list[AnnouncementView]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    read = select(AnnouncementRead.announcement_id).where(
        AnnouncementRead.account_id == viewer_id, AnnouncementRead.announcement_id.in_(ids)
    )
    is_read = set((await tx.execute(read)).scalars())
    reaction = AnnouncementReaction
    counted = (
        select(
            reaction.announcement_id,
            reaction.name,
            func.count().label("count"),
            func.count().filter(reaction.account_id == viewer_id).label("mine"),
        )
        .where(reaction.announcement_id.in_(ids))
        .group_by(reaction.announcement_id, reaction.name)
        .order_by(func.min(reaction.created_at), reaction.name)
    )
    by_row: dict[int, list[Counted]] = {one: [] for one in ids}
    for found in await tx.execute(counted):
        by_row[found.announcement_id].append(Counted(name=found.name, count=found[2], mine=bool(found.mine)))
    return [AnnouncementView(row=row, read=row.id in is_read, reactions=by_row[row.id]) for row in rows]
