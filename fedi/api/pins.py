"""Posts that somebody shows first on their profile.

Source: Mastodon's documentation, "Pin status to profile".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import admit
from fedi.services import pinning

__all__ = ["pin", "unpin"]

Verb = Callable[..., Awaitable[None]]


async def pin(request: Request) -> Response:
    """Show a post of the viewer's first on their profile."""
    return await _do(request, pinning.pin)


async def unpin(request: Request) -> Response:
    """Show it first no longer."""
    return await _do(request, pinning.unpin)


async def _do(request: Request, verb: Verb) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        identifier = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer.id, identifier)
        post_id = post.id
        await verb(ctx, tx, account=me, post=post)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))
