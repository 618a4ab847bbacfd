"""Reject: somebody elsewhere declines to be followed or quoted by somebody here, or no longer agrees."""

from activitypub.activities import Reject
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers.accept import find_ours, find_quote
from fedi.inbound.received import Effect, Received
from fedi.models import Post
from fedi.services import following, quoting

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Reject]) -> Effect:
    """Take the refusal of a Follow or a QuoteRequest of ours; after an Accept it ends what was agreed."""
    activity = received.activity
    if (post := await find_quote(ctx, activity)) is not None:
        post_id = post.id

        async def end_quote(tx: Tx) -> None:
            if (held := await tx.get(Post, post_id)) is not None:
                await quoting.receive_reject(ctx, tx, post=held)

        return end_quote

    async def effect(tx: Tx) -> None:
        await following.receive_reject(tx, relation=await find_ours(tx, activity))

    return effect
