"""Timelines: which posts, in which order. What is in a post is loaded by `queries.posts`.

The home timeline is a table written when posts arrive, so that reading it is one range of one index
whatever the viewer follows. The public ones read the posts themselves. Everything is filtered before the
page is cut: a page with holes, or an empty one with more behind it, stops several clients.
"""

import functools
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.lean import Asked, Chain, Lean, Raw
from fedi.models import Attachment, Favourite, HomeEntry, Mention, Post, PostState, PostTag
from fedi.queries.limited import unlimited_posts
from fedi.queries.page import Page, Slice, cut, parameters, shape, within
from fedi.queries.views import BOOSTED, WHICH
from fedi.queries.visibility import OPEN, visible_clause, wanted_clause

__all__ = ["count_public", "direct", "favourites", "home", "of_account", "public", "tagged"]


def home(viewer_id: int, page: Page) -> Chain[Slice[Raw]]:
    """Return posts by people whom the viewer follows, by the viewer, or to the viewer.

    They come as `shown.show` takes them.
    """
    asked = parameters(page)
    found = yield Asked(_home(frozenset(asked)), {"viewer": viewer_id, **asked})
    return cut(found.rows, page)


@functools.cache
def _home(asked: frozenset[str]) -> Lean:
    """Return the statement for pages that have these numbers."""
    viewer = bindparam("viewer", type_=Id)
    statement = (
        select(*WHICH)
        .select_from(HomeEntry)
        .join(Post, Post.id == HomeEntry.post_id)
        .outerjoin(BOOSTED, BOOSTED.id == Post.reblog_of_id)
        .where(HomeEntry.account_id == viewer, visible_clause(viewer), wanted_clause(viewer))
    )
    return Lean(lambda _: within(statement, HomeEntry.post_id, shape(asked)))


async def public(
    tx: Tx,
    viewer_id: int | None,
    page: Page,
    *,
    local: bool = False,
    remote: bool = False,
    only_media: bool = False,
) -> Slice[int]:
    """Return ids of public posts of this server and the others; no boosts, and replies only to oneself."""
    statement = _narrowed(_public(viewer_id), local=local, remote=remote, only_media=only_media).where(
        or_(Post.in_reply_to_iri.is_(None), Post.in_reply_to_account_id == Post.account_id)
    )
    return await _ids(tx, within(statement, Post.id, page), page)


async def tagged(
    tx: Tx,
    viewer_id: int | None,
    tag: str,
    page: Page,
    *,
    local: bool = False,
    remote: bool = False,
    only_media: bool = False,
) -> Slice[int]:
    """Return ids of public posts with a hashtag, given without `#` and in any case."""
    statement = (
        _public(viewer_id).join(PostTag, PostTag.post_id == Post.id).where(PostTag.name == tag.casefold())
    )
    statement = _narrowed(statement, local=local, remote=remote, only_media=only_media)
    return await _ids(tx, within(statement, PostTag.post_id, page), page)


async def of_account(
    tx: Tx,
    viewer_id: int | None,
    account_id: int,
    page: Page,
    *,
    only_media: bool = False,
    exclude_replies: bool = False,
    exclude_reblogs: bool = False,
    tag: str | None = None,
) -> Slice[int]:
    """Return ids of what an account posted and boosted, as far as the viewer may see it."""
    statement = select(Post.id).where(Post.account_id == account_id, visible_clause(viewer_id))
    if only_media:
        statement = statement.where(_has_media())
    if exclude_replies:
        statement = statement.where(
            or_(Post.in_reply_to_iri.is_(None), Post.in_reply_to_account_id == account_id)
        )
    if exclude_reblogs:
        statement = statement.where(Post.reblog_of_id.is_(None))
    if tag is not None:
        statement = statement.where(
            exists().where(PostTag.post_id == Post.id, PostTag.name == tag.casefold())
        )
    return await _ids(tx, within(statement, Post.id, page), page)


async def count_public(tx: Tx, account_id: int) -> int:
    """Return how many posts and boosts of an account everyone may see.

    Boosts of what has become hidden are counted with them: looking at each would cost more than the
    difference is worth to anyone.
    """
    public = (Post.state == PostState.PUBLISHED, Post.visibility.in_(OPEN))
    counted = select(func.count()).select_from(Post).where(Post.account_id == account_id, *public)
    return (await tx.execute(counted)).scalar_one()


async def direct(tx: Tx, viewer_id: int, page: Page) -> Slice[int]:
    """Return ids of direct messages by the viewer and to them."""
    named = select(Mention.post_id).where(Mention.account_id == viewer_id)
    statement = select(Post.id).where(
        Post.visibility == "direct",
        or_(Post.account_id == viewer_id, Post.id.in_(named)),
        visible_clause(viewer_id),
        wanted_clause(viewer_id),
    )
    return await _ids(tx, within(statement, Post.id, page), page)


async def favourites(tx: Tx, viewer_id: int, page: Page) -> Slice[tuple[int, int]]:
    """Return what the viewer favourited, last first, as pairs of the favourite's id and the post's."""
    statement = (
        select(Favourite.id, Favourite.post_id)
        .join(Post, Post.id == Favourite.post_id)
        .where(Favourite.account_id == viewer_id, visible_clause(viewer_id))
    )
    rows = (await tx.execute(within(statement, Favourite.id, page))).all()
    return cut([(row.id, row.post_id) for row in rows], page)


def _public(viewer_id: int | None) -> Select[int]:
    return select(Post.id).where(
        Post.visibility == "public",
        Post.reblog_of_id.is_(None),
        visible_clause(viewer_id),
        wanted_clause(viewer_id),
        unlimited_posts(viewer_id),
    )


def _narrowed(statement: Any, *, local: bool, remote: bool, only_media: bool) -> Any:
    if local:
        statement = statement.where(Post.local)
    if remote:
        statement = statement.where(~Post.local)
    if only_media:
        statement = statement.where(_has_media())
    return statement


def _has_media() -> Any:
    picture = aliased(Attachment)
    return exists().where(picture.post_id == Post.id)


async def _ids(tx: Tx, statement: Any, page: Page) -> Slice[int]:
    return cut((await tx.execute(statement)).scalars().all(), page)
