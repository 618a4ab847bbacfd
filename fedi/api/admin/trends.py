"""What is talked about lately, as moderators look at it.

Mastodon shows a trend to everyone only when a moderator lets it; here nothing waits for that, because a
trend needs several people who let themselves be discovered. So approving and rejecting answer with the thing
as it is, and links, which never trend here, are not there.

Source: Mastodon's documentation, "admin/trends API methods" and "Admin::Tag".
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.tag import tag
from fedi.api.viewer import require_staff
from fedi.config import Settings
from fedi.queries import trends
from fedi.queries.trends import Trend

__all__ = ["links", "review_link", "review_status", "review_tag", "show_tag", "statuses", "tags"]

SHOWN_MAX = 20
"""Trends that are listed."""

TAG_CHARACTERS_MAX = 200
"""Of a hashtag that is asked for."""

READ, WRITE = "admin:read", "admin:write"


async def tags(request: Request) -> Response:
    """List hashtags that several people use lately."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        found = await trends.tags(tx, now=ctx.clock())
    return json_answer([_tag(trend, ctx.settings) for trend in found[:SHOWN_MAX]])


async def statuses(request: Request) -> Response:
    """List posts that were liked and boosted most lately."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require_staff(request, tx, READ)
        ids = await trends.wanted(tx, await trends.popular(tx, now=ctx.clock()), viewer_id=viewer.id)
        return json_answer(await rendering.statuses(tx, ctx.settings, viewer.id, ids[:SHOWN_MAX]))


async def links(request: Request) -> Response:
    """List no links: none trend here."""
    async with context.of(request).db.read() as tx:
        await require_staff(request, tx, READ)
    return json_answer([])


async def show_tag(request: Request) -> Response:
    """Show a hashtag."""
    return await _one_tag(request, READ)


async def review_tag(request: Request) -> Response:
    """Answer with a hashtag as it is."""
    return await _one_tag(request, WRITE)


async def review_status(request: Request) -> Response:
    """Answer with a post as it is."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require_staff(request, tx, WRITE)
        post_id = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer.id, post_id)
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post.id))


async def review_link(request: Request) -> Response:
    """Find no link."""
    async with context.of(request).db.read() as tx:
        await require_staff(request, tx, WRITE)
    raise errors.not_found()


async def _one_tag(request: Request, scope: str) -> Response:
    ctx = context.of(request)
    name = request.path_params["id"].casefold()
    async with ctx.db.read() as tx:
        await require_staff(request, tx, scope)
        if len(name) > TAG_CHARACTERS_MAX:
            raise errors.not_found()
        uses = (await trends.history(tx, [name], now=ctx.clock()))[name]
    return json_answer(_tag(Trend(name=name, uses=uses), ctx.settings))


def _tag(trend: Trend, settings: Settings) -> dict[str, Any]:
    built = tag(trend.name, settings, uses=trend.uses)
    return {**built, "trendable": True, "usable": True, "listable": True, "requires_review": False}
