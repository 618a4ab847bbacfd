"""Lists: whose they are, who is on them, and what is read in them.

What came into a list is a table (`services.listing`), so that reading it is one range of one index. Which
answers and boosts it shows is decided here, in one clause for all lists, from the list's own wish and from
whom its owner follows.

Source: Mastodon's documentation, "lists API methods" and "View list timeline".
"""

import functools

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.models import Account, AccountList, Follow, FollowState, ListEntry, ListMember, Post
from fedi.queries.page import Page, Slice, cut, parameters, shape, within
from fedi.queries.visibility import visible_clause, wanted_clause

__all__ = ["by_id", "count", "everyone_on", "holding", "lists_with", "members", "of", "timeline"]

MEMBERS_MAX = 5000
"""Members that are told at once when a client wants all of them."""

_MEMBER, _FOLLOW, _AUTHOR = aliased(ListMember), aliased(Follow), aliased(Follow)


async def of(tx: Tx, account_id: int) -> list[AccountList]:
    """Return somebody's lists, in the order in which they were made."""
    statement = select(AccountList).where(AccountList.account_id == account_id).order_by(AccountList.id)
    return list((await tx.execute(statement)).scalars())


async def count(tx: Tx, account_id: int) -> int:
    """Return how many lists somebody has."""
    statement = select(func.count()).select_from(AccountList).where(AccountList.account_id == account_id)
    return (await tx.execute(statement)).scalar_one()


async def by_id(tx: Tx, account_id: int, list_id: int | None) -> AccountList | None:
    """Find one of somebody's lists."""
    found = await tx.get(AccountList, list_id) if list_id is not None else None
    return found if found is not None and found.account_id == account_id else None


async def holding(tx: Tx, account_id: int, member_id: int) -> list[AccountList]:
    """Return those of somebody's lists on which somebody is."""
    statement = (
        select(AccountList)
        .join(ListMember, ListMember.list_id == AccountList.id)
        .where(AccountList.account_id == account_id, ListMember.account_id == member_id)
        .order_by(AccountList.id)
    )
    return list((await tx.execute(statement)).scalars())


async def members(tx: Tx, list_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return who is on a list, last first, with the key of the page."""
    rows = (await tx.execute(within(_members(list_id), ListMember.id, page))).all()
    return cut([(row.id, row.Account) for row in rows], page)


async def everyone_on(tx: Tx, list_id: int) -> list[Account]:
    """Return all who are on a list, last first."""
    statement = _members(list_id).order_by(ListMember.id.desc()).limit(MEMBERS_MAX)
    return [row.Account for row in await tx.execute(statement)]


async def timeline(tx: Tx, viewer_id: int, list_id: int, page: Page) -> Slice[int]:
    """Return ids of what the viewer reads in a list of theirs."""
    asked = parameters(page)
    values = {"viewer": viewer_id, "list": list_id, **asked}
    rows = await tx.execute(_timeline(frozenset(asked)), values)
    return cut(rows.scalars().all(), page)


async def lists_with(tx: Tx, post_id: int) -> list[tuple[int, int]]:
    """Return which lists show a post, each with its owner's id.

    Whether the owner may see the post, and wants to hear of its author, is asked elsewhere.
    """
    statement = (
        select(AccountList.id, AccountList.account_id)
        .join(ListEntry, ListEntry.list_id == AccountList.id)
        .join(Post, Post.id == ListEntry.post_id)
        .where(ListEntry.post_id == post_id, _shown())
        .order_by(AccountList.id)
    )
    return [(row.id, row.account_id) for row in await tx.execute(statement)]


@functools.cache
def _timeline(asked: frozenset[str]) -> Select[int]:
    viewer = bindparam("viewer", type_=Id)
    statement = (
        select(ListEntry.post_id)
        .join(Post, Post.id == ListEntry.post_id)
        .join(AccountList, AccountList.id == ListEntry.list_id)
        .where(
            ListEntry.list_id == bindparam("list", type_=Id),
            AccountList.account_id == viewer,
            _shown(),
            visible_clause(viewer),
            wanted_clause(viewer),
        )
    )
    return within(statement, ListEntry.post_id, shape(asked))


def _shown() -> ColumnElement[bool]:
    """Return the condition over `Post` and `AccountList` for what a list shows.

    Answers to the author themselves and to the owner always; others as the list wants it. Boosts, unless the
    owner does not want those of that person.
    """
    answered = Post.in_reply_to_account_id
    is_member = exists().where(_MEMBER.list_id == AccountList.id, _MEMBER.account_id == answered)
    is_followed = exists().where(
        _FOLLOW.account_id == AccountList.account_id,
        _FOLLOW.target_id == answered,
        _FOLLOW.state == FollowState.ACCEPTED,
    )
    with_boosts = exists().where(
        _AUTHOR.account_id == AccountList.account_id,
        _AUTHOR.target_id == Post.account_id,
        _AUTHOR.show_reblogs,
    )
    return and_(
        or_(
            Post.in_reply_to_iri.is_(None),
            answered == Post.account_id,
            answered == AccountList.account_id,
            and_(AccountList.replies_policy == "list", is_member),
            and_(AccountList.replies_policy == "followed", is_followed),
        ),
        or_(Post.reblog_of_id.is_(None), Post.account_id == AccountList.account_id, with_boosts),
    )


def _members(list_id: int) -> Select[int, Account]:
    return (
        select(ListMember.id, Account)
        .join(Account, Account.id == ListMember.account_id)
        .where(ListMember.list_id == list_id, Account.suspended_at.is_(None))
    )
