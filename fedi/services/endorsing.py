"""Endorsing: people whom somebody shows on their profile. Only whom one follows can be shown.

Source: Mastodon's documentation, "accounts API methods: endorse".
"""

from sqlalchemy import delete, func, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Endorsement, FollowState
from fedi.services import following

__all__ = ["endorse", "unendorse"]

ENDORSED_MAX = 500
"""People on one profile: nobody looks at more."""


async def endorse(ctx: Context, tx: Tx, *, account: Account, target: Account) -> None:
    """Show somebody on one's profile; a second time changes nothing.

    Raises:
        Refused: 422, when they are not followed, or there are too many.
    """
    relation = await following.find(tx, follower=account, target=target)
    if relation is None or relation.state != FollowState.ACCEPTED:
        raise Refused(422, "Validation failed: You must be already following the person you want to endorse")
    counted = select(func.count()).select_from(Endorsement).where(Endorsement.account_id == account.id)
    if (await tx.execute(counted)).scalar_one() >= ENDORSED_MAX:
        raise Refused(422, f"Validation failed: You can endorse {ENDORSED_MAX} people at most")
    made = insert(tx, Endorsement).values(
        id=ctx.ids.next(), account_id=account.id, target_id=target.id, created_at=ctx.clock()
    )
    keys = [Endorsement.account_id, Endorsement.target_id]
    await tx.execute(made.on_conflict_do_nothing(index_elements=keys))


async def unendorse(_ctx: Context, tx: Tx, *, account: Account, target: Account) -> None:
    """Show somebody no longer; nothing happens when they were not shown."""
    mine = (Endorsement.account_id == account.id, Endorsement.target_id == target.id)
    await tx.execute(delete(Endorsement).where(*mine))
