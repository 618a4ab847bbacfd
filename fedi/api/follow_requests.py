"""Requests to follow a locked account: list them, and say yes or no.

Source: Mastodon's documentation, "follow_requests API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params
from fedi.api.accounts import relation_to, require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.viewer import admit, require
from fedi.queries import follows
from fedi.services import following

__all__ = ["authorize", "index", "reject"]

Verdict = Callable[..., Awaitable[None]]


async def index(request: Request) -> Response:
    """List who asks to follow the viewer."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:follows")
        found = await follows.requests(tx, viewer.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def authorize(request: Request) -> Response:
    """Let somebody follow."""
    return await _decide(request, following.accept_request)


async def reject(request: Request) -> Response:
    """Refuse somebody."""
    return await _decide(request, following.reject_request)


async def _decide(request: Request, verdict: Verdict) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:follows")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        asking = await require_account(tx, request)
        await verdict(ctx, tx, follower=asking, target=me)
        built = await relation_to(tx, me.id, asking.id)
    return json_answer(built)
