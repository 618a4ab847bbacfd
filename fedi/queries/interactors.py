"""Who elsewhere had to do with somebody here lately, beside their followers.

Their servers show the profile beside a like, an answer or a boost, and nobody there may follow it; so they
are told when it changes. One account stands for each inbox: its server needs to be told once.
"""

from datetime import datetime

from sqlalchemy import func, select, union
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import Account, Favourite, Mention, Post, Reaction

__all__ = ["INBOXES_MAX", "inboxes", "recent"]

INBOXES_MAX = 5000
"""Servers told beside those of followers; a post that goes round the world is liked on fewer."""


async def recent(tx: Tx, account_id: int, since: datetime) -> list[int]:
    """Return ids of accounts elsewhere that liked, answered, boosted or mentioned, one for each inbox."""
    mine = aliased(Post)
    people = union(
        select(Favourite.account_id)
        .join(mine, mine.id == Favourite.post_id)
        .where(mine.account_id == account_id, Favourite.created_at >= since),
        select(Reaction.account_id)
        .join(mine, mine.id == Reaction.post_id)
        .where(mine.account_id == account_id, Reaction.created_at >= since),
        select(Post.account_id)
        .join(mine, mine.id == Post.in_reply_to_id)
        .where(mine.account_id == account_id, Post.created_at >= since),
        select(Post.account_id)
        .join(mine, mine.id == Post.reblog_of_id)
        .where(mine.account_id == account_id, Post.created_at >= since),
        select(Post.account_id)
        .join(Mention, Mention.post_id == Post.id)
        .where(Mention.account_id == account_id, Post.created_at >= since),
    ).subquery()
    statement = (
        select(func.min(Account.id))
        .join(people, people.c.account_id == Account.id)
        .where(Account.domain != "", Account.suspended_at.is_(None))
        .group_by(func.coalesce(Account.shared_inbox, Account.inbox))
        .order_by(func.min(Account.id))
        .limit(INBOXES_MAX)
    )
    return list((await tx.execute(statement)).scalars())


async def inboxes(tx: Tx) -> list[str]:
    """Return every inbox of other servers that we know of, one for each server that shares one."""
    inbox = func.coalesce(Account.shared_inbox, Account.inbox)
    statement = select(inbox).distinct().where(Account.domain != "").order_by(inbox)
    return list((await tx.execute(statement)).scalars())
