"""Delete: somebody elsewhere withdrew a post or a leave to quote, or is gone altogether.

Only what lives on the actor's own server can be withdrawn, and only by whom it belongs to. What has not come
yet is remembered as deleted, because messages overtake one another.
"""

from activitypub.activities import Delete
from activitypub.errors import ForbiddenError
from activitypub.origin import require_same_origin
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.queries import accounts as find_account
from fedi.services import quoting, receiving

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Delete]) -> Effect:
    """Delete a post or an account."""
    activity = received.activity
    require_same_origin(activity.actor, activity.object_id)

    async def effect(tx: Tx) -> None:
        if activity.object_id == activity.actor:
            account = await find_account.by_iri(tx, activity.actor)
            if account is None:
                raise Ignored("the account is not known here")
            await receiving.delete_actor(ctx, tx, account=account)
        elif await find_account.by_iri(tx, activity.object_id) is not None:
            raise ForbiddenError("an account is deleted by itself", iri=activity.object_id)
        elif await quoting.receive_revocation(ctx, tx, iri=activity.object_id, actor_iri=activity.actor):
            await receiving.bury(ctx, tx, activity.object_id)
        elif not await receiving.delete_note(ctx, tx, actor_iri=activity.actor, iri=activity.object_id):
            raise ForbiddenError("the post belongs to somebody else", iri=activity.object_id)

    return effect
