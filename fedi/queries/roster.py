"""Accounts as moderators look for them: by where they live, how they stand, and what they are called.

Source: Mastodon's documentation, "admin/accounts API methods".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from fedi.db import Tx
from fedi.models import Account, Login, Role
from fedi.queries.page import Page, Slice, cut, within

__all__ = ["STATUSES", "Known", "Search", "find", "load", "search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account, with the login of somebody who signs in here."""

    account: Account
    login: Login | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; None asks for no such thing.

    Attributes:
        local: whether they live here, or elsewhere.
        status: one of `STATUSES`.
        domain: of their handle; its subdomains are others.
        username, display_name, email: how these begin or what they hold, without case.
        roles: what they may do.
    """

    local: bool | None = None
    status: str | None = None
    domain: str | None = None
    username: str | None = None
    display_name: str | None = None
    email: str | None = None
    roles: Collection[Role] | None = None


STATUSES: Mapping[str, ColumnElement[bool]] = {
    "active": Account.suspended_at.is_(None) & func.coalesce(Login.approved, True),
    "pending": Login.approved.is_(False),
    "disabled": Login.disabled_at.is_not(None),
    "silenced": Account.silenced_at.is_not(None),
    "suspended": Account.suspended_at.is_not(None) & Account.deleted_at.is_(None),
    "sensitized": Account.sensitized_at.is_not(None),
}
"""How accounts may stand, by Mastodon's words, and the condition for each."""


async def search(tx: Tx, wanted: Search, page: Page) -> Slice[Known]:
    """Return accounts, the newest first."""
    statement = _known().where(Account.kind != "Application", Account.deleted_at.is_(None))
    statement = statement.where(*_conditions(wanted))
    rows = (await tx.execute(within(statement, Account.id, page))).all()
    return cut([Known(account=row.Account, login=row.Login) for row in rows], page)


async def find(tx: Tx, account_id: int) -> Known | None:
    """Find one account; the server's own is no account in this sense."""
    found = await load(tx, [account_id])
    known = found.get(account_id)
    if known is None or (known.account.is_local and known.account.kind == "Application"):
        return None
    return known


async def load(tx: Tx, ids: Sequence[int]) -> dict[int, Known]:
    """Return those of the accounts that exist, by id, in one statement."""
    rows = (await tx.execute(_known().where(Account.id.in_(set(ids))))).all() if ids else []
    return {row.Account.id: Known(account=row.Account, login=row.Login) for row in rows}


def _known() -> Select[Account, Login]:
    return select(Account, Login).outerjoin(Login, Login.account_id == Account.id)


def _conditions(wanted: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.local is not None:
        found.append((Account.domain == "") if wanted.local else (Account.domain != ""))
    if wanted.status is not None:
        found.append(STATUSES[wanted.status])
    if wanted.domain is not None:
        found.append(Account.domain == wanted.domain)
    if wanted.username is not None:
        found.append(func.lower(Account.username).startswith(wanted.username.lower(), autoescape=True))
    if wanted.display_name is not None:
        found.append(func.lower(Account.display_name).contains(wanted.display_name.lower(), autoescape=True))
    if wanted.email is not None:
        found.append(func.lower(Login.email).contains(wanted.email.lower(), autoescape=True))
    if wanted.roles is not None:
        found.append(Login.role.in_([str(role) for role in wanted.roles]))
    return found
