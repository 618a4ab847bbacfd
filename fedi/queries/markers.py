"""How far a person has read: the marker of each timeline."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Marker

__all__ = ["of_account"]


async def of_account(tx: Tx, account_id: int, timelines: Collection[str]) -> Sequence[Marker]:
    """Return a person's markers of these timelines; there is none where nothing was read yet."""
    statement = select(Marker).where(Marker.account_id == account_id, Marker.timeline.in_(timelines))
    return (await tx.execute(statement)).scalars().all()
