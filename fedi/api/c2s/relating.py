"""Follow, Accept, Reject and Block from a client.

Accept and Reject are about a Follow that came in, by its id or embedded with one. A Reject of who follows
already ends that.

Source: ActivityPub sections 6.5, 6.9, 7.6 and 7.7.
"""

from fedi.api import errors
from fedi.api.c2s.deed import Deed, Effect, here, named, named_account
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Follow, FollowState
from fedi.queries import deeds
from fedi.services import blocking, following

__all__ = ["accept", "block", "follow", "reject"]


async def follow(ctx: Context, deed: Deed) -> Effect:
    """Follow somebody; a second time changes nothing and has the same id."""
    deed.require("write:follows")
    target = await named_account(ctx, deed, named(deed.doc))

    async def effect(tx: Tx, me: Account) -> str:
        relation = await following.follow(ctx, tx, follower=me, target=await here(tx, Account, target))
        return relation.iri

    return effect


async def accept(ctx: Context, deed: Deed) -> Effect:
    """Let somebody follow who asked to."""
    deed.require("write:follows")
    iri = named(deed.doc)

    async def effect(tx: Tx, me: Account) -> str:
        relation = await _asked(tx, me, iri)
        follower = await tx.get_one(Account, relation.account_id)
        since = ctx.ids.next()
        await following.accept_request(ctx, tx, follower=follower, target=me)
        return await deeds.last_sent(tx, account_id=me.id, since=since) or f"{me.iri}#accepts/{since}"

    return effect


async def reject(ctx: Context, deed: Deed) -> Effect:
    """Refuse who asked to follow, or end that somebody does."""
    deed.require("write:follows")
    iri = named(deed.doc)

    async def effect(tx: Tx, me: Account) -> str:
        relation = await _asked(tx, me, iri)
        follower = await tx.get_one(Account, relation.account_id)
        since = ctx.ids.next()
        if relation.state == FollowState.PENDING:
            await following.reject_request(ctx, tx, follower=follower, target=me)
        else:
            await following.remove_follower(ctx, tx, follower=follower, target=me)
        return await deeds.last_sent(tx, account_id=me.id, since=since) or f"{me.iri}#rejects/{since}"

    return effect


async def block(ctx: Context, deed: Deed) -> Effect:
    """Block somebody; a second time changes nothing and has the same id."""
    deed.require("write:blocks")
    target = await named_account(ctx, deed, named(deed.doc))

    async def effect(tx: Tx, me: Account) -> str:
        made = await blocking.block(ctx, tx, account=me, target=await here(tx, Account, target))
        return made.iri

    return effect


async def _asked(tx: Tx, me: Account, iri: str) -> Follow:
    relation = await deeds.wish_to_follow(tx, target_id=me.id, iri=iri)
    if relation is None:
        raise errors.not_found()
    return relation
