"""Conversations: read them, and say that they are read.

Source: Mastodon's documentation, "conversations API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.conversation import conversation
from fedi.api.viewer import Viewer, admit, require
from fedi.queries import conversations as find
from fedi.queries.conversations import ConversationView
from fedi.services import conversing

__all__ = ["index", "read", "remove", "unread"]


async def index(request: Request) -> Response:
    """List conversations, the one with the newest message first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        found = await find.page_of(tx, viewer.id, page)
    return json_answer(
        [conversation(view, ctx.settings) for view in found.rows],
        headers=paging.links(
            request, [view.conversation.last_post_id for view in found.rows], more=found.more
        ),
    )


async def remove(request: Request) -> Response:
    """Take a conversation out of the list; a new message brings it back."""
    ctx = context.of(request)
    viewer = await admit(request, "write:conversations")
    found = await _found(request, viewer)
    async with ctx.db.write() as tx:
        await conversing.remove(tx, account_id=viewer.id, conversation_id=found.conversation.id)
    return json_answer({})


async def read(request: Request) -> Response:
    """Mark a conversation as read, and answer with it."""
    return await _mark(request, unread=False)


async def unread(request: Request) -> Response:
    """Mark a conversation as not read, and answer with it."""
    return await _mark(request, unread=True)


async def _mark(request: Request, *, unread: bool) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:conversations")
    found = await _found(request, viewer)
    key = found.conversation.id
    async with ctx.db.write() as tx:
        await conversing.mark(tx, account_id=viewer.id, conversation_id=key, unread=unread)
    return json_answer(conversation(await _found(request, viewer), ctx.settings))


async def _found(request: Request, viewer: Viewer) -> ConversationView:
    """Return the viewer's conversation that the path names.

    Raises:
        Refused: 404, when there is none.
    """
    identifier = params.as_identifier(request.path_params["id"])
    async with context.of(request).db.read() as tx:
        view = await find.find(tx, viewer.id, identifier) if identifier is not None else None
    if view is None:
        raise errors.not_found()
    return view
