"""QuoteRequest: somebody elsewhere asks to quote a post of somebody here.

The answer goes out at once: Accept with the stamp, or Reject. The quoting post is kept when leave is given,
because the quoted author is told of it.
"""

from activitypub.activities import QuoteRequest
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound import requests
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound import remote
from fedi.queries import posts as find_post
from fedi.services import permitting, quoting

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[QuoteRequest]) -> Effect:
    """Answer a request for leave to quote."""
    activity = received.activity
    post, author = await requests.find_target(ctx, activity)
    requester = await requests.requester_of(ctx, received, post)
    note = await requests.requested_note(ctx, received, post, author, requester)

    async def effect(tx: Tx) -> None:
        if note is None:
            await permitting.answer(ctx, tx, request=activity, requester=requester, author=author, stamp=None)
            return
        if await find_post.is_tombstoned(tx, note.id):
            raise Ignored("it was deleted before it came")
        stamp = await permitting.receive_request(ctx, tx, request=activity, requester=requester, post=post)
        if stamp is None:
            return
        made = await remote.save_note(ctx, tx, author=requester, note=note)
        if made is not None:
            await quoting.receive_grant(ctx, tx, stamp=stamp, quoting=made, quoted=post)

    return effect
