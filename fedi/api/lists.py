"""Lists, who is on them, and their timelines.

Source: Mastodon's documentation, "lists API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params, rendering
from fedi.api.accounts import require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.entities.listing import a_list
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.models import AccountList
from fedi.queries import lists
from fedi.services import curating

__all__ = [
    "add",
    "create",
    "destroy",
    "index",
    "members",
    "of_account",
    "remove",
    "show",
    "timeline",
    "update",
]


async def index(request: Request) -> Response:
    """List the viewer's lists."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:lists")
        found = await lists.of(tx, viewer.id)
    return json_answer([a_list(row) for row in found])


async def show(request: Request) -> Response:
    """Show a list."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:lists")
        found = await _named(request, tx, viewer.id)
    return json_answer(a_list(found))


async def create(request: Request) -> Response:
    """Make a list."""
    ctx = context.of(request)
    viewer = await admit(request, "write:lists")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        made = await curating.create(
            ctx,
            tx,
            owner=await viewer.present(tx),
            title=given.text("title") or "",
            replies_policy=given.word("replies_policy"),
            exclusive=given.flag("exclusive"),
        )
    return json_answer(a_list(made))


async def update(request: Request) -> Response:
    """Change a list's title, whose answers it shows, or whether home leaves its members out."""
    ctx = context.of(request)
    viewer = await admit(request, "write:lists")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found = await _named(request, tx, viewer.id)
        await curating.change(
            tx,
            found=found,
            title=given.text("title"),
            replies_policy=given.word("replies_policy"),
            exclusive=given.flag("exclusive"),
        )
    return json_answer(a_list(found))


async def destroy(request: Request) -> Response:
    """Delete a list."""
    ctx = context.of(request)
    viewer = await admit(request, "write:lists")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        await curating.destroy(tx, found=await _named(request, tx, viewer.id))
    return json_answer({})


async def members(request: Request) -> Response:
    """List who is on a list; all of them when `limit` is 0."""
    ctx = context.of(request)
    given = await params.read(request)
    everyone = given.number("limit") == 0
    page = paging.wanted(params.Params({**given, "limit": None} if everyone else given), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:lists")
        found = await _named(request, tx, viewer.id)
        if everyone:
            people = await lists.everyone_on(tx, found.id)
            return json_answer([account(row, ctx.settings) for row in people])
        rows = await lists.members(tx, found.id, page)
    return json_answer(
        [account(row, ctx.settings) for _, row in rows.rows],
        headers=paging.links(request, [key for key, _ in rows.rows], more=rows.more),
    )


async def add(request: Request) -> Response:
    """Put people whom the viewer follows on a list."""
    ctx = context.of(request)
    viewer = await admit(request, "write:lists")
    ids = (await params.read(request)).identifiers("account_ids")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        await curating.add(ctx, tx, found=await _named(request, tx, viewer.id), account_ids=ids)
    return json_answer({})


async def remove(request: Request) -> Response:
    """Take people off a list."""
    ctx = context.of(request)
    viewer = await admit(request, "write:lists")
    ids = (await params.read(request)).identifiers("account_ids")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        await curating.remove(tx, found=await _named(request, tx, viewer.id), account_ids=ids)
    return json_answer({})


async def of_account(request: Request) -> Response:
    """List those of the viewer's lists on which an account is."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:lists")
        member = await require_account(tx, request)
        found = await lists.holding(tx, viewer.id, member.id)
    return json_answer([a_list(row) for row in found])


async def timeline(request: Request) -> Response:
    """Show what the people on a list post."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:lists")
        found = await _named(request, tx, viewer.id)
        rows = await lists.timeline(tx, viewer.id, found.id, page)
        return await rendering.page_of_statuses(request, tx, ctx.settings, viewer.id, rows)


async def _named(request: Request, tx: Tx, viewer_id: int) -> AccountList:
    found = await lists.by_id(tx, viewer_id, params.as_identifier(request.path_params["id"]))
    if found is None:
        raise errors.not_found()
    return found
