"""Posts and their activities for somebody with a token: also those that are not for everyone.

A client that was told the id of what it made reads it again with the token that made it. The same addresses
answer other servers, whom a signature tells apart (`inbound.documents`).

Source: ActivityPub section 3.2 (authorization when objects are retrieved).
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.c2s.answers import document
from fedi.api.viewer import require
from fedi.context import Context
from fedi.outbound import translate
from fedi.queries import posts as find_post
from fedi.queries.posts import PostView
from fedi.queries.visibility import can_see

__all__ = ["activity", "note"]


async def note(request: Request) -> Response:
    """GET /users/NAME/statuses/ID."""
    ctx = context.of(request)
    view = await _seen(ctx, request)
    if view.reblog is not None:
        raise errors.not_found()
    return document(translate.note(view, ctx.settings).to_json())


async def activity(request: Request) -> Response:
    """GET /users/NAME/statuses/ID/activity."""
    ctx = context.of(request)
    view = await _seen(ctx, request)
    if view.reblog is None:
        return document(translate.create(view, ctx.settings).to_json())
    said = translate.announce(view.post, view.account, view.reblog.post, view.reblog.account)
    return document(said.to_json())


async def _seen(ctx: Context, request: Request) -> PostView:
    """Return the post that the address names, if whoever asks may see it.

    Raises:
        Refused: 401 or 403 for the token, 404 for what is not there or not for them.
    """
    name, post_id = request.path_params["name"].lower(), params.as_identifier(request.path_params["post_id"])
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        published = None if post_id is None else await find_post.published_as(tx, post_id)
        post = None if post_id is None else await find_post.by_id(tx, published or post_id)
        if post is None or not post.local or not await can_see(tx, viewer.id, post):
            raise errors.not_found()
        view = await find_post.load_one(tx, post.id)
    if view is None or view.account.username.lower() != name:
        raise errors.not_found()
    return view
