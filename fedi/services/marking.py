"""Remembering how far a person has read."""

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.models import Marker

__all__ = ["TIMELINES", "mark"]

TIMELINES = ("home", "notifications")
"""The timelines that have a marker."""


async def mark(ctx: Context, tx: Tx, *, account_id: int, timeline: str, last_read_id: int) -> None:
    """Set a marker; two devices that do so at once both count, and the later one stays."""
    now = ctx.clock()
    first = insert(tx, Marker).values(
        account_id=account_id, timeline=timeline, last_read_id=last_read_id, version=1, updated_at=now
    )
    again = {"last_read_id": last_read_id, "version": Marker.version + 1, "updated_at": now}
    await tx.execute(
        first.on_conflict_do_update(index_elements=[Marker.account_id, Marker.timeline], set_=again)
    )
