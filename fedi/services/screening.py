"""Deciding whose notifications come at once, and letting in those that wait.

What waits is a notification like any other with a mark on it. Whoever is let in is let in for good, and what
waited of theirs is among the other notifications from then on; whoever is turned away may knock again.

Source: Mastodon's documentation, "notifications API methods", and its `accept_notification_request_service`.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, delete, func, select, true, update

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import (
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationRequest,
    Post,
)
from fedi.queries.screening import DEFAULTS, Level
from fedi.services import conversing

__all__ = ["accept", "ask", "decide", "dismiss"]


async def decide(tx: Tx, *, account_id: int, levels: Mapping[str, str]) -> None:
    """Change what becomes of the notifications of kinds of stranger; those not named stay as they are.

    Raises:
        Refused: 422, for a word that is no level.
    """
    for name, word in levels.items():
        if name not in DEFAULTS or word not in set(Level):
            raise Refused(422, f"Validation failed: {name} must be one of {', '.join(Level)}")
    if not levels:
        return
    made = insert(tx, NotificationPolicy).values(account_id=account_id, **levels)
    changed = made.on_conflict_do_update(index_elements=[NotificationPolicy.account_id], set_=dict(levels))
    # What may be in the session is what was there before.
    await tx.execute(changed.execution_options(populate_existing=True))


async def ask(ctx: Context, tx: Tx, *, account_id: int, from_account_id: int, post_id: int | None) -> None:
    """Ask somebody whether they want to hear of somebody, of whom something waits.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account_id: who is asked.
        from_account_id: of whom something waits.
        post_id: what these said, if that is what waits.
    """
    now = ctx.clock()
    made = insert(tx, NotificationRequest).values(
        id=ctx.ids.next(),
        account_id=account_id,
        from_account_id=from_account_id,
        last_post_id=post_id,
        created_at=now,
        updated_at=now,
    )
    last = func.coalesce(made.excluded.last_post_id, NotificationRequest.last_post_id)
    await tx.execute(
        made.on_conflict_do_update(
            index_elements=[NotificationRequest.account_id, NotificationRequest.from_account_id],
            set_={"last_post_id": last, "updated_at": now},
        )
    )


async def accept(ctx: Context, tx: Tx, *, account_id: int, request_ids: Collection[int]) -> None:
    """Let in those who asked with these requests, and what waited of theirs."""
    people = await _close(tx, account_id, request_ids)
    for person_id in people:
        permission = insert(tx, NotificationPermission).values(
            account_id=account_id, from_account_id=person_id
        )
        await tx.execute(permission.on_conflict_do_nothing())
    if not people:
        return
    waiting = _waiting(account_id, people)
    messages = await tx.execute(
        select(func.max(Post.id))
        .join(Notification, Notification.post_id == Post.id)
        .where(*waiting, Notification.kind == "mention", Post.visibility == "direct")
        .group_by(func.coalesce(Post.conversation, Post.iri))
    )
    newest = sorted(messages.scalars())
    await tx.execute(update(Notification).where(*waiting).values(filtered=False))
    for post_id in newest:
        post = await tx.get_one(Post, post_id)
        await conversing.arrived(ctx, tx, post=post, people=[account_id])
    await publish(tx, EventKind.NOTIFICATIONS_MERGED, now=ctx.clock(), account_id=account_id)


async def dismiss(tx: Tx, *, account_id: int, request_ids: Collection[int]) -> None:
    """Turn those away who asked with these requests, with what waited of theirs."""
    people = await _close(tx, account_id, request_ids)
    await tx.execute(delete(Notification).where(*_waiting(account_id, people)))


async def _close(tx: Tx, account_id: int, request_ids: Collection[int]) -> list[int]:
    """Take requests away and return of whom they were."""
    mine = (NotificationRequest.account_id == account_id, NotificationRequest.id.in_(request_ids))
    gone = await tx.execute(
        delete(NotificationRequest).where(*mine).returning(NotificationRequest.from_account_id)
    )
    return sorted(gone.scalars())


def _waiting(account_id: int, people: Collection[int]) -> tuple[ColumnElement[bool], ...]:
    owner, waits = Notification.account_id == account_id, Notification.filtered == true()
    return owner, Notification.from_account_id.in_(people), waits
