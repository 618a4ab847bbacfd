"""Announcements: reading them, putting them away, reacting to them.

Source: Mastodon's documentation, "announcements API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.entities.announcement import announcement
from fedi.api.viewer import Viewer, admit, require
from fedi.context import Context
from fedi.db import Tx
from fedi.queries import announcements
from fedi.services import announcing, wording

__all__ = ["dismiss", "index", "react", "unreact"]


async def index(request: Request) -> Response:
    """List what the operator tells everyone."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read")
        views = await announcements.current(
            tx, viewer.id, now=ctx.clock(), with_dismissed=bool(given.flag("with_dismissed"))
        )
        built = [
            announcement(
                view,
                ctx.settings,
                mentioned=list((await wording.mentioned(ctx, tx, view.row.text)).values()),
            )
            for view in views
        ]
    return json_answer(built)


async def dismiss(request: Request) -> Response:
    """Put an announcement away."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    async with ctx.db.write() as tx:
        me, named = await viewer.present(tx), await _named(request, ctx, tx, viewer)
        await announcing.dismiss(tx, account=me, announcement_id=named)
    return json_answer({})


async def react(request: Request) -> Response:
    """React to an announcement with an emoji."""
    ctx = context.of(request)
    viewer = await admit(request, "write:favourites")
    async with ctx.db.write() as tx:
        me, named = await viewer.present(tx), await _named(request, ctx, tx, viewer)
        await announcing.react(ctx, tx, account=me, announcement_id=named, name=request.path_params["name"])
    return json_answer({})


async def unreact(request: Request) -> Response:
    """Take a reaction back."""
    ctx = context.of(request)
    viewer = await admit(request, "write:favourites")
    async with ctx.db.write() as tx:
        me, named = await viewer.present(tx), await _named(request, ctx, tx, viewer)
        await announcing.unreact(ctx, tx, account=me, announcement_id=named, name=request.path_params["name"])
    return json_answer({})


async def _named(request: Request, ctx: Context, tx: Tx, viewer: Viewer) -> int:
    identifier = params.as_identifier(request.path_params["id"])
    found = (
        None
        if identifier is None
        else await announcements.find(tx, identifier, now=ctx.clock(), viewer_id=viewer.id)
    )
    if found is None:
        raise errors.not_found()
    return found.row.id
