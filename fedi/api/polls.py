"""Polls: showing one and voting in it; and reading one that somebody wants to ask.

Source: Mastodon's documentation, "polls API methods" and the `poll` parameters of "statuses API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.poll import poll as poll_entity
from fedi.api.params import Params
from fedi.api.viewer import admit, find
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Poll, Post
from fedi.queries import polls
from fedi.services import polling, tallying

__all__ = ["new_poll", "show", "vote"]


async def show(request: Request) -> Response:
    """Show a poll; another server's is asked for news when somebody is signed in."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        poll, _ = await _named(request, tx, viewer_id)
    if viewer_id is not None:
        await tallying.refresh_if_stale(ctx, poll.id)
    return await _answer(ctx, request, viewer_id)


async def vote(request: Request) -> Response:
    """Vote, and answer with the poll."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    given = await params.read(request)
    # What is no number chooses an option that does not exist.
    places = [params.as_identifier(text.strip()) for text in given.texts("choices")]
    choices = [-1 if place is None else place for place in places]
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        poll, post = await _named(request, tx, viewer.id)
        await polling.vote(ctx, tx, account=me, post=post, poll=poll, choices=choices)
    return await _answer(ctx, request, viewer.id)


def new_poll(given: Params) -> polling.NewPoll | None:
    """Read the poll that a post is to have; None when it is to have none.

    Raises:
        Refused: 422, when it cannot be read.
    """
    inner = given.inner("poll")
    if not inner:
        return None
    expires_in_s = inner.number("expires_in")
    if expires_in_s is None:
        raise errors.unprocessable("Expires at can't be blank")
    return polling.NewPoll(
        options=tuple(inner.texts("options")),
        expires_in_s=expires_in_s,
        multiple=inner.flag("multiple") or False,
        hide_totals=inner.flag("hide_totals") or False,
    )


async def _named(request: Request, tx: Tx, viewer_id: int | None) -> tuple[Poll, Post]:
    """Return the poll that the path names and its post, if the viewer may see that."""
    poll_id = params.as_identifier(request.path_params["id"])
    poll = await polls.by_id(tx, poll_id) if poll_id is not None else None
    if poll is None:
        raise errors.not_found()
    return poll, await rendering.require_visible(tx, viewer_id, poll.post_id)


async def _answer(ctx: Context, request: Request, viewer_id: int | None) -> Response:
    async with ctx.db.read() as tx:
        poll, post = await _named(request, tx, viewer_id)
        chosen = (await polls.choices(tx, [poll.id], viewer_id)).get(poll.id, ()) if viewer_id else ()
    voted = bool(chosen) or post.account_id == viewer_id
    marked = viewer_id is not None
    return json_answer(poll_entity(poll, marked=marked, voted=voted, chosen=chosen, now=ctx.clock()))
