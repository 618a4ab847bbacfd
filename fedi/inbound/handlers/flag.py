"""Flag: another server reports somebody here.

Any actor may say it: Mastodon and we let the server's own do so, others the person who complains. It is
about accounts and posts of this server only; what else it names is passed over. Nobody but a moderator will
see it, and the sender learns nothing but that it arrived.
"""

from activitypub.activities import Flag
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound.remote import require_storable
from fedi.services import reporting

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Flag]) -> Effect:
    """Put a report into the queue."""
    activity = received.activity
    require_storable(activity.id or "")

    async def effect(tx: Tx) -> None:
        try:
            about = await reporting.receive(
                ctx,
                tx,
                actor_iri=activity.actor,
                iri=activity.id,
                object_ids=activity.object_ids,
                comment=activity.content,
            )
        except Refused as refusal:
            raise Ignored(str(refusal)) from refusal
        if not about:
            raise Ignored("it is about nobody here")

    return effect
