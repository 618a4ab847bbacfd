"""The rows of activities that came in: finding one with who signed it, and writing down what became of it.

This runs for everything that comes in, so the statements are built once.
"""

from sqlalchemy import bindparam, select, update

from fedi.db import Id, Tx
from fedi.lean import Asked, Chain, Lean, run_later
from fedi.models import Account, Activity, ActivityState

__all__ = ["close", "find"]

REASON_CHARACTERS_MAX = 300
"""Of a reason that is kept with an activity."""

_WITH_SIGNER = (
    select(Activity, Account)
    .outerjoin(Account, Account.iri == Activity.signer)
    .where(Activity.id == bindparam("activity_id", type_=Id))
)
_LEAN = Lean(lambda _: _WITH_SIGNER)

_CLOSED = (
    update(Activity)
    .where(Activity.id == bindparam("activity_id", type_=Id))
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"))
    .execution_options(synchronize_session=False)
)


def find(activity_id: int) -> Chain[tuple[Activity, Account | None] | None]:
    """Return an activity and its signer's account, which is None when we do not know them."""
    found = yield Asked(_LEAN, {"activity_id": activity_id})
    row = found.read(found.rows[0]) if found.rows else None
    return None if row is None else (row.Activity, row.Account)


async def close(tx: Tx, activity_id: int, state: ActivityState, reason: str | None) -> None:
    """Write down what became of an activity, and why when it came to nothing."""
    told = reason[:REASON_CHARACTERS_MAX] if reason else None
    await run_later(tx, _CLOSED, {"activity_id": activity_id, "new_state": state.value, "new_reason": told})
