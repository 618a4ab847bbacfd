"""Who did something with a post, and what somebody kept.

Of those who favoured or passed on a post the viewer sees whom they see otherwise: nobody who is suspended,
and nobody who is apart from them. Boosts for somebody's followers only are not told.
"""

from typing import Any

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Account, Bookmark, Favourite, Post, PostState
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.visibility import OPEN, met_clause, visible_clause

__all__ = ["bookmarked", "boosted", "favoured"]


async def favoured(tx: Tx, viewer_id: int | None, post_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return who favoured a post, last first, with the favourite's id as the key of the page."""
    statement = (
        select(Favourite.id, Account)
        .join(Account, Account.id == Favourite.account_id)
        .where(Favourite.post_id == post_id, met_clause(viewer_id, Account))
    )
    return await _people(tx, within(statement, Favourite.id, page), page)


async def boosted(tx: Tx, viewer_id: int | None, post_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return who passed a post on to everyone, last first, with the boost's id as the key of the page."""
    statement = (
        select(Post.id, Account)
        .join(Account, Account.id == Post.account_id)
        .where(
            Post.reblog_of_id == post_id,
            Post.visibility.in_(OPEN),
            Post.state == PostState.PUBLISHED,
            met_clause(viewer_id, Account),
        )
    )
    return await _people(tx, within(statement, Post.id, page), page)


async def bookmarked(tx: Tx, viewer_id: int, page: Page) -> Slice[tuple[int, int]]:
    """Return what the viewer kept, last first, as pairs of the bookmark's id and the post's."""
    statement = (
        select(Bookmark.id, Bookmark.post_id)
        .join(Post, Post.id == Bookmark.post_id)
        .where(Bookmark.account_id == viewer_id, visible_clause(viewer_id))
    )
    rows = (await tx.execute(within(statement, Bookmark.id, page))).all()
    return cut([(row.id, row.post_id) for row in rows], page)


async def _people(tx: Tx, statement: Any, page: Page) -> Slice[tuple[int, Account]]:
    rows = (await tx.execute(statement)).all()
    return cut([(row.id, row.Account) for row in rows], page)
