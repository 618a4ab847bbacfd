"""Sending an activity: rendered once, written with what it announces.

`record` runs in the transaction that made the post (the follow, the deletion …), so either both are
committed or neither. It writes one row and one job, whatever the number of followers; the job is expanded
into deliveries later (`audience`). A proof (`proofs`) is part of the document and made here; the signature
of a request is made when the bytes are sent.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.models import Account, Activity, ActivityState, Direction
from fedi.outbound import proofs, reach

__all__ = ["Audience", "Outgoing", "record"]


class Outgoing(Protocol):
    """An activity of `activitypub.activities`."""

    @property
    def id(self) -> str | None:
        """Its IRI."""

    def to_json(self) -> dict[str, Any]:
        """Its document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who gets an activity. Local accounts in it are passed over: they have it already."""

    followers_of: int | None = None
    """Everyone who follows this account."""
    account_ids: tuple[int, ...] = ()
    inboxes: tuple[str, ...] = ()


async def record(
    ctx: Context, tx: Tx, *, sender: Account, activity: Outgoing, audience: Audience, order_on: str
) -> None:
    """Write an outgoing activity and its fan-out into the caller's transaction.

    Args:
        ctx: the context.
        tx: the caller's transaction.
        sender: the local account whose key will sign it.
        activity: what to say.
        audience: to whom.
        order_on: IRI of the object whose activities reach each inbox in the order of their making, and under
            which it is remembered where it went.
    """
    assert sender.private_key_pem is not None, "only local accounts send"
    document = proofs.prove(ctx, sender, activity.to_json())
    row = Activity(
        id=ctx.ids.next(),
        direction=Direction.OUT,
        iri=str(document["id"]),
        kind=str(document["type"]),
        account_id=sender.id,
        raw=msgspec.json.encode(document),
        state=ActivityState.DONE,
        created_at=ctx.clock(),
    )
    tx.add(row)
    await tx.flush()
    fanout = queue.NewJob(
        queue="deliver",
        kind="fanout",
        payload={
            "activity_id": row.id,
            "followers_of": audience.followers_of,
            "account_ids": list(audience.account_ids),
            "inboxes": list(audience.inboxes),
            "order_on": order_on,
            "reach": reach.role(document),
        },
        order_key=order_on,
    )
    await queue.enqueue(tx, ctx.wake, [fanout], now=ctx.clock())
