"""Who favoured or boosted a post.

Source: Mastodon's documentation, "See who boosted a status" and "See who favourited a status".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.viewer import find
from fedi.db import Tx
from fedi.models import Account
from fedi.queries import doers
from fedi.queries.page import Page, Slice

__all__ = ["card", "favourited_by", "reblogged_by"]

People = Callable[[Tx, int | None, int, Page], Awaitable[Slice[tuple[int, Account]]]]


async def favourited_by(request: Request) -> Response:
    """List who liked a post."""
    return await _people(request, doers.favoured)


async def reblogged_by(request: Request) -> Response:
    """List who boosted a post."""
    return await _people(request, doers.boosted)


async def card(request: Request) -> Response:
    """Answer that a post has no preview of a link; Mastodon removed this in 3.0, and old clients ask."""
    async with context.of(request).db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        identifier = params.as_identifier(request.path_params["id"])
        await rendering.require_visible(tx, viewer.id if viewer else None, identifier)
    return json_answer({})


async def _people(request: Request, people: People) -> Response:
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:accounts")
        viewer_id = viewer.id if viewer else None
        identifier = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer_id, identifier)
        found = await people(tx, viewer_id, post.reblog_of_id or post.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )
