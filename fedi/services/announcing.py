"""Announcements: what the operator tells everyone here; and the rules of the place.

Whoever reads an announcement may put it away and react to it with an emoji. Open streams hear of each change
in the transaction that makes it.

Source: Mastodon's documentation, "announcements API methods" and "Rule entity".
"""

from datetime import datetime

from sqlalchemy import delete, distinct, func, select

from fedi import text
from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Announcement, AnnouncementReaction, AnnouncementRead, Rule
from fedi.services import auditing, reacting, wording

__all__ = ["add_rule", "announce", "change", "dismiss", "react", "remove", "remove_rule", "unreact"]

TEXT_CHARACTERS_MAX = 5000
"""Of an announcement; longer ones nobody reads."""

REACTIONS_MAX = 8
"""Different emoji on one announcement; Mastodon's figure, which clients lay out."""

RULE_CHARACTERS_MAX = 300
"""Of a rule; Mastodon's figure."""


async def announce(
    ctx: Context,
    tx: Tx,
    *,
    said: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    all_day: bool = False,
    by: Account | None = None,
) -> Announcement:
    """Tell everyone here something, at once.

    Args:
        ctx: the context.
        tx: a writing transaction.
        said: as typed, with links, handles and hashtags.
        starts_at: when what it is about begins.
        ends_at: when that is over; it is shown no longer then.
        all_day: the two are days, without their times.
        by: who tells it; None for the command line.

    Raises:
        Refused: 422, when it is empty or too long, or ends before it begins.
    """
    now = ctx.clock()
    row = Announcement(
        id=ctx.ids.next(),
        text="",
        content="",
        published_at=now,
        created_at=now,
        updated_at=now,
    )
    await _fill(ctx, tx, row, said, starts_at=starts_at, ends_at=ends_at, all_day=all_day)
    tx.add(row)
    await tx.flush()
    await auditing.record(ctx, tx, action="announcement.add", target=str(row.id), by=by)
    await publish(tx, EventKind.ANNOUNCEMENT, now=now, subject_id=row.id)
    return row


async def change(
    ctx: Context,
    tx: Tx,
    *,
    row: Announcement,
    said: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    all_day: bool = False,
    by: Account | None = None,
) -> None:
    """Change what everyone was told; as `announce`."""
    await _fill(ctx, tx, row, said, starts_at=starts_at, ends_at=ends_at, all_day=all_day)
    row.updated_at = ctx.clock()
    await tx.flush()
    await auditing.record(ctx, tx, action="announcement.change", target=str(row.id), by=by)
    await publish(tx, EventKind.ANNOUNCEMENT, now=ctx.clock(), subject_id=row.id)


async def remove(ctx: Context, tx: Tx, *, announcement_id: int, by: Account | None = None) -> None:
    """Take an announcement away.

    Raises:
        Refused: 404, when there is none.
    """
    row = await tx.get(Announcement, announcement_id)
    if row is None:
        raise Refused(404, f"There is no announcement {announcement_id}.")
    await tx.delete(row)
    await tx.flush()
    await auditing.record(ctx, tx, action="announcement.remove", target=str(announcement_id), by=by)
    await publish(tx, EventKind.ANNOUNCEMENT_DELETE, now=ctx.clock(), subject_id=announcement_id)


async def dismiss(tx: Tx, *, account: Account, announcement_id: int) -> None:
    """Put an announcement away, for one person; a second time changes nothing."""
    made = insert(tx, AnnouncementRead).values(announcement_id=announcement_id, account_id=account.id)
    key = [AnnouncementRead.announcement_id, AnnouncementRead.account_id]
    await tx.execute(made.on_conflict_do_nothing(index_elements=key))


