"""Notes about people and people on profiles.

Source: Mastodon's documentation, "accounts API methods" and "endorsements API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params
from fedi.api.accounts import relation_to, require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.viewer import admit, find, require
from fedi.queries import discovery
from fedi.queries.page import Slice
from fedi.queries.visibility import are_apart
from fedi.services import endorsing, noting

__all__ = ["endorse", "index", "note", "of_account", "unendorse"]

Verb = Callable[..., Awaitable[None]]


async def index(request: Request) -> Response:
    """List whom the viewer shows on their profile."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        found = await discovery.endorsed(tx, viewer.id, viewer.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def of_account(request: Request) -> Response:
    """List whom somebody shows on their profile."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:accounts")
        viewer_id = viewer.id if viewer else None
        owner = await require_account(tx, request)
        hidden = viewer_id is not None and await are_apart(tx, viewer_id, owner.id)
        found = (
            Slice(rows=[], more=False) if hidden else await discovery.endorsed(tx, viewer_id, owner.id, page)
        )
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def endorse(request: Request) -> Response:
    """Show somebody on the viewer's profile."""
    return await _do(request, endorsing.endorse)


async def unendorse(request: Request) -> Response:
    """Show somebody there no longer."""
    return await _do(request, endorsing.unendorse)


async def note(request: Request) -> Response:
    """Write down something about somebody, for the viewer only."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    comment = (await params.read(request)).text("comment") or ""
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await noting.note(ctx, tx, account=me, target=target, comment=comment)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)


async def _do(request: Request, verb: Verb) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await verb(ctx, tx, account=me, target=target)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)
