"""Reactions with an emoji, counted: only those that we have, never what another server says it has.

Source: Pleroma's documentation of its API, "Emoji Reactions"; FEP-c0e0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Account, Reaction
from fedi.queries.limited import unlimited_accounts
from fedi.queries.visibility import heard_clause

__all__ = ["ReactionCount", "find", "picture_of", "who"]

ACCOUNTS_MAX = 100
"""People named in one list of who reacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionCount:
    """One emoji under a post.

    Attributes:
        name: the emoji, or `name@domain` of a custom one.
        count: how many people.
        mine: whether the viewer is one of them.
        url: picture of a custom one.
    """

    name: str
    count: int
    mine: bool
    url: str | None


async def find(tx: Tx, *, account_id: int, post_id: int) -> list[Reaction]:
    """Return the reactions of one person to one post."""
    statement = select(Reaction).where(Reaction.account_id == account_id, Reaction.post_id == post_id)
    return list((await tx.execute(statement.order_by(Reaction.id))).scalars())


async def picture_of(tx: Tx, *, post_id: int, name: str) -> str | None:
    """Return the picture of a custom emoji with which somebody reacted to this post."""
    statement = select(Reaction.url).where(
        Reaction.post_id == post_id, Reaction.name == name, Reaction.url.is_not(None)
    )
    return (await tx.execute(statement.limit(1))).scalar_one_or_none()


async def who(
    tx: Tx, *, viewer_id: int | None, post_id: int, name: str | None
) -> Sequence[tuple[str, Account]]:
    """Return who reacted to a post and how, first to last, as far as the viewer hears of them.

    Args:
        tx: a transaction.
        viewer_id: who asks; None is a stranger.
        post_id: the post.
        name: only this emoji; None means all.
    """
    statement = (
        select(Reaction.name, Account)
        .join(Account, Account.id == Reaction.account_id)
        .where(Reaction.post_id == post_id, Account.suspended_at.is_(None))
        .order_by(Reaction.id)
        .limit(ACCOUNTS_MAX)
    )
    if viewer_id is not None:
        statement = statement.where(heard_clause(viewer_id, Account), unlimited_accounts(viewer_id))
    if name is not None:
        statement = statement.where(Reaction.name == name)
    return [(row[0], row[1]) for row in await tx.execute(statement)]
