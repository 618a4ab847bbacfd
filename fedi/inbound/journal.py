"""The rows of activities that came in: finding one with who signed it, and writing down what became of it.

This runs for everything that comes in, so the statements are built once.
"""

from sqlalchemy import Row, bindparam, select, update

from fedi.db import Id, Tx
from fedi.models import Account, Activity, ActivityState

__all__ = ["close", "find"]

REASON_CHARACTERS_MAX = 300
"""Of a reason that is kept with an activity."""

_WITH_SIGNER = (
    select(Activity, Account)
    .outerjoin(Account, Account.iri == Activity.signer)
    .where(Activity.id == bindparam("activity_id", type_=Id))
)

_CLOSED = (
    update(Activity)
    .where(Activity.id == bindparam("activity_id", type_=Id))
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"))
    .execution_options(synchronize_session=False)
)


async def find(tx: Tx, activity_id: int) -> Row[Activity, Account] | None:
    """Return an activity and its signer's account, which is None when we do not know them."""
    return (await tx.execute(_WITH_SIGNER, {"activity_id": activity_id})).first()


async def close(tx: Tx, activity_id: int, state: ActivityState, reason: str | None) -> None:
    """Write down what became of an activity, and why when it came to nothing."""
    told = reason[:REASON_CHARACTERS_MAX] if reason else None
    connection = await tx.connection()  # the session would take the values for rows to update
    await connection.execute(_CLOSED, {"activity_id": activity_id, "new_state": state, "new_reason": told})