async def react(ctx: Context, tx: Tx, *, account: Account, announcement_id: int, name: str) -> None:
    """React to an announcement with an emoji; a second time changes nothing.

    Raises:
        Refused: 422, when it is no emoji, or one kind too many.
    """
    emoji = reacting.one_emoji(name)
    if emoji is None:
        raise Refused(422, "Validation failed: Name is not a recognized emoji")
    # Held, so that two requests at once do not both find room for one more.
    await tx.execute(select(Announcement.id).where(Announcement.id == announcement_id).with_for_update())
    others = select(func.count(distinct(AnnouncementReaction.name))).where(
        AnnouncementReaction.announcement_id == announcement_id, AnnouncementReaction.name != emoji
    )
    if (await tx.execute(others)).scalar_one() >= REACTIONS_MAX:
        raise Refused(422, "Validation failed: Limit of different reactions reached")
    made = insert(tx, AnnouncementReaction).values(
        announcement_id=announcement_id, account_id=account.id, name=emoji, created_at=ctx.clock()
    )
    key = [
        AnnouncementReaction.announcement_id,
        AnnouncementReaction.account_id,
        AnnouncementReaction.name,
    ]
    await tx.execute(made.on_conflict_do_nothing(index_elements=key))
    await _tell_of_reaction(ctx, tx, announcement_id, emoji)


async def unreact(ctx: Context, tx: Tx, *, account: Account, announcement_id: int, name: str) -> None:
    """Take a reaction back; nothing happens when there was none."""
    emoji = reacting.one_emoji(name) or name
    mine = (
        AnnouncementReaction.announcement_id == announcement_id,
        AnnouncementReaction.account_id == account.id,
        AnnouncementReaction.name == emoji,
    )
    gone = await tx.execute(delete(AnnouncementReaction).where(*mine).returning(AnnouncementReaction.name))
    if gone.first() is not None:
        await _tell_of_reaction(ctx, tx, announcement_id, emoji)


async def add_rule(ctx: Context, tx: Tx, *, said: str, hint: str = "", by: Account | None = None) -> Rule:
    """Add a rule of this server after the others.

    Raises:
        Refused: 422, when it is empty or too long.
    """
    said, hint = text.clean_name(said), text.clean_name(hint)
    if not said or max(len(said), len(hint)) > RULE_CHARACTERS_MAX:
        raise Refused(422, f"A rule has 1 to {RULE_CHARACTERS_MAX} characters, and so has its hint at most.")
    last = (await tx.execute(select(func.max(Rule.position)))).scalar_one()
    row = Rule(id=ctx.ids.next(), text=said, hint=hint, position=(last or 0) + 1)
    tx.add(row)
    await tx.flush()
    await auditing.record(ctx, tx, action="rule.add", target=said, by=by)
    return row


async def remove_rule(ctx: Context, tx: Tx, *, rule_id: int, by: Account | None = None) -> None:
    """Take a rule away.

    Raises:
        Refused: 404, when there is none.
    """
    row = await tx.get(Rule, rule_id)
    if row is None:
        raise Refused(404, f"There is no rule {rule_id}.")
    await tx.delete(row)
    await tx.flush()
    await auditing.record(ctx, tx, action="rule.remove", target=row.text, by=by)


async def _fill(
    ctx: Context,
    tx: Tx,
    row: Announcement,
    said: str,
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    all_day: bool,
) -> None:
    said = said.strip()
    if not said or len(said) > TEXT_CHARACTERS_MAX:
        raise Refused(422, f"An announcement has 1 to {TEXT_CHARACTERS_MAX} characters.")
    if ends_at is not None and ends_at < (starts_at or ctx.clock()):
        raise Refused(422, "An announcement cannot end before it begins.")
    row.text, row.starts_at, row.ends_at, row.all_day = said, starts_at, ends_at, all_day
    row.content = wording.render(ctx, said, await wording.mentioned(ctx, tx, said))


async def _tell_of_reaction(ctx: Context, tx: Tx, announcement_id: int, name: str) -> None:
    await publish(
        tx,
        EventKind.ANNOUNCEMENT_REACTION,
        now=ctx.clock(),
        subject_id=announcement_id,
        detail={"name": name},
    )
