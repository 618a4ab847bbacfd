"""What is talked about lately.

Counting reads many rows and anybody may ask, so a count is good for some minutes; whether the viewer may see
a post is asked each time.

Source: Mastodon's documentation, "trends API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.tag import tag
from fedi.api.params import Params
from fedi.api.viewer import find
from fedi.context import Context
from fedi.queries import trends

__all__ = ["statuses", "tags"]

REMEMBERED_S = 300.0
"""How long a count is good enough, in seconds."""


async def tags(request: Request) -> Response:
    """List hashtags that several people use lately."""
    ctx = context.of(request)
    limit, offset = _extent(await params.read(request), default=10, most=20)
    found = (await _tags(ctx))[offset : offset + limit]
    return json_answer([tag(trend.name, ctx.settings, uses=trend.uses) for trend in found])


async def statuses(request: Request) -> Response:
    """List posts that were liked and boosted most lately."""
    ctx = context.of(request)
    limit, offset = _extent(await params.read(request), default=20, most=40)
    ids = await _posts(ctx)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        shown = (await trends.wanted(tx, ids, viewer_id=viewer_id))[offset : offset + limit]
        return json_answer(await rendering.statuses(tx, ctx.settings, viewer_id, shown))


async def _tags(ctx: Context) -> list[trends.Trend]:
    now = ctx.clock()
    known: list[trends.Trend] | None = ctx.memory.figures.get("trending tags", now)
    if known is None:
        async with ctx.db.read() as tx:
            known = await trends.tags(tx, now=now)
        ctx.memory.figures.put("trending tags", known, now=now, ttl_s=REMEMBERED_S)
    return known


async def _posts(ctx: Context) -> list[int]:
    now = ctx.clock()
    known: list[int] | None = ctx.memory.figures.get("trending posts", now)
    if known is None:
        async with ctx.db.read() as tx:
            known = await trends.popular(tx, now=now)
        ctx.memory.figures.put("trending posts", known, now=now, ttl_s=REMEMBERED_S)
    return known


def _extent(given: Params, *, default: int, most: int) -> tuple[int, int]:
    limit, offset = given.number("limit"), given.number("offset")
    if (limit is not None and limit < 1) or (offset is not None and offset < 0):
        raise errors.unprocessable("limit and offset must not be negative")
    return min(limit or default, most), offset or 0
