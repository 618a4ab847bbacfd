"""Threads that are still being fetched: clients are told, and may ask when there is more to show.

Source: Mastodon's documentation, "Asynchronous refreshes" (experimental).
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import require
from fedi.context import Context
from fedi.models import Post
from fedi.services import backfilling

__all__ = ["begin", "show"]

RETRY_S = 5
"""When a client should ask again, in seconds; Mastodon's figure."""


async def begin(ctx: Context, post: Post) -> dict[str, str]:
    """Have the rest of a thread fetched if it is time for that, and return the headers that say so."""
    if backfilling.is_due(post, ctx.clock()):
        async with ctx.db.write() as tx:
            under_way = await backfilling.want(ctx, tx, post=post)
    elif post.replies_fetched_at is None:
        return {}
    else:
        async with ctx.db.read() as tx:
            under_way = await backfilling.is_under_way(tx, post.id)
    return {"Mastodon-Async-Refresh": f'id="{post.id}", retry={RETRY_S}'} if under_way else {}


async def show(request: Request) -> Response:
    """Tell whether a thread is still being fetched."""
    ctx = context.of(request)
    post_id = params.as_identifier(request.path_params["id"])
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        post = await rendering.require_visible(tx, viewer.id, post_id)
        if post.replies_fetched_at is None:
            raise errors.not_found()
        under_way = await backfilling.is_under_way(tx, post.id)
    status = "running" if under_way else "finished"
    return json_answer({"async_refresh": {"id": str(post.id), "status": status, "result_count": None}})
