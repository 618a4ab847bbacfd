"""Like: somebody elsewhere favours a post of somebody here.

Favours of other servers' posts are their business. Who may not see a post cannot favour it, and is told
nothing that they could not know.
"""

from activitypub.activities import Like
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers import emoji_react
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound import resolve
from fedi.outbound.remote import require_storable
from fedi.queries import posts as find_post
from fedi.queries.visibility import can_see
from fedi.services import interacting

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Like]) -> Effect:
    """Take a favour of a local post; with an emoji it is a reaction (Misskey)."""
    activity = received.activity
    if activity.content:
        return await emoji_react.handle(ctx, received)
    iri = activity.id or f"{activity.actor}#likes/{activity.object_id}"
    require_storable(iri)
    async with ctx.db.read() as tx:
        post = await find_post.by_iri(tx, activity.object_id)
    if post is None or not post.local:
        raise Ignored("no post of ours")
    account = await resolve.actor(ctx, activity.actor, budget=received.budget, known=received.actor)

    async def effect(tx: Tx) -> None:
        if not await can_see(tx, account.id, post):
            raise Ignored("no post of ours that they can see")
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        await interacting.receive_like(ctx, tx, account=account, post=post, iri=iri)

    return effect
