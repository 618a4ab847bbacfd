"""Followers as sets of ids: what two servers compare to see whether they agree on who follows whom.

Source: FEP-8fcf.
"""

from collections.abc import Sequence

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState

__all__ = ["elsewhere", "here"]


async def elsewhere(tx: Tx, account_id: int, *, server: str | None = None) -> list[str]:
    """Return the ids of an account's followers on other servers, in order.

    Args:
        tx: a transaction.
        account_id: whose followers.
        server: only those of this server, as `https://host`.
    """
    statement = (
        select(Account.iri)
        .join(Follow, Follow.account_id == Account.id)
        .where(Follow.target_id == account_id, Follow.state == FollowState.ACCEPTED, Account.domain != "")
        .order_by(Account.iri)
    )
    if server is not None:
        statement = statement.where(Account.iri.startswith(f"{server}/", autoescape=True))
    return list((await tx.execute(statement)).scalars())


async def here(tx: Tx, account_id: int) -> Sequence[Account]:
    """Return who of this server's people follows an account."""
    statement = (
        select(Account)
        .join(Follow, Follow.account_id == Account.id)
        .where(Follow.target_id == account_id, Follow.state == FollowState.ACCEPTED, Account.domain == "")
        .order_by(Account.iri)
    )
    return (await tx.execute(statement)).scalars().all()
