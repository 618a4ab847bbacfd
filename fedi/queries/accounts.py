"""Finding accounts."""

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from fedi import iris
from fedi.config import Settings
from fedi.db import Tx
from fedi.models import Account

__all__ = [
    "by_either_handle",
    "by_handle",
    "by_id",
    "by_ids",
    "by_iri",
    "instance_actor",
    "local_by_name",
    "successor",
]


async def by_id(tx: Tx, account_id: int) -> Account | None:
    """Find an account by its id."""
    return await tx.get(Account, account_id)


async def by_ids(tx: Tx, ids: Sequence[int]) -> dict[int, Account]:
    """Return those of the accounts that exist, by id, in one statement."""
    if not ids:
        return {}
    rows = await tx.execute(select(Account).where(Account.id.in_(set(ids))))
    return {account.id: account for account in rows.scalars()}


_BY_IRI = select(Account).where(Account.iri == bindparam("iri"))  # built once: it is asked all the time


async def by_iri(tx: Tx, iri: str) -> Account | None:
    """Find an account by its ActivityPub id."""
    return (await tx.execute(_BY_IRI, {"iri": iri})).scalar_one_or_none()


async def local_by_name(tx: Tx, username: str) -> Account | None:
    """Find a local account; names are compared without case."""
    return await by_handle(tx, username.lower(), "")


async def by_handle(tx: Tx, username: str, domain: str) -> Account | None:
    """Find an account by name and domain; an empty domain means here.

    A name is found as it is written or, since nearly all are lower case, in lower case.
    """
    for name in dict.fromkeys((username, username.lower())):
        found = await tx.execute(select(Account).where(Account.username == name, Account.domain == domain))
        account = found.scalar_one_or_none()
        if account is not None:
            return account
    return None


async def by_either_handle(tx: Tx, username: str, domain: str) -> Account | None:
    """Find an account elsewhere by its handle, or by its name at the host where its server stands.

    On a split domain `ann@example.org` is `ann@social.example.org` too, and people type what they see in the
    address bar. The handle goes first, and two of a name at one host are none.
    """
    exact = await by_handle(tx, username, domain)
    if exact is not None:
        return exact
    there = or_(
        *(Account.iri.startswith(f"{scheme}://{domain}/", autoescape=True) for scheme in ("https", "http"))
    )
    named = select(Account).where(
        Account.username.in_({username, username.lower()}), Account.domain != "", there
    )
    rows = (await tx.execute(named.limit(2))).scalars().all()
    return rows[0] if len(rows) == 1 else None


async def instance_actor(tx: Tx, settings: Settings) -> Account | None:
    """Find the actor that speaks for this server."""
    return await by_iri(tx, iris.instance_actor(settings))


async def successor(tx: Tx, account: Account) -> Account | None:
    """Find the account that another one moved to; it counts when it is known here and names the old one."""
    if account.moved_to is None:
        return None
    found = await by_iri(tx, account.moved_to)
    if found is None or found.suspended_at is not None or account.iri not in found.also_known_as:
        return None
    return found
