"""Outbox, followers and following: counts, and pages of what is public.

Everything here is what a stranger may see, and so are the counts; posts for followers are delivered, not
listed. Whoever hides their followers and whom they follow shows two numbers and no names.

Source: ActivityPub sections 5.1 to 5.4; page sizes are Mastodon's.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection, CollectionPage
from fedi import context, iris
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound import pages
from fedi.inbound.answer import document, viewer
from fedi.inbound.documents import local_account
from fedi.inbound.guard import require_not_apart
from fedi.models import Account
from fedi.outbound import translate
from fedi.queries import follows, timelines
from fedi.queries import posts as find_post
from fedi.queries.page import Page, Slice
from fedi.queries.posts import PostView

__all__ = ["followers", "following", "instance_collection", "outbox"]

POSTS_PER_PAGE = 20
PEOPLE_PER_PAGE = 40

Listed: TypeAlias = Callable[[Tx, int, Page], Awaitable[Slice[tuple[int, Account]]]]
"""A query for one page of the people around an account."""


async def outbox(request: Request) -> Response:
    """GET /users/NAME/outbox: the public posts and boosts of somebody here."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.outbox or iris.outbox(account.iri)
    if not pages.is_page(request):
        async with ctx.db.read() as tx:
            total = await timelines.count_public(tx, account.id)
        return _collection(ctx, iri, total)
    page = pages.wanted(request, POSTS_PER_PAGE)
    async with ctx.db.read() as tx:
        found = await timelines.of_account(tx, None, account.id, page)
        views = await find_post.load(tx, found.rows)
    items = [_activity(view, ctx.settings) for view in views]
    described = pages.newest_first(pages.here(ctx, request), iri, page, found.rows, items, more=found.more)
    return _answer(ctx, described)


async def followers(request: Request) -> Response:
    """GET /users/NAME/followers: who follows somebody here."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.followers or iris.followers(account.iri)
    return await _people(ctx, request, iri, account, total=account.followers_count, listed=follows.followers)


async def following(request: Request) -> Response:
    """GET /users/NAME/following: whom somebody here follows."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.following or iris.following(account.iri)
    return await _people(ctx, request, iri, account, total=account.following_count, listed=follows.following)


async def instance_collection(request: Request) -> Response:
    """GET /actor/…: the server itself posts nothing, follows nobody and has no followers."""
    ctx = context.of(request)
    return _answer(ctx, Collection(id=pages.here(ctx, request), total_items=0, items=()))


async def _account(ctx: Context, request: Request) -> Account:
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    account = await local_account(ctx, request)
    if account.suspended_at is not None:
        raise Refused(404, "Record not found")
    await require_not_apart(ctx, request, account.id)
    return account


async def _people(
    ctx: Context, request: Request, iri: str, account: Account, *, total: int, listed: Listed
) -> Response:
    """Answer with a collection of people, or one page of it; with the number only when they are hidden."""
    if account.hides_collections:
        if pages.is_page(request):
            raise Refused(404, "Record not found")
        return _answer(ctx, Collection(id=iri, total_items=total))
    if not pages.is_page(request):
        return _collection(ctx, iri, total)
    page = pages.wanted(request, PEOPLE_PER_PAGE)
    async with ctx.db.read() as tx:
        found = await listed(tx, account.id, page)
    ids, items = [row[0] for row in found.rows], [row[1].iri for row in found.rows]
    return _answer(ctx, pages.newest_first(pages.here(ctx, request), iri, page, ids, items, more=found.more))


def _activity(view: PostView, settings: Settings) -> dict[str, Any]:
    if view.reblog is None:
        return translate.create(view, settings).to_json()
    return translate.announce(view.post, view.account, view.reblog.post, view.reblog.account).to_json()


def _collection(ctx: Context, iri: str, total: int) -> Response:
    described = Collection(id=iri, total_items=total, first=pages.first(iri), last=pages.last(iri))
    return _answer(ctx, described)


def _answer(ctx: Context, content: Collection | CollectionPage) -> Response:
    return document(content.to_json(), public=not ctx.settings.authorized_fetch)
