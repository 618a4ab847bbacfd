"""Update: somebody elsewhere changed a post or their profile.

A profile in the activity is only a hint: the actor is fetched anew from where it lives, since its keys and
addresses are nothing that a copy may change. A post is changed when it is known, theirs, and the copy newer.
"""

from activitypub.activities import Update
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers.create import trusted_note
from fedi.inbound.received import Effect, Ignored, Received, nothing
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import receiving

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Update]) -> Effect:
    """Take in the new version of a profile or a post."""
    activity = received.activity
    async with ctx.db.read() as tx:
        author = await find_account.by_iri(tx, activity.actor)
        known = await find_post.by_iri(tx, activity.object_id)
    if author is None:
        raise Ignored("its actor is not known here")
    if activity.object_id == activity.actor:
        await resolve.actor(ctx, activity.actor, fresh=True, budget=received.budget)
        return nothing
    if known is None:
        raise Ignored("no post that is known here, nor their own profile")
    note = await trusted_note(ctx, received)

    async def effect(tx: Tx) -> None:
        if await receiving.update_note(ctx, tx, author=author, note=note) is None:
            raise Ignored("not theirs, or not newer than what is here")

    return effect
