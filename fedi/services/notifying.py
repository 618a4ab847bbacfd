"""Telling local people what happened to them.

A notification has a key made of its cause, so that a repeated cause (a delivery that came twice, a follow
taken back and made again) tells once. Nobody is told of what they did themselves, nor of what somebody does
whom they block or mute, and people of other servers are told by their servers. What this server itself has to
say, nobody can shut out.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.models import Login, Notification, NotificationRequest, Role
from fedi.queries.notifications import GROUPED, OFFICIAL, key_is
from fedi.queries.screening import Level, verdict
from fedi.services import screening
from fedi.services.alerting import alert

__all__ = ["clear", "dismiss", "dismiss_group", "notify", "retract", "tell_staff"]

GROUP_SPAN_H = 12
"""How many hours of favours, boosts or follows are shown as one, at most."""

HOUR_S = 3600


async def notify(
    ctx: Context,
    tx: Tx,
    *,
    account_id: int,
    from_account_id: int,
    kind: str,
    post_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Tell a local person that somebody did something.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account_id: who is told; nothing happens when they live elsewhere, or want to hear nothing.
        from_account_id: who did it.
        kind: Mastodon's word for it: mention, reblog, follow, follow_request, favourite …
        post_id: the post it is about.
        detail: what else it is about, such as `{"report": id}`: another detail is another cause.
    """
    now, waits = ctx.clock(), False
    if kind not in OFFICIAL:
        if account_id == from_account_id and kind != "poll":  # the end of one's own poll is news
            return
        level = await verdict(
            tx, account_id=account_id, doer_id=from_account_id, kind=kind, post_id=post_id, now=now
        )
        if level == Level.DROP:
            return
        waits = level == Level.FILTER
    made = await tx.execute(
        insert(tx, Notification)
        .values(
            id=ctx.ids.next(),
            account_id=account_id,
            from_account_id=from_account_id,
            kind=kind,
            post_id=post_id,
            key=_key(account_id, from_account_id, kind, post_id, detail),
            group_key=await _group_key(tx, account_id, kind, post_id, now),
            filtered=waits,
            detail=dict(detail) if detail is not None else None,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Notification.key])
        .returning(Notification.id)
    )
    notification_id = made.scalar()
    if notification_id is None:
        return
    if waits:  # and no device hears of it
        theirs = post_id if kind in {"mention", "quote"} else None
        await screening.ask(ctx, tx, account_id=account_id, from_account_id=from_account_id, post_id=theirs)
    else:
        await alert(ctx, tx, account_id=account_id, notification_id=notification_id)


async def _group_key(tx: Tx, account_id: int, kind: str, post_id: int | None, now: datetime) -> str | None:
    """Return what a notification is shown together with: what came of its kind within half a day."""
    if kind not in GROUPED:
        return None
    prefix = kind if post_id is None else f"{kind}-{post_id}"
    hour = int(now.timestamp()) // HOUR_S
    begun = [f"{prefix}-{hour - ago}" for ago in range(GROUP_SPAN_H)]
    found = await tx.execute(
        select(func.max(Notification.group_key)).where(
            Notification.account_id == account_id, Notification.group_key.in_(begun)
        )
    )
    return found.scalar() or begun[0]


async def tell_staff(
    ctx: Context, tx: Tx, *, kind: str, about_id: int, detail: Mapping[str, Any] | None = None
) -> None:
    """Tell all moderators and administrators that something waits for them.

    Args:
        ctx: the context.
        tx: a writing transaction.
        kind: `admin.sign_up` or `admin.report`.
        about_id: whoever signed up, or complained.
        detail: as in `notify`.
    """
    staff = select(Login.account_id).where(Login.role.in_((Role.MODERATOR, Role.ADMIN)))
    for account_id in (await tx.execute(staff.order_by(Login.account_id))).scalars().all():
        await notify(ctx, tx, account_id=account_id, from_account_id=about_id, kind=kind, detail=detail)


async def retract(
    tx: Tx, *, account_id: int, from_account_id: int, kind: str, post_id: int | None = None
) -> None:
    """Take a notification back, because its cause was taken back."""
    key = _key(account_id, from_account_id, kind, post_id)
    await tx.execute(delete(Notification).where(Notification.key == key))


async def clear(tx: Tx, *, account_id: int) -> None:
    """Put all notifications of a person away, those that wait to be let in as well."""
    await tx.execute(delete(Notification).where(Notification.account_id == account_id))
    await tx.execute(delete(NotificationRequest).where(NotificationRequest.account_id == account_id))


async def dismiss(tx: Tx, *, account_id: int, notification_ids: Collection[int]) -> None:
    """Put some notifications of a person away."""
    await tx.execute(
        delete(Notification).where(
            Notification.id.in_(notification_ids), Notification.account_id == account_id
        )
    )


async def dismiss_group(tx: Tx, *, account_id: int, group_key: str) -> None:
    """Put away what is shown to a person as one."""
    await tx.execute(delete(Notification).where(Notification.account_id == account_id, key_is(group_key)))


def _key(
    account_id: int,
    from_account_id: int,
    kind: str,
    post_id: int | None,
    detail: Mapping[str, Any] | None = None,
) -> str:
    cause = f"{kind}:{account_id}:{from_account_id}:{post_id or ''}"
    return ":".join([cause, *(str(value) for value in (detail or {}).values())])
