"""Follow: somebody elsewhere wants to follow somebody here.

The answer goes out at once unless the person here approves followers by hand. A Follow that was taken back
before it arrived (Undo overtook it) is not begun.
"""

from activitypub.activities import Follow
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import following

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Follow]) -> Effect:
    """Take the wish to follow a local account."""
    activity = received.activity
    async with ctx.db.read() as tx:
        target = await find_account.by_iri(tx, activity.object_id)
    if target is None or not target.is_local or target.suspended_at is not None:
        raise Ignored("nobody here has this id")
    follower = await resolve.actor(ctx, activity.actor, budget=received.budget, known=received.actor)
    # Some senders leave the id out; the answer then embeds this one, and they match it by the two actors.
    iri = activity.id or f"{activity.actor}#follows/{target.username}"

    async def effect(tx: Tx) -> None:
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        if target.kind == "Application":  # a server is no person; without an answer its asker would wait
            await following.refuse(ctx, tx, follower=follower, target=target, iri=iri)
            return
        await following.receive_follow(ctx, tx, follower=follower, target=target, iri=iri)

    return effect
