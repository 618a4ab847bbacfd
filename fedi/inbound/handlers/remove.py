"""Remove: somebody elsewhere shows a post or a hashtag first on their profile no longer."""

from activitypub.activities import Remove
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers.add import Shelf, owner_and_shelf, tag_name
from fedi.inbound.received import Effect, Ignored, Received
from fedi.queries import posts as find_post
from fedi.services import featuring, pinning

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Remove]) -> Effect:
    """Take a pin or a featured hashtag away."""
    activity = received.activity
    account, shelf = await owner_and_shelf(ctx, activity)
    if shelf is Shelf.TAGS:
        name = tag_name(activity)

        async def unfeature(tx: Tx) -> None:
            await featuring.receive_unfeature(tx, account=account, name=name)

        return unfeature

    async def unpin(tx: Tx) -> None:
        post = await find_post.by_iri(tx, activity.object_id)
        if post is None or not await pinning.receive_unpin(tx, account=account, post=post):
            raise Ignored("it was not pinned")

    return unpin
