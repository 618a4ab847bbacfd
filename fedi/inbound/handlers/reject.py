"""Reject: somebody elsewhere declines to be followed by somebody here, or no longer agrees to it."""

from activitypub.activities import Reject
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers.accept import find_ours
from fedi.inbound.received import Effect, Received
from fedi.services import following

__all__ = ["handle"]


async def handle(_ctx: Context, received: Received[Reject]) -> Effect:
    """Take the refusal of a Follow of ours; after an Accept it ends the follow."""
    activity = received.activity

    async def effect(tx: Tx) -> None:
        await following.receive_reject(tx, relation=await find_ours(tx, activity))

    return effect
