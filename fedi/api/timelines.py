"""Timelines.

Source: Mastodon's documentation, "timelines API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import find, require, required
from fedi.lean import Chain, Raw, ask
from fedi.queries import timelines
from fedi.queries.page import Slice
from fedi.queries.shown import Shown, show

__all__ = ["direct", "favourites", "home", "public", "tag"]


async def home(request: Request) -> Response:
    """Show what the viewer follows: what clients ask most, so it is one chain (`lean`)."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))

    def chain() -> Chain[tuple[Slice[Raw], list[Shown]]]:
        viewer = yield from required(request, "read:statuses")
        found = yield from timelines.home(viewer.id, page)
        return found, (yield from show(found.rows, viewer.id))

    found, shown = await ask(ctx.db, chain())
    links = paging.links(request, [row[0] for row in found.rows], more=found.more)
    return json_answer(rendering.encoded(ctx, shown, marked=True), headers=links)


async def public(request: Request) -> Response:
    """Show what everybody posts in public."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        found = await timelines.public(
            tx,
            viewer_id,
            page,
            local=bool(given.flag("local")),
            remote=bool(given.flag("remote")),
            only_media=bool(given.flag("only_media")),
        )
        return await rendering.page_of_statuses(request, tx, ctx.settings, viewer_id, found)


async def tag(request: Request) -> Response:
    """Show what everybody posts with a hashtag."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given)
    name = request.path_params["name"].replace("\x00", "")
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        found = await timelines.tagged(
            tx,
            viewer_id,
            name,
            page,
            local=bool(given.flag("local")),
            remote=bool(given.flag("remote")),
            only_media=bool(given.flag("only_media")),
        )
        return await rendering.page_of_statuses(request, tx, ctx.settings, viewer_id, found)


async def direct(request: Request) -> Response:
    """Show direct messages, as clients asked for them before there were conversations."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        found = await timelines.direct(tx, viewer.id, page)
        return await rendering.page_of_statuses(request, tx, ctx.settings, viewer.id, found)


async def favourites(request: Request) -> Response:
    """Show what the viewer liked, last first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:favourites")
        found = await timelines.favourites(tx, viewer.id, page)
        built = await rendering.statuses(tx, ctx.settings, viewer.id, [post_id for _, post_id in found.rows])
    return json_answer(built, headers=paging.links(request, [key for key, _ in found.rows], more=found.more))
