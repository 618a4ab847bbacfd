"""How many of everything: what a server tells about itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from fedi.db import Tx
from fedi.models import Account, Login, Role

__all__ = ["Census", "contact", "servers", "take"]

ACTIVE_MONTH = timedelta(days=28)
"""How recently somebody must have posted to count as active; Mastodon counts four weeks."""

PEERS_MAX = 10_000
"""Other servers that are counted; beyond that nobody looks at the exact number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The numbers.

    Attributes:
        people: local accounts that can sign in.
        active_month: local accounts that posted in the last four weeks.
        posts: local posts.
        servers: other servers that we know accounts of.
    """

    people: int
    active_month: int
    posts: int
    servers: int


async def take(tx: Tx, now: datetime) -> Census:
    """Count, in one statement."""
    people = select(func.count()).select_from(Login).scalar_subquery()
    active = (
        select(func.count())
        .select_from(Account)
        .where(Account.domain == "", Account.last_status_at >= now - ACTIVE_MONTH)
        .scalar_subquery()
    )
    posts = (
        select(func.coalesce(func.sum(Account.statuses_count), 0))
        .where(Account.domain == "")
        .scalar_subquery()
    )
    servers = (
        select(func.count())
        .select_from(
            select(Account.domain).where(Account.domain != "").distinct().limit(PEERS_MAX).subquery()
        )
        .scalar_subquery()
    )
    row = (await tx.execute(select(people, active, posts, servers))).one()
    return Census(people=row[0], active_month=row[1], posts=int(row[2]), servers=row[3])


async def servers(tx: Tx) -> list[str]:
    """Return the domains of the servers that we know accounts of, in order."""
    known = select(Account.domain).where(Account.domain != "").distinct()
    return list((await tx.execute(known.order_by(Account.domain).limit(PEERS_MAX))).scalars())


async def contact(tx: Tx) -> Account | None:
    """Find the operator's account: the first administrator."""
    found = await tx.execute(
        select(Account)
        .join(Login, Login.account_id == Account.id)
        .where(Login.role == Role.ADMIN, Account.suspended_at.is_(None))
        .order_by(Account.id)
        .limit(1)
    )
    return found.scalar_one_or_none()
