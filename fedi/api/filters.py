"""Filters, with the keywords and the single posts in them.

`hide` is no reason to leave a post out: it comes with what it met, and the client hides it.

Source: Mastodon's documentation, "filters API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.filter import a_filter, filter_keyword, filter_status
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.models import Filter, FilterKeyword
from fedi.queries import filters
from fedi.services import filtering

__all__ = [
    "add_keyword", "add_status", "change_of", "create", "destroy", "index", "keywords", "remove_keyword",
    "remove_status", "show", "show_keyword", "show_status", "statuses", "update", "update_keyword",
]  # fmt: skip


async def index(request: Request) -> Response:
    """List the viewer's filters."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        found = await filters.of(tx, viewer.id)
    return json_answer([a_filter(view) for view in found])


async def show(request: Request) -> Response:
    """Show a filter."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        view = await _named(request, tx, viewer.id)
    return json_answer(a_filter(view))


async def create(request: Request) -> Response:
    """Make a filter, with its keywords."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    new = change_of(await params.read(request))
    async with ctx.db.write() as tx:
        made = await filtering.create(ctx, tx, owner=await viewer.present(tx), new=new)
        view = await filters.by_id(tx, viewer.id, made.id)
    assert view is not None
    return json_answer(a_filter(view))


async def update(request: Request) -> Response:
    """Change a filter, and add, change or take out keywords (`_destroy`)."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    new = change_of(await params.read(request))
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found = (await _named(request, tx, viewer.id)).filter
        await filtering.change(ctx, tx, found=found, new=new)
        view = await filters.by_id(tx, viewer.id, found.id)
    assert view is not None
    return json_answer(a_filter(view))


async def destroy(request: Request) -> Response:
    """Delete a filter."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        await filtering.destroy(ctx, tx, found=(await _named(request, tx, viewer.id)).filter)
    return json_answer({})


async def keywords(request: Request) -> Response:
    """List a filter's keywords."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        view = await _named(request, tx, viewer.id)
    return json_answer([filter_keyword(word) for word in view.keywords])


async def add_keyword(request: Request) -> Response:
    """Add a keyword to a filter."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    new = _word(await params.read(request))
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found = (await _named(request, tx, viewer.id)).filter
        made = await filtering.add_keyword(ctx, tx, found=found, new=new)
    return json_answer(filter_keyword(made))


async def show_keyword(request: Request) -> Response:
    """Show a keyword."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        _, word = await keyword_named(request, tx, viewer.id)
    return json_answer(filter_keyword(word))


async def update_keyword(request: Request) -> Response:
    """Change a keyword."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    new = _word(await params.read(request))
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found, word = await keyword_named(request, tx, viewer.id)
        await filtering.change_keyword(ctx, tx, found=found, word=word, new=new)
    return json_answer(filter_keyword(word))


async def remove_keyword(request: Request) -> Response:
    """Take a keyword out of its filter."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found, word = await keyword_named(request, tx, viewer.id)
        await filtering.remove_keyword(ctx, tx, found=found, word=word)
    return json_answer({})


async def statuses(request: Request) -> Response:
    """List the single posts in a filter."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        view = await _named(request, tx, viewer.id)
    return json_answer([filter_status(named) for named in view.posts])


async def add_status(request: Request) -> Response:
    """Add a single post to a filter."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    post_id = params.as_identifier((await params.read(request)).word("status_id") or "")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found = (await _named(request, tx, viewer.id)).filter
        post = await rendering.require_visible(tx, viewer.id, post_id)
        if post.reblog_of_id is not None:  # the boosted post is meant
            post = await rendering.require_visible(tx, viewer.id, post.reblog_of_id)
        made = await filtering.add_post(ctx, tx, found=found, post=post)
    return json_answer(filter_status(made))


async def show_status(request: Request) -> Response:
    """Show a single post of a filter."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        named = await filters.named_post(tx, viewer.id, _identifier(request))
    if named is None:
        raise errors.not_found()
    return json_answer(filter_status(named))


async def remove_status(request: Request) -> Response:
    """Take a single post out of its filter."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        named = await filters.named_post(tx, viewer.id, _identifier(request))
        if named is None:
            raise errors.not_found()
        await filtering.remove_post(ctx, tx, named=named)
    return json_answer({})


async def keyword_named(request: Request, tx: Tx, viewer_id: int) -> tuple[Filter, FilterKeyword]:
    """Return the keyword that the path names, and its filter.

    Raises:
        Refused: 404, when it is not the viewer's.
    """
    found = await filters.keyword(tx, viewer_id, _identifier(request))
    if found is None:
        raise errors.not_found()
    return found


def change_of(given: Params) -> filtering.Change:
    """Read what is to be otherwise in a filter."""
    seconds = filtering.expiry(given.number("expires_in"))
    return filtering.Change(
        title=given.text("title"),
        contexts=given.texts("context") if "context" in given else None,
        action=given.word("filter_action"),
        expires_in_s=seconds,
        endless="expires_in" in given and seconds is None,
        words=[_word(one) for one in given.hashes("keywords_attributes")],
    )


def _word(given: Params) -> filtering.Word:
    return filtering.Word(
        id=given.identifier("id"),
        text=given.text("keyword"),
        whole_word=given.flag("whole_word"),
        gone=bool(given.flag("_destroy")),
    )


def _identifier(request: Request) -> int:
    found = params.as_identifier(request.path_params["id"])
    if found is None:
        raise errors.not_found()
    return found


async def _named(request: Request, tx: Tx, viewer_id: int) -> filters.FilterView:
    found = await filters.by_id(tx, viewer_id, _identifier(request))
    if found is None:
        raise errors.not_found()
    return found
