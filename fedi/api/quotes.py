"""Quotes: who quoted a post, who may, and taking leave back.

Source: Mastodon's documentation, "statuses API methods" (quotes, revoke_quote, interaction_policy).
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.models import Post
from fedi.queries import quotes
from fedi.services import quoting

__all__ = ["index", "revoke", "set_policy"]


async def index(request: Request) -> Response:
    """List the posts that quote a post with its author's leave, newest first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        post = await _named(request, tx, viewer.id)
        found = await quotes.of_post(tx, viewer.id, post.id, page)
        return await rendering.page_of_statuses(request, tx, ctx.settings, viewer.id, found)


async def revoke(request: Request) -> Response:
    """Take the leave to quote a post of the viewer's back, and answer with the quoting post."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        post = await _own(request, tx, viewer.id)
        quoting_id = params.as_identifier(request.path_params["quoting_id"])
        quote = await rendering.require_visible(tx, viewer.id, quoting_id)
        quote_id = quote.id
        await quoting.revoke(ctx, tx, author=author, post=post, quoting=quote)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, quote_id))


async def set_policy(request: Request) -> Response:
    """Choose who may quote a post from now on, and answer with the post."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    word = (await params.read(request)).word("quote_approval_policy")
    if word is None:
        raise errors.unprocessable("quote_approval_policy must be public, followers or nobody")
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        post = await _own(request, tx, viewer.id)
        post_id = post.id
        await quoting.set_policy(ctx, tx, author=author, post=post, word=word)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))


async def _named(request: Request, tx: Tx, viewer_id: int) -> Post:
    identifier = params.as_identifier(request.path_params["id"])
    return await rendering.require_visible(tx, viewer_id, identifier)


async def _own(request: Request, tx: Tx, viewer_id: int) -> Post:
    post = await _named(request, tx, viewer_id)
    if post.account_id != viewer_id or post.reblog_of_id is not None:
        raise errors.not_found()
    return post
