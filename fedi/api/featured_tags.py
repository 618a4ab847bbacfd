"""Hashtags on one's profile, and on others'.

Source: Mastodon's documentation, "featured_tags API methods" and "accounts API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.accounts import require_account
from fedi.api.answers import json_answer
from fedi.api.entities.tag import featured_tag, tag
from fedi.api.viewer import admit, find, require
from fedi.queries import pins
from fedi.services import featuring

__all__ = ["create", "destroy", "index", "of_account", "suggestions"]


async def index(request: Request) -> Response:
    """List the viewer's."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        found = await pins.tags(tx, viewer.id)
    return json_answer([featured_tag(view, ctx.settings) for view in found])


async def create(request: Request) -> Response:
    """Put a hashtag onto the viewer's profile."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    name = (await params.read(request)).word("name")
    if name is None:
        raise errors.unprocessable("name is missing")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        made = await featuring.feature(ctx, tx, account=me, name=name)
        view = await pins.tag(tx, me.id, made.id)
    assert view is not None
    return json_answer(featured_tag(view, ctx.settings))


async def destroy(request: Request) -> Response:
    """Take a hashtag off the viewer's profile."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    tag_id = params.as_identifier(request.path_params["id"])
    if tag_id is None:
        raise errors.not_found()
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        await featuring.unfeature(ctx, tx, account=me, tag_id=tag_id)
    return json_answer({})


async def suggestions(request: Request) -> Response:
    """List the hashtags that the viewer uses most."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        names = await pins.favourite_tags(tx, viewer.id)
    return json_answer([tag(name, ctx.settings) for name in names])


async def of_account(request: Request) -> Response:
    """List the hashtags on somebody's profile."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        owner = await require_account(tx, request)
        found = await pins.tags(tx, owner.id)
    return json_answer([featured_tag(view, ctx.settings) for view in found])
