"""Finding people: who is like those whom one follows, who is known to them, who lets themselves be found.

Nobody is suggested or listed who does not want to be discovered, is limited or suspended, or is apart from
the viewer. What a person follows counts for others only if they show it.

Source: Mastodon's documentation, "suggestions API methods", "directory API methods" and "Get familiar
followers".
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import (
    Account,
    Endorsement,
    Follow,
    FollowState,
    Mute,
    Post,
    SuggestionDismissal,
)  # fmt: skip
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.visibility import met_clause

__all__ = ["Suggestion", "directory", "endorsed", "familiar", "suggestions"]

FAMILIAR_MAX = 40
"""Of those whom one follows, how many are told as followers of one account."""

FRIENDS_MAX = 100
"""Of those whom one follows, whose follows are counted: the last ones say most about what one likes now."""

ACTIVE_POSTS_MAX = 1000
"""Public posts whose authors count as active."""

_LIVES_HERE = Account.domain == literal_column("''")
"""Written out, since a database takes the index of those who live here for a constant only."""

_MINE, _THEIRS, _FRIEND, _ANY = aliased(Follow), aliased(Follow), aliased(Account), aliased(Follow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Somebody whom one may want to follow, and why."""

    account: Account
    sources: tuple[str, ...]
    """Mastodon's words: friends_of_friends, most_followed."""


async def familiar(tx: Tx, viewer_id: int, account_ids: Sequence[int]) -> dict[int, list[Account]]:
    """Return, for each of some accounts, whom the viewer follows of those who follow it."""
    place = func.row_number().over(partition_by=_THEIRS.target_id, order_by=_THEIRS.id.desc())
    known = (
        select(_THEIRS.target_id, _THEIRS.account_id, place.label("place"))
        .join(_MINE, _MINE.target_id == _THEIRS.account_id)
        .join(_FRIEND, _FRIEND.id == _THEIRS.account_id)
        .where(
            _MINE.account_id == viewer_id,
            _MINE.state == FollowState.ACCEPTED,
            _THEIRS.state == FollowState.ACCEPTED,
            _THEIRS.target_id.in_(account_ids),
            _FRIEND.suspended_at.is_(None),
            ~_FRIEND.hides_collections,
        )
        .subquery()
    )
    statement = (
        select(known.c.target_id, Account)
        .join(Account, Account.id == known.c.account_id)
        .where(known.c.place <= FAMILIAR_MAX)
        .order_by(known.c.place)
    )
    found: dict[int, list[Account]] = defaultdict(list)
    for row in await tx.execute(statement):
        found[row.target_id].append(row.Account)
    return {one: found[one] for one in account_ids}


async def suggestions(tx: Tx, viewer_id: int, *, limit: int, offset: int = 0) -> list[Suggestion]:
    """Return whom the viewer may want to follow: whom several of their friends do, then who is popular."""
    friends = (
        select(Follow.target_id)
        .where(Follow.account_id == viewer_id, Follow.state == FollowState.ACCEPTED)
        .order_by(Follow.id.desc())
        .limit(FRIENDS_MAX)
        .subquery()
    )
    count = func.count()
    by_friends = (
        select(Account, count.label("count"))
        .join(_THEIRS, _THEIRS.target_id == Account.id)
        .join(friends, friends.c.target_id == _THEIRS.account_id)
        .join(_FRIEND, _FRIEND.id == _THEIRS.account_id)
        .where(_THEIRS.state == FollowState.ACCEPTED, ~_FRIEND.hides_collections, *_suggestible(viewer_id))
        .group_by(Account.id)
        .order_by(count.desc(), Account.followers_count.desc(), Account.id)
        .limit(offset + limit)
    )
    popular = (
        select(Account)
        .where(_LIVES_HERE, Account.followers_count > 0, *_suggestible(viewer_id))
        .order_by(Account.followers_count.desc(), Account.id)
        .limit(offset + limit)
    )
    people: dict[int, Account] = {}
    why: dict[int, list[str]] = defaultdict(list)
    for source, statement in (("friends_of_friends", by_friends), ("most_followed", popular)):
        for account, *_rest in await tx.execute(statement):
            people[account.id] = account
            why[account.id].append(source)
    chosen = list(people)[offset : offset + limit]
    return [Suggestion(account=people[one], sources=tuple(why[one])) for one in chosen]


async def directory(
    tx: Tx, viewer_id: int | None, *, local: bool, newest: bool, limit: int, offset: int
) -> Sequence[Account]:
    """Return who lets themselves be found: who posted last first, or who came last.

    Of all servers' people those are active who wrote one of the last public posts: to sort all accounts that
    are known here would take seconds, and strangers may ask.
    """
    statement = select(Account).where(*_listed(viewer_id))
    if local:
        statement = statement.where(_LIVES_HERE)
    if newest:
        statement = statement.order_by(Account.id.desc())
    elif local:
        statement = statement.order_by(Account.last_status_at.desc().nulls_last(), Account.id.desc())
    else:
        last = select(Post.id, Post.account_id).where(Post.visibility == "public").order_by(Post.id.desc())
        posts = last.limit(ACTIVE_POSTS_MAX).subquery()
        authors = select(posts.c.account_id, func.max(posts.c.id).label("last")).group_by(posts.c.account_id)
        active = authors.subquery()
        statement = statement.join(active, active.c.account_id == Account.id).order_by(active.c.last.desc())
    return (await tx.execute(statement.limit(limit).offset(offset))).scalars().all()


async def endorsed(tx: Tx, viewer_id: int | None, account_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return whom somebody shows on their profile, last first, with the key of the page."""
    statement = (
        select(Endorsement.id, Account)
        .join(Account, Account.id == Endorsement.target_id)
        .where(Endorsement.account_id == account_id, met_clause(viewer_id, Account))
    )
    rows = (await tx.execute(within(statement, Endorsement.id, page))).all()
    return cut([(row.id, row.Account) for row in rows], page)


def _listed(viewer_id: int | None) -> list[ColumnElement[bool]]:
    """Return the conditions over `Account` for who is shown to those who look around."""
    return [
        Account.discoverable.is_(True),
        Account.silenced_at.is_(None),
        Account.moved_to.is_(None),
        Account.kind != "Application",
        met_clause(viewer_id, Account),
    ]


def _suggestible(viewer_id: int) -> list[ColumnElement[bool]]:
    followed = exists().where(_ANY.account_id == viewer_id, _ANY.target_id == Account.id)
    unwanted = [
        Account.id.in_(select(model.target_id).where(model.account_id == viewer_id))
        for model in (Mute, SuggestionDismissal)
    ]
    return [*_listed(viewer_id), Account.id != viewer_id, ~followed, *(~one for one in unwanted)]
