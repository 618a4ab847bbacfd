"""Blocking people: doing it, ending it, and the list of those who are blocked.

Source: Mastodon's documentation, "accounts API methods: block" and "blocks API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params
from fedi.api.accounts import relation_to, require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.viewer import admit, require
from fedi.queries import relations
from fedi.services import blocking

__all__ = ["block", "index", "unblock"]


async def index(request: Request) -> Response:
    """List whom the viewer blocks."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:blocks")
        found = await relations.blocked(tx, viewer.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def block(request: Request) -> Response:
    """Block an account."""
    ctx = context.of(request)
    viewer = await admit(request, "write:blocks")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await blocking.block(ctx, tx, account=me, target=target)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)


async def unblock(request: Request) -> Response:
    """Block an account no longer."""
    ctx = context.of(request)
    viewer = await admit(request, "write:blocks")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await blocking.unblock(ctx, tx, account=me, target=target)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)
