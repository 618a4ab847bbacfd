"""Threads of which somebody wants to hear no more.

Source: Mastodon's documentation, "statuses API methods": mute and unmute a conversation.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import admit
from fedi.services import muting

__all__ = ["mute", "unmute"]

Verb = Callable[..., Awaitable[None]]


async def mute(request: Request) -> Response:
    """Stop the notifications of a thread, and answer with the post."""
    return await _do(request, muting.mute_thread)


async def unmute(request: Request) -> Response:
    """Have them again, and answer with the post."""
    return await _do(request, muting.unmute_thread)


async def _do(request: Request, verb: Verb) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:mutes")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        post = await rendering.require_visible(tx, me.id, params.as_identifier(request.path_params["id"]))
        if post.reblog_of_id is not None:  # the thread of the boosted post is meant
            post = await rendering.require_visible(tx, me.id, post.reblog_of_id)
        post_id = post.id
        await verb(ctx, tx, account=me, post=post)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))
