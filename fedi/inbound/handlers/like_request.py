"""LikeRequest: somebody elsewhere asks to like a post of somebody here.

GoToSocial asks where a post's policy does not allow it to everyone. The answer is given by `requests`, as for
the other two; what is allowed comes by itself afterwards.
"""

from activitypub.activities import LikeRequest
from fedi.context import Context
from fedi.inbound import requests
from fedi.inbound.received import Effect, Received

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[LikeRequest]) -> Effect:
    """Answer a request for leave to like."""
    return await requests.handle(ctx, received)
