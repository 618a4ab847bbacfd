"""Block: somebody elsewhere wants nothing to do with somebody here.

From then on the two do not see each other, and no follow is left between them. The person here is not told.
"""

from sqlalchemy import select

from activitypub.activities import Block
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account
from fedi.models import Block as Relation
from fedi.outbound import resolve
from fedi.outbound.remote import require_storable
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import blocking

__all__ = ["handle", "take_back"]


async def handle(ctx: Context, received: Received[Block]) -> Effect:
    """Take it that somebody here is blocked."""
    activity = received.activity
    async with ctx.db.read() as tx:
        target = await find_account.by_iri(tx, activity.object_id)
    if target is None or not target.is_local or target.kind == "Application":
        raise Ignored("nobody here has this id")
    # Without an id an Undo finds the block by the two people.
    iri = activity.id or f"{activity.actor}#blocks/{target.username}"
    require_storable(iri)
    account = await resolve.actor(ctx, activity.actor, budget=received.budget, known=received.actor)

    async def effect(tx: Tx) -> None:
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        await blocking.receive_block(ctx, tx, account=account, target=target, iri=iri)

    return effect


async def take_back(tx: Tx, actor: Account, iri: str | None, inner: object) -> bool:
    """End a block by this actor: the one that an Undo names, or whose embedded copy names the person here."""
    theirs = select(Relation).join(Account, Account.id == Relation.target_id)
    theirs = theirs.where(Relation.account_id == actor.id)
    made = (await tx.execute(theirs.where(Relation.iri == iri))).scalars().first() if iri else None
    if made is None and isinstance(inner, Block):
        made = (await tx.execute(theirs.where(Account.iri == inner.object_id))).scalars().first()
    if made is None:
        return False
    await blocking.receive_undo_block(tx, made=made)
    return True
