"""Filters in their first version, in which a filter is one keyword.

What is made here is a filter of the second version with one keyword, and what is shown is each keyword of
those. A keyword that shares its filter with others can be changed itself, but where and how long the filter
holds cannot be changed for it alone.

Source: Mastodon's documentation, "filters API methods", version 1.
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.entities.filter import old_filter
from fedi.api.filters import keyword_named
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.models import Filter
from fedi.queries import filters
from fedi.services import filtering

__all__ = ["create", "destroy", "index", "show", "update"]


async def index(request: Request) -> Response:
    """List the viewer's keywords."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        found = await filters.of(tx, viewer.id)
    return json_answer([old_filter(view.filter, word) for view in found for word in view.keywords])


async def show(request: Request) -> Response:
    """Show a keyword."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:filters")
        found, word = await keyword_named(request, tx, viewer.id)
    return json_answer(old_filter(found, word))


async def create(request: Request) -> Response:
    """Make a filter of one keyword."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        owner = await viewer.present(tx)
        made = await filtering.create(ctx, tx, owner=owner, new=_change(given, words=[_word(given)]))
        view = await filters.by_id(tx, viewer.id, made.id)
    assert view is not None
    return json_answer(old_filter(made, view.keywords[0]))


async def update(request: Request) -> Response:
    """Change a keyword, and its filter when that has no other."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    given = await params.read(request)
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found, word = await keyword_named(request, tx, viewer.id)
        view = await filters.by_id(tx, viewer.id, found.id)
        new = _change(given, words=[])
        if view is not None and len(view.keywords) > 1:
            if _differs(found, new):
                raise errors.unprocessable("This filter has other keywords; change it in a newer app")
        else:
            await filtering.change(ctx, tx, found=found, new=new)
        await filtering.change_keyword(ctx, tx, found=found, word=word, new=_word(given))
    return json_answer(old_filter(found, word))


async def destroy(request: Request) -> Response:
    """Delete a keyword, and its filter when nothing else is in that."""
    ctx = context.of(request)
    viewer = await admit(request, "write:filters")
    async with ctx.db.write() as tx:
        await viewer.present(tx)
        found, word = await keyword_named(request, tx, viewer.id)
        await filtering.remove_keyword(ctx, tx, found=found, word=word)
        view = await filters.by_id(tx, viewer.id, found.id)
        if view is not None and not view.keywords and not view.posts:
            await filtering.destroy(ctx, tx, found=found)
    return json_answer({})


def _differs(found: Filter, new: filtering.Change) -> bool:
    """Tell whether a change is one of the filter and not of the keyword."""
    contexts = new.contexts is not None and set(new.contexts) != set(found.contexts)
    action = new.action is not None and new.action != found.action
    ends = new.expires_in_s is not None or (new.endless and found.expires_at is not None)
    return contexts or action or ends


def _change(given: Params, *, words: list[filtering.Word]) -> filtering.Change:
    seconds = filtering.expiry(given.number("expires_in"))
    irreversible, phrase = given.flag("irreversible"), given.text("phrase")
    return filtering.Change(
        title=None if phrase is None else phrase[: filtering.TITLE_CHARACTERS_MAX],
        contexts=given.texts("context") if "context" in given else None,
        action=None if irreversible is None else ("hide" if irreversible else "warn"),
        expires_in_s=seconds,
        endless="expires_in" in given and seconds is None,
        words=words,
    )


def _word(given: Params) -> filtering.Word:
    return filtering.Word(text=given.text("phrase"), whole_word=given.flag("whole_word"))
