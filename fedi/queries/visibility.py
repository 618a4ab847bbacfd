"""Who may see what: the single predicate.

Everything that shows posts goes through `visible_clause` or its twin `can_see`: pages, API, documents for
other servers. A second place that decides this would be the place that leaks.

Two people are *apart* when one of them blocks the other, or the other's whole server: neither sees what the
other wrote, nor a boost of it, nor hears of what the other does. A mute is less: `wanted_clause` keeps what
the viewer does not want out of timelines, and leaves it where the viewer goes to look at it.
"""

import functools
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.models import Account, Block, DomainBlock, Follow, FollowState, Mention, Mute, Post, PostState
from fedi.queries.limited import unlimited_accounts

__all__ = [
    "OPEN", "apart", "apart_from", "are_apart", "can_see", "covers", "heard_clause", "is_told",
    "keeps_host_away", "met_clause", "public_clause", "seen_among", "visible_clause", "wanted_clause",
]  # fmt: skip

Viewer = int | BindParameter[int]
"""An id, or a parameter in its place, for statements that are built once."""

OPEN = ("public", "unlisted")
"""Visibilities that need no relation to the author."""


def public_clause() -> ColumnElement[bool]:
    """Return the condition for what a stranger may see."""
    return visible_clause(None)


def visible_clause(viewer_id: Viewer | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what this viewer may see; None is a stranger.

    Of a boost both must be visible, the wrapper and what it holds: a boost would otherwise bring back what
    a suspended person wrote. A parameter in place of the id serves statements that are built once.
    """
    held = exists().where(_BOOSTED.id == Post.reblog_of_id, _visible(viewer_id, _BOOSTED, _OF_BOOSTED))
    return and_(_visible(viewer_id, Post, _OF_POST), or_(Post.reblog_of_id.is_(None), held))


def _visible(viewer_id: Viewer | None, post: Any, related: "_Related") -> ColumnElement[bool]:
    """Return the condition over `Post` or an alias of it, whatever else the statement selects from."""
    author, follow, mention = related
    standing = [author.id == post.account_id, author.suspended_at.is_(None)]
    is_open = post.visibility.in_(OPEN)
    if viewer_id is None:
        return and_(post.state == PostState.PUBLISHED, is_open, exists().where(*standing))
    in_good_standing = exists().where(*standing, ~apart(viewer_id, author))
    follows = exists().where(
        follow.account_id == viewer_id,
        follow.target_id == post.account_id,
        follow.state == FollowState.ACCEPTED,
    )
    mentioned = exists().where(mention.post_id == post.id, mention.account_id == viewer_id)
    reachable = or_(is_open, mentioned, and_(post.visibility == "private", follows))
    return or_(
        post.account_id == viewer_id, and_(post.state == PostState.PUBLISHED, in_good_standing, reachable)
    )


def wanted_clause(viewer_id: Viewer | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what a timeline shows this viewer: nothing by whom they mute."""
    if viewer_id is None:
        return true()
    muted = select(_MUTE.target_id).where(_MUTE.account_id == viewer_id)
    held = exists().where(_BOOSTED.id == Post.reblog_of_id, _BOOSTED.account_id.in_(muted))
    return and_(Post.account_id.not_in(muted), or_(Post.reblog_of_id.is_(None), ~held))


def apart(viewer_id: Viewer, other: type[Account]) -> ColumnElement[bool]:
    """Return the condition under which a viewer and an account (or an alias of it) are apart.

    The two sets of ids depend on the viewer only, so that a database makes them once for a whole page.
    """
    return or_(
        other.id.in_(_blocked_or_blocking(viewer_id)),
        exists().where(_RULE.account_id == viewer_id, covers(_RULE.domain, other.domain)),
        exists().where(
            _RULE.account_id == other.id, _VIEWER.id == viewer_id, covers(_RULE.domain, _VIEWER.domain)
        ),
    )


def heard_clause(viewer_id: Viewer, other: type[Account]) -> ColumnElement[bool]:
    """Return the condition under which a viewer does not shut out what an account (or an alias of it) does.

    What else is told them, and when, is for `screening` to say.
    """
    muted = select(_MUTE.target_id).where(_MUTE.account_id == viewer_id, _MUTE.notifications)
    return and_(other.id.not_in(muted), ~apart(viewer_id, other))


async def is_told(tx: Tx, account_id: int, doer_id: int) -> bool:
    """Tell whether somebody lives here and meets what an account does."""
    return (await tx.execute(_told(), {"viewer": account_id, "doer": doer_id})).first() is not None


@functools.cache
def _told() -> Select[int]:
    viewer, doer = bindparam("viewer", type_=Id), bindparam("doer", type_=Id)
    heard = exists().where(_DOER.id == doer, heard_clause(viewer, _DOER), unlimited_accounts(viewer, _DOER))
    return select(Account.id).where(Account.id == viewer, Account.domain == "", heard)


def met_clause(viewer_id: Viewer | None, other: type[Account]) -> ColumnElement[bool]:
    """Return the condition under which a list of people shows an account (or an alias of it) to a viewer."""
    standing = other.suspended_at.is_(None)
    return standing if viewer_id is None else and_(standing, ~apart(viewer_id, other))


async def are_apart(tx: Tx, account_id: int, other_id: int) -> bool:
    """Tell whether one of two people blocks the other, or the other's server."""
    found = await tx.execute(_apart(), {"viewer": account_id, "other": other_id})
    return found.first() is not None


@functools.cache
def _apart() -> Select[int]:
    viewer, other = bindparam("viewer", type_=Id), bindparam("other", type_=Id)
    return select(Account.id).where(Account.id == other, apart(viewer, Account))


async def apart_from(tx: Tx, account_id: int, others: Collection[int]) -> set[int]:
    """Return which of some accounts are apart from one."""
    if not others:
        return set()
    rows = await tx.execute(select(Account.id).where(Account.id.in_(others), apart(account_id, Account)))
    return set(rows.scalars())


async def keeps_host_away(tx: Tx, account_id: int, hosts: Collection[str]) -> bool:
    """Tell whether a local person blocks a server.

    Args:
        tx: a transaction.
        account_id: the local person.
        hosts: the server's names, as `domains.lineage` gives them.
    """
    rules = select(DomainBlock.id).where(DomainBlock.account_id == account_id, DomainBlock.domain.in_(hosts))
    return (await tx.execute(rules.limit(1))).first() is not None


def _blocked_or_blocking(viewer_id: Viewer) -> CompoundSelect[int]:
    return union_all(
        select(_MINE.target_id).where(_MINE.account_id == viewer_id),
        select(_THEIRS.account_id).where(_THEIRS.target_id == viewer_id),
    )


def covers(rule: Any, domain: Any) -> ColumnElement[bool]:
    """Return whether a rule holds for the domain of an account: what `domains.covers` says, in SQL.

    The domain of a handle may have a port, and rules have none. An underscore is an ordinary letter.
    """
    named: ColumnElement[str] = literal(".") + domain + literal(":")
    pattern = literal("%.") + func.replace(rule, "_", "\\_", type_=String) + literal(":%")
    return named.like(pattern, escape="\\")


class _Related(NamedTuple):
    """What the condition asks about beside the post, under names that no caller uses."""

    author: type[Account]
    follow: type[Follow]
    mention: type[Mention]


# Made once: an alias learns its columns at its first use, which takes milliseconds.
_BOOSTED = aliased(Post)
_MINE, _THEIRS, _MUTE = aliased(Block), aliased(Block), aliased(Mute)
_RULE, _VIEWER, _DOER = aliased(DomainBlock), aliased(Account), aliased(Account)
_OF_POST = _Related(aliased(Account), aliased(Follow), aliased(Mention))
_OF_BOOSTED = _Related(aliased(Account), aliased(Follow), aliased(Mention))


async def can_see(tx: Tx, viewer_id: int | None, post: Post) -> bool:
    """Tell whether this viewer may see this post."""
    known = {} if viewer_id is None else {"viewer": viewer_id}
    found = await tx.execute(_seen(stranger=viewer_id is None), {"post": post.id, **known})
    return found.first() is not None


async def seen_among(tx: Tx, viewer_id: int | None, post_ids: Collection[int]) -> set[int]:
    """Return which of some posts this viewer may see."""
    if not post_ids:
        return set()
    statement = select(Post.id).where(Post.id.in_(post_ids), visible_clause(viewer_id))
    return set((await tx.execute(statement)).scalars())


@functools.cache
def _seen(*, stranger: bool) -> Select[int]:
    viewer = None if stranger else bindparam("viewer", type_=Id)
    return select(Post.id).where(Post.id == bindparam("post", type_=Id), visible_clause(viewer))
