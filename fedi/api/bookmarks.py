"""Posts that somebody wants to find again.

Source: Mastodon's documentation, "bookmarks API methods" and "statuses API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import admit, require
from fedi.queries import doers
from fedi.services import bookmarking

__all__ = ["bookmark", "index", "unbookmark"]

Verb = Callable[..., Awaitable[None]]


async def index(request: Request) -> Response:
    """Show what the viewer bookmarked, last first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:bookmarks")
        found = await doers.bookmarked(tx, viewer.id, page)
        built = await rendering.statuses(tx, ctx.settings, viewer.id, [post_id for _, post_id in found.rows])
    return json_answer(built, headers=paging.links(request, [key for key, _ in found.rows], more=found.more))


async def bookmark(request: Request) -> Response:
    """Bookmark a post."""
    return await _do(request, bookmarking.bookmark)


async def unbookmark(request: Request) -> Response:
    """Bookmark it no longer."""
    return await _do(request, bookmarking.unbookmark)


async def _do(request: Request, verb: Verb) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:bookmarks")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        post = await rendering.require_visible(tx, me.id, params.as_identifier(request.path_params["id"]))
        if post.reblog_of_id is not None:  # the boosted post is meant
            post = await rendering.require_visible(tx, me.id, post.reblog_of_id)
        post_id = post.id
        await verb(ctx, tx, account=me, post=post)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))
