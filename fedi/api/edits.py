"""Editing posts, and looking at what they were.

Whatever the parameters leave out is taken out of the post, as on Mastodon: its clients send all of it again.
Only the text stays when it is not named, since a client that changes a description alone would otherwise
erase it.

Source: Mastodon's documentation, "statuses API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, media, params, polls, rendering, statuses
from fedi.api.answers import json_answer
from fedi.api.entities.edit import edits
from fedi.api.params import Params
from fedi.api.viewer import admit, find
from fedi.models import Post
from fedi.queries import edits as find_edits
from fedi.queries import posts
from fedi.services import composing, editing, quoting
from fedi.services.editing import Change, Described

__all__ = ["history", "update"]


async def update(request: Request) -> Response:
    """Change a post and answer with it."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    given = await params.read(request)
    await composing.meet_mentioned(ctx, given.text("status") or "")
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        named = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer.id, named)
        post_id = post.id
        await editing.edit(ctx, tx, author=author, post=post, change=_change(given, post))
        if (word := given.word("quote_approval_policy")) is not None:
            await quoting.set_policy(ctx, tx, author=author, post=post, word=word)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))


async def history(request: Request) -> Response:
    """Show all versions of a post, to those who may see it."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        named = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer.id if viewer else None, named)
        view = await posts.load_one(tx, post.id)
        if view is None:
            raise errors.not_found()
        view = view.reblog or view
        former = await find_edits.former(tx, view.post.id)
        pictures = await find_edits.pictures(tx, view.post.id, former)
    return json_answer(edits(view, former, pictures, ctx.settings))


def _change(given: Params, post: Post) -> Change:
    text = given.text("status")
    return Change(
        text=post.source if text is None else text,
        spoiler_text=given.text("spoiler_text") or "",
        sensitive=given.flag("sensitive") or False,
        language=statuses.language(given.word("language")),
        attachment_ids=tuple(given.identifiers("media_ids")),
        described=_described(given),
        poll=polls.new_poll(given),
    )


def _described(given: Params) -> dict[int, Described]:
    """Read `media_attributes`, which name pictures of the post."""
    found: dict[int, Described] = {}
    for entry in given.hashes("media_attributes"):
        identifier = entry.identifier("id")
        if identifier is None:
            raise errors.unprocessable("media_attributes holds something without an id")
        focus = media.focus(entry.word("focus"))
        found[identifier] = Described(description=entry.text("description"), focus=focus)
    return found
