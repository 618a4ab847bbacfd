"""Telling devices of a notification: open streams at once, the others by web push.

Both look it up themselves when they come to it, so what was taken back meanwhile is told to nobody.
"""

from sqlalchemy import bindparam, select

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Id, Tx
from fedi.jobs import queue
from fedi.models import PushSubscription

__all__ = ["alert"]

_DEVICES = (
    select(PushSubscription.id, PushSubscription.endpoint)
    .where(PushSubscription.account_id == bindparam("account", type_=Id))
    .order_by(PushSubscription.id)
)


async def alert(ctx: Context, tx: Tx, *, account_id: int, notification_id: int) -> None:
    """Tell somebody's devices of a notification that was just written."""
    now = ctx.clock()
    await publish(tx, EventKind.NOTIFICATION, now=now, account_id=account_id, subject_id=notification_id)
    devices = (await tx.execute(_DEVICES, {"account": account_id})).all()
    jobs = [
        queue.NewJob(
            queue="deliver",
            kind="push",
            payload={"subscription_id": device.id, "notification_id": notification_id},
            host=host_of(device.endpoint),
        )
        for device in devices
    ]
    await queue.enqueue(tx, ctx.wake, jobs, now=now)


def host_of(endpoint: str) -> str:
    """Return the server of a push endpoint, which gets so many messages at once and no more."""
    return endpoint.split("/")[2]
