"""Posts: writing, reading, deleting, and what people do with them.

A write commits before it is answered, and the answer is read afterwards: the one writer of SQLite is not
held while JSON is built.

Source: Mastodon's documentation, "statuses API methods".
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, polls, refreshes, rendering, scheduled
from fedi.api.answers import json_answer
from fedi.api.entities.status import status_source
from fedi.api.params import Params
from fedi.api.viewer import Viewer, admit, find, require
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Login, Post
from fedi.queries import posts, threads
from fedi.services import composing, interacting, posting
from fedi.services.posting import NewPost

__all__ = [
    "create",
    "destroy",
    "favourite",
    "language",
    "reblog",
    "show",
    "show_context",
    "source",
    "unfavourite",
    "unreblog",
]

Verb = Callable[[Context, Tx, Account, Post], Awaitable[None]]


async def create(request: Request) -> Response:
    """Publish a post, now or later, or begin a picture."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    given = await params.read(request)
    at = scheduled.moment(given)
    new = await _new_post(ctx, viewer, given)
    key = request.headers.get("idempotency-key")
    if at is not None:
        return await scheduled.create(ctx, viewer, new, at=at, key=key)
    await composing.meet_mentioned(ctx, new.text)
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        post = await composing.compose(ctx, tx, author=author, new=new, idempotency_key=key)
        post_id = post.id
    return await _answer(request, viewer, post_id)


async def show(request: Request) -> Response:
    """Show a post."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        post = await _named(request, tx, viewer_id)
        built = await rendering.the_status(tx, ctx.settings, viewer_id, post.id)
    return json_answer(built)


async def show_context(request: Request) -> Response:
    """Show what a post answers and what answers it."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        post = await _named(request, tx, viewer_id)
        above = await threads.ancestors(tx, viewer_id, post)
        below = await threads.descendants(tx, viewer_id, post)
        built = await rendering.statuses(tx, ctx.settings, viewer_id, [*above, *below])
    headers = {} if viewer is None else await refreshes.begin(ctx, post)
    answer = {"ancestors": built[: len(above)], "descendants": built[len(above) :]}
    return json_answer(answer, headers=headers)


async def source(request: Request) -> Response:
    """Show what the author typed; to the author only."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        post = await _own(request, tx, viewer.id)
    return json_answer(status_source(post))


async def destroy(request: Request) -> Response:
    """Delete a post and answer with it, so that a client can offer it for writing again."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        post = await _own(request, tx, viewer.id)
        built = await rendering.the_status(tx, ctx.settings, viewer.id, post.id)
        if post.reblog_of_id is not None:
            original = await posts.by_id(tx, post.reblog_of_id)
            assert original is not None
            await interacting.unboost(ctx, tx, account=author, post=original)
        else:
            built["text"] = post.source
            await posting.delete(ctx, tx, post=post, author=author, redraft=not given.flag("delete_media"))
    return json_answer(built)


async def favourite(request: Request) -> Response:
    """Like a post."""

    async def like(ctx: Context, tx: Tx, me: Account, post: Post) -> None:
        await interacting.favourite(ctx, tx, account=me, post=post)

    return await _interact(request, "write:favourites", like)


async def unfavourite(request: Request) -> Response:
    """Take a like back."""

    async def unlike(ctx: Context, tx: Tx, me: Account, post: Post) -> None:
        await interacting.unfavourite(ctx, tx, account=me, post=post)

    return await _interact(request, "write:favourites", unlike)


async def reblog(request: Request) -> Response:
    """Boost a post and answer with the boost."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    visibility = (await params.read(request)).word("visibility") or "public"
    if visibility not in {"public", "unlisted", "private"}:
        raise errors.unprocessable("visibility must be public, unlisted or private")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        post = await _original(request, tx, viewer.id)
        boost = await interacting.boost(ctx, tx, account=me, post=post, visibility=visibility)
        boost_id = boost.id
    return await _answer(request, viewer, boost_id)


async def unreblog(request: Request) -> Response:
    """Take a boost back and answer with the boosted post."""

    async def unboost(ctx: Context, tx: Tx, me: Account, post: Post) -> None:
        await interacting.unboost(ctx, tx, account=me, post=post)

    return await _interact(request, "write:statuses", unboost)


async def _interact(request: Request, scope: str, verb: Verb) -> Response:
    """Do something with a post and answer with the post."""
    ctx = context.of(request)
    viewer = await admit(request, scope)
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        post = await _original(request, tx, viewer.id)
        post_id = post.id
        await verb(ctx, tx, me, post)
    return await _answer(request, viewer, post_id)


async def _answer(request: Request, viewer: Viewer, post_id: int) -> Response:
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        return json_answer(await rendering.the_status(tx, ctx.settings, viewer.id, post_id))


async def _named(request: Request, tx: Tx, viewer_id: int | None) -> Post:
    """Return the post that the path names, if the viewer may see it."""
    return await rendering.require_visible(tx, viewer_id, params.as_identifier(request.path_params["id"]))


async def _original(request: Request, tx: Tx, viewer_id: int) -> Post:
    """Return the post that the path names, or what it boosts: nobody likes or boosts a boost."""
    post = await _named(request, tx, viewer_id)
    return (
        post
        if post.reblog_of_id is None
        else await rendering.require_visible(tx, viewer_id, post.reblog_of_id)
    )


async def _own(request: Request, tx: Tx, viewer_id: int) -> Post:
    post = await _named(request, tx, viewer_id)
    if post.account_id != viewer_id:
        raise errors.not_found()
    return post


async def _new_post(ctx: Context, viewer: Viewer, given: Params) -> NewPost:
    """Read a post from the parameters, with the author's defaults for what is missing."""
    async with ctx.db.read() as tx:
        login = await tx.get(Login, viewer.id)
        parent_id = await _parent(tx, viewer.id, given)
    sensitive = given.flag("sensitive")
    return NewPost(
        text=given.text("status") or "",
        visibility=given.word("visibility") or (login.default_visibility if login else "public"),
        spoiler_text=given.text("spoiler_text") or "",
        sensitive=sensitive if sensitive is not None else bool(login and login.default_sensitive),
        language=language(given.word("language")) or (login.default_language if login else None),
        in_reply_to_id=parent_id,
        attachment_ids=tuple(given.identifiers("media_ids")),
        application_id=viewer.app.id,
        poll=polls.new_poll(given),
        quote_of_id=_quoted(given),
        quote_policy=given.word("quote_approval_policy"),
        share=given.inner("fedi").word("share"),
    )


def _quoted(given: Params) -> int | None:
    """Return the id of the post that is quoted; what is none is a post that does not exist."""
    text = given.word("quoted_status_id")
    if text is None:
        return None
    found = params.as_identifier(text)
    if found is None:
        raise errors.not_found()
    return found


async def _parent(tx: Tx, viewer_id: int, given: Params) -> int | None:
    """Return the id of the post that is answered, which may have been named by its draft's."""
    text = given.word("in_reply_to_id")
    if text is None:
        return None
    return (await rendering.require_visible(tx, viewer_id, params.as_identifier(text))).id


def language(code: str | None) -> str | None:
    """Return a language tag; what is none is left out, as clients send all sorts."""
    if code is None:
        return None
    parts = code.split("-")
    good = parts[0].isascii() and parts[0].isalpha() and len(parts[0]) in {2, 3}
    good = good and len(code) <= 35 and all(part.isascii() and part.isalnum() for part in parts)
    return code if good else None
