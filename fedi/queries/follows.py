"""Who follows whom: the pages of followers, and how one viewer stands with many accounts."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.visibility import met_clause

__all__ = ["between", "followers", "following", "requests", "requests_count"]


async def followers(
    tx: Tx, account_id: int, page: Page, *, viewer_id: int | None = None
) -> Slice[tuple[int, Account]]:
    """Return who follows an account, last first, with the follow's id as the key of the page.

    Whom the viewer is apart from is left out; None is a stranger.
    """
    whose = and_(Follow.target_id == account_id, Follow.state == FollowState.ACCEPTED)
    return await _people(tx, page, whose, Follow.account_id, viewer_id)


async def following(
    tx: Tx, account_id: int, page: Page, *, viewer_id: int | None = None
) -> Slice[tuple[int, Account]]:
    """Return whom an account follows, as above."""
    whose = and_(Follow.account_id == account_id, Follow.state == FollowState.ACCEPTED)
    return await _people(tx, page, whose, Follow.target_id, viewer_id)


async def requests(tx: Tx, account_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return who asks to follow an account, last first."""
    whose = and_(Follow.target_id == account_id, Follow.state == FollowState.PENDING)
    return await _people(tx, page, whose, Follow.account_id, None)


async def requests_count(tx: Tx, account_id: int) -> int:
    """Return how many ask to follow an account."""
    statement = select(func.count()).where(
        Follow.target_id == account_id, Follow.state == FollowState.PENDING
    )
    return (await tx.execute(statement)).scalar_one()


async def between(
    tx: Tx, viewer_id: int, account_ids: Collection[int]
) -> dict[int, tuple[Follow | None, Follow | None]]:
    """Return the viewer's follow of each account and its follow of the viewer, in one statement."""
    statement = select(Follow).where(
        or_(
            and_(Follow.account_id == viewer_id, Follow.target_id.in_(account_ids)),
            and_(Follow.target_id == viewer_id, Follow.account_id.in_(account_ids)),
        )
    )
    found: dict[int, tuple[Follow | None, Follow | None]] = dict.fromkeys(account_ids, (None, None))
    for follow in (await tx.execute(statement)).scalars():
        if follow.account_id == viewer_id:
            found[follow.target_id] = (follow, found[follow.target_id][1])
        if follow.target_id == viewer_id:
            found[follow.account_id] = (found[follow.account_id][0], follow)
    return found


async def _people(
    tx: Tx, page: Page, whose: ColumnElement[bool], who: InstrumentedAttribute[int], viewer_id: int | None
) -> Slice[tuple[int, Account]]:
    statement = (
        select(Follow.id, Account)
        .join(Account, Account.id == who)
        .where(whose, met_clause(viewer_id, Account))
    )
    rows = (await tx.execute(within(statement, Follow.id, page))).all()
    return cut([(row.id, row.Account) for row in rows], page)
