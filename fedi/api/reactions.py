"""Reactions with an emoji, at the addresses that Pleroma gave them: Mastodon has none for posts.

Source: Pleroma's documentation of its API, "Emoji Reactions".
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.entities.quote import emoji_reaction
from fedi.api.viewer import admit, find
from fedi.db import Tx
from fedi.models import Post
from fedi.queries import posts, reactions
from fedi.services import reacting

__all__ = ["add", "index", "remove"]

Verb = Callable[..., Awaitable[None]]


async def index(request: Request) -> Response:
    """List the emoji under a post with who used them, or one of them."""
    ctx = context.of(request)
    wanted = request.path_params.get("emoji")
    name = None if wanted is None else reacting.one_emoji(wanted) or wanted.strip(":")
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        post = await _original(request, tx, viewer_id)
        (view,) = await posts.load(tx, [post.id], viewer_id=viewer_id)
        people = await reactions.who(tx, viewer_id=viewer_id, post_id=post.id, name=name)
    built: list[dict[str, Any]] = [
        {
            **emoji_reaction(entry, marked=viewer is not None),
            "accounts": [account(person, ctx.settings) for used, person in people if used == entry.name],
        }
        for entry in view.reactions
        if name is None or entry.name == name
    ]
    return json_answer(built)


async def add(request: Request) -> Response:
    """React to a post and answer with it."""
    return await _do(request, reacting.react)


async def remove(request: Request) -> Response:
    """Take a reaction back and answer with the post."""
    return await _do(request, reacting.unreact)


async def _do(request: Request, verb: Verb) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        post = await _original(request, tx, viewer.id)
        post_id = post.id
        await verb(ctx, tx, account=me, post=post, name=request.path_params["emoji"])
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))


async def _original(request: Request, tx: Tx, viewer_id: int | None) -> Post:
    """Return the post that the path names, or what it boosts: nobody reacts to a boost."""
    identifier = params.as_identifier(request.path_params["id"])
    post = await rendering.require_visible(tx, viewer_id, identifier)
    if post.reblog_of_id is None:
        return post
    return await rendering.require_visible(tx, viewer_id, post.reblog_of_id)
