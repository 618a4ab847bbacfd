"""Hashtags: what they are used for lately, following them, and showing them on one's profile.

Source: Mastodon's documentation, "tags API methods" and "followed_tags API methods".
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from fedi import context, text
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.tag import Tag, tag
from fedi.api.viewer import admit, find, require
from fedi.config import Settings
from fedi.db import Tx
from fedi.queries import tags, trends
from fedi.services import featuring, tagging

__all__ = ["feature", "follow", "followed", "marked", "show", "unfeature", "unfollow"]


async def show(request: Request) -> Response:
    """Show a hashtag, with how it was used in the last seven days."""
    async with context.of(request).db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
    return await _answer(request, _name(request), viewer.id if viewer else None)


async def follow(request: Request) -> Response:
    """Follow a hashtag: public posts with it come into the home timeline."""
    ctx = context.of(request)
    viewer = await admit(request, "write:follows")
    name = _name(request)
    async with ctx.db.write() as tx:
        await tagging.follow(ctx, tx, account=await viewer.present(tx), name=name)
    return await _answer(request, name, viewer.id)


async def unfollow(request: Request) -> Response:
    """Follow a hashtag no longer."""
    viewer = await admit(request, "write:follows")
    name = _name(request)
    async with context.of(request).db.write() as tx:
        await tagging.unfollow(tx, account=await viewer.present(tx), name=name)
    return await _answer(request, name, viewer.id)


async def feature(request: Request) -> Response:
    """Show a hashtag on the viewer's profile."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    name = _name(request)
    async with ctx.db.write() as tx:
        await featuring.feature(ctx, tx, account=await viewer.present(tx), name=name)
    return await _answer(request, name, viewer.id)


async def unfeature(request: Request) -> Response:
    """Take a hashtag off the viewer's profile."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    name = _name(request)
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        shown = await tags.featured_among(tx, me.id, [name])
        for tag_id in shown.values():
            await featuring.unfeature(ctx, tx, account=me, tag_id=tag_id)
    return await _answer(request, name, viewer.id)


async def followed(request: Request) -> Response:
    """List the hashtags that the viewer follows, last first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=100, most=200)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:follows")
        found = await tags.followed(tx, viewer.id, page)
        names = [name for _, name in found.rows]
        uses = await trends.history(tx, names, now=ctx.clock())
        built = await marked(tx, ctx.settings, viewer.id, names, uses)
    return json_answer(built, headers=paging.links(request, [key for key, _ in found.rows], more=found.more))


async def marked(
    tx: Tx,
    settings: Settings,
    viewer_id: int | None,
    names: Sequence[str],
    uses: Mapping[str, Sequence[trends.Use]] = MappingProxyType({}),
) -> list[Tag]:
    """Build hashtags for a viewer, who is told which of them they follow and show."""
    if viewer_id is None:
        return [tag(name, settings, uses=uses.get(name, ())) for name in names]
    mine = await tags.followed_among(tx, viewer_id, names)
    shown = await tags.featured_among(tx, viewer_id, names)
    return [
        tag(name, settings, following=name in mine, featuring=name in shown, uses=uses.get(name, ()))
        for name in names
    ]


async def _answer(request: Request, name: str, viewer_id: int | None) -> Response:
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        uses = await trends.history(tx, [name], now=ctx.clock())
        (built,) = await marked(tx, ctx.settings, viewer_id, [name], uses)
    return json_answer(built)


def _name(request: Request) -> str:
    name = text.hashtag(request.path_params["name"])
    if name is None:
        raise errors.not_found()
    return name
