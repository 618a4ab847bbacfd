"""Outbox, followers, following and pinned posts: counts, and pages of what is public.

Pages go backwards by id, so that a page stays the same while new things come in before it. Everything here is
what a stranger may see; posts for followers are delivered, not listed.

Source: ActivityPub sections 5.1 to 5.4; page sizes are Mastodon's.
"""

from typing import Any

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from activitypub.objects.collection import Collection, CollectionPage
from fedi import context, iris
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound.answer import document, viewer
from fedi.inbound.documents import ID_CHARACTERS_MAX, local_account
from fedi.models import Account, Follow, FollowState, Post
from fedi.outbound import translate
from fedi.queries import posts as find_post
from fedi.queries.posts import PostView
from fedi.queries.visibility import public_clause

__all__ = ["featured", "followers", "following", "instance_collection", "outbox"]

POSTS_PER_PAGE = 20
PEOPLE_PER_PAGE = 40


async def outbox(request: Request) -> Response:
    """GET /users/NAME/outbox: the public posts and boosts of somebody here."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.outbox or iris.outbox(account.iri)
    if not _is_page(request):
        return _answer(ctx, Collection(id=iri, total_items=account.statuses_count, first=f"{iri}?page=true"))
    async with ctx.db.read() as tx:
        ids = select(Post.id).where(Post.account_id == account.id, public_clause(), _before(request, Post.id))
        rows = await tx.execute(ids.order_by(Post.id.desc()).limit(POSTS_PER_PAGE))
        views = await find_post.load(tx, list(rows.scalars()))
    items = tuple(_activity(view, ctx.settings) for view in views)
    more = f"{iri}?page=true&max_id={views[-1].post.id}" if len(views) == POSTS_PER_PAGE else None
    return _answer(ctx, CollectionPage(id=_here(ctx, request), part_of=iri, next=more, items=items))


async def followers(request: Request) -> Response:
    """GET /users/NAME/followers: who follows somebody here."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.followers or iris.followers(account.iri)
    return await _people(ctx, request, iri, account.followers_count, of=account, whose=Follow.account_id)


async def following(request: Request) -> Response:
    """GET /users/NAME/following: whom somebody here follows."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.following or iris.following(account.iri)
    return await _people(ctx, request, iri, account.following_count, of=account, whose=Follow.target_id)


async def featured(request: Request) -> Response:
    """GET /users/NAME/collections/featured: pinned posts, of which there are none yet."""
    ctx = context.of(request)
    account = await _account(ctx, request)
    iri = account.featured or iris.featured(account.iri)
    return _answer(ctx, Collection(id=iri, total_items=0, items=()))


async def instance_collection(request: Request) -> Response:
    """GET /actor/…: the server itself posts nothing, follows nobody and has no followers."""
    ctx = context.of(request)
    return _answer(ctx, Collection(id=_here(ctx, request), total_items=0, items=()))


async def _account(ctx: Context, request: Request) -> Account:
    if ctx.settings.authorized_fetch:
        await viewer(ctx, request)
    account = await local_account(ctx, request)
    if account.suspended_at is not None:
        raise Refused(404, "Record not found")
    return account


async def _people(
    ctx: Context, request: Request, iri: str, total: int, *, of: Account, whose: Any
) -> Response:
    """Answer with a collection of people, or one page of it; `whose` is the side that is listed."""
    if not _is_page(request):
        return _answer(ctx, Collection(id=iri, total_items=total, first=f"{iri}?page=true"))
    other = Follow.target_id if whose is Follow.account_id else Follow.account_id
    async with ctx.db.read() as tx:
        rows = await _relations(tx, request, whose, other == of.id)
    more = f"{iri}?page=true&max_id={rows[-1][0]}" if len(rows) == PEOPLE_PER_PAGE else None
    items = tuple(account_iri for _, account_iri in rows)
    return _answer(ctx, CollectionPage(id=_here(ctx, request), part_of=iri, next=more, items=items))


async def _relations(tx: Tx, request: Request, whose: Any, chosen: Any) -> list[tuple[int, str]]:
    statement = (
        select(Follow.id, Account.iri)
        .join(Account, Account.id == whose)
        .where(chosen, Follow.state == FollowState.ACCEPTED, _before(request, Follow.id))
        .order_by(Follow.id.desc())
        .limit(PEOPLE_PER_PAGE)
    )
    return [(row[0], row[1]) for row in await tx.execute(statement)]


def _activity(view: PostView, settings: Settings) -> dict[str, Any]:
    if view.reblog is None:
        return translate.create(view, settings).to_json()
    return translate.announce(view.post, view.account, view.reblog.post, view.reblog.account).to_json()


def _is_page(request: Request) -> bool:
    return request.query_params.get("page") == "true"


def _before(request: Request, column: Any) -> Any:
    """Return the condition for the page that the request asks for.

    Raises:
        Refused: 400, when `max_id` is no id.
    """
    text = request.query_params.get("max_id")
    if text is None:
        return column.is_not(None)
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_CHARACTERS_MAX and int(text) < 2**63):
        raise Refused(400, "max_id is not an id")
    return column < int(text)


def _here(ctx: Context, request: Request) -> str:
    """Return the address that was asked for, at our configured origin."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{ctx.settings.origin}{request.url.path}{query}"


def _answer(ctx: Context, content: Collection | CollectionPage) -> Response:
    return document(content.to_json(), public=not ctx.settings.authorized_fetch)
