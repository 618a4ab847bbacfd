"""Telling local people what happened to them.

A notification has a key made of its cause, so that a repeated cause (a delivery that came twice, a follow
taken back and made again) tells once. Nobody is told of what they did themselves, nor of what somebody does
whom they block or mute, and people of other servers are told by their servers. What this server itself has to
say, nobody can shut out.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.models import Login, Notification, Role
from fedi.queries.visibility import is_told
from fedi.services.alerting import alert

__all__ = ["clear", "dismiss", "notify", "retract", "tell_staff"]


OFFICIAL = frozenset({"admin.report", "admin.sign_up", "moderation_warning", "severed_relationships"})
"""What is told about oneself, or to moderators, whomever they block."""


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
    if kind not in OFFICIAL:
        if account_id == from_account_id and kind != "poll":  # the end of one's own poll is news
            return
        if not await is_told(tx, account_id, from_account_id):
            return
    made = await tx.execute(
        insert(tx, Notification)
        .values(
            id=ctx.ids.next(),
            account_id=account_id,
            from_account_id=from_account_id,
            kind=kind,
            post_id=post_id,
            key=_key(account_id, from_account_id, kind, post_id, detail),
            detail=dict(detail) if detail is not None else None,
            created_at=ctx.clock(),
        )
        .on_conflict_do_nothing(index_elements=[Notification.key])
        .returning(Notification.id)
    )
    notification_id = made.scalar()
    if notification_id is not None:
        await alert(ctx, tx, account_id=account_id, notification_id=notification_id)


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
    """Put all notifications of a person away."""
    await tx.execute(delete(Notification).where(Notification.account_id == account_id))


async def dismiss(tx: Tx, *, account_id: int, notification_id: int) -> None:
    """Put one notification of a person away."""
    await tx.execute(
        delete(Notification).where(Notification.id == notification_id, Notification.account_id == account_id)
    )


def _key(
    account_id: int,
    from_account_id: int,
    kind: str,
    post_id: int | None,
    detail: Mapping[str, Any] | None = None,
) -> str:
    cause = f"{kind}:{account_id}:{from_account_id}:{post_id or ''}"
    return ":".join([cause, *(str(value) for value in (detail or {}).values())])
