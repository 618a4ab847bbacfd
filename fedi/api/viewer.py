"""Who asks: from the bearer token to a value that says what its holder may do.

Every endpoint that needs a right calls `require` (in the transaction that it reads with) or `admit` (before
it reads a body or writes), and gets a `Viewer`; there is no flag to forget. A token that is presented and
worth nothing is refused even where none is needed, so that a client notices that it was logged out.

Tokens are taken from the `Authorization` header only: in a query they would end up in logs (RFC 9700
section 4.3.2).
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request

from fedi import context
from fedi.api import errors, scopes
from fedi.db import Tx
from fedi.lean import Chain
from fedi.models import Account, Login, OAuthApp, Role
from fedi.services import authorizing

__all__ = [
    "Viewer", "admit", "admit_staff", "bearer", "find", "identify", "require", "require_app", "require_staff",
    "required",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A person, asking through an application."""

    account: Account
    app: OAuthApp
    scopes: frozenset[str]

    @property
    def id(self) -> int:
        """Id of the account."""
        return self.account.id

    async def present(self, tx: Tx) -> Account:
        """Return the account as it stands in another transaction, which may then change it.

        Raises:
            Refused: 403, when it was suspended or removed meanwhile.
        """
        account = await tx.get(Account, self.account.id)
        if account is None or account.suspended_at is not None:
            raise errors.disabled()
        return account


def bearer(request: HTTPConnection) -> str | None:
    """Return the token of a request; None when it has none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def identify(request: Request, tx: Tx) -> authorizing.Granted | None:
    """Return what the token of a request stands for; None when there is no token.

    Raises:
        Refused: 401 for a token that is worth nothing, 403 for one of a suspended account.
    """
    token = bearer(request)
    return None if token is None else _in_good_standing(await authorizing.find_granted(tx, token))


def _in_good_standing(granted: authorizing.Granted | None) -> authorizing.Granted:
    if granted is None:
        raise errors.bad_token()
    if granted.is_disabled or (granted.account is not None and granted.account.suspended_at is not None):
        raise errors.disabled()
    if granted.is_pending:
        raise errors.pending()
    return granted


async def find(request: Request, tx: Tx, scope: str) -> Viewer | None:
    """Return the viewer where strangers are welcome too; None for them and for applications.

    Raises:
        Refused: as `identify`; 403 when the token lacks the scope.
    """
    granted = await identify(request, tx)
    if granted is None:
        return None
    _require_scope(granted, scope)
    if granted.account is None:
        return None
    return Viewer(account=granted.account, app=granted.app, scopes=granted.scopes)


async def require(request: Request, tx: Tx, *any_of: str) -> Viewer:
    """Return the viewer, who must have one of these scopes.

    Raises:
        Refused: 401 without a good token; 403 without the scope, or when no person stands behind it.
    """
    return _viewer(await identify(request, tx), *any_of)


def required(request: Request, *any_of: str) -> Chain[Viewer]:
    """Do as `require`, as a chain: the account is to be read only, and has no keys."""
    token = bearer(request)
    granted = None if token is None else _in_good_standing((yield from authorizing.granted_for(token)))
    return _viewer(granted, *any_of)


def _viewer(granted: authorizing.Granted | None, *any_of: str) -> Viewer:
    if granted is None:
        raise errors.no_token()
    if granted.account is None:
        raise errors.app_only()
    _require_scope(granted, *any_of)
    return Viewer(account=granted.account, app=granted.app, scopes=granted.scopes)


async def admit(request: Request, scope: str) -> Viewer:
    """Do as `require`, in a transaction of its own."""
    async with context.of(request).db.read() as tx:
        return await require(request, tx, scope)


async def require_staff(request: Request, tx: Tx, scope: str, *, least: Role = Role.MODERATOR) -> Viewer:
    """Return the viewer, who must have this scope and at least this role: neither is enough alone.

    Raises:
        Refused: as `require`; 403 without the role.
    """
    viewer = await require(request, tx, scope)
    login = await tx.get(Login, viewer.id)
    role = Role(login.role) if login is not None else Role.USER
    if role not in ((Role.MODERATOR, Role.ADMIN) if least is Role.MODERATOR else (Role.ADMIN,)):
        raise errors.not_allowed(f"role {role} is not {least}")
    return viewer


async def admit_staff(request: Request, scope: str, *, least: Role = Role.MODERATOR) -> Viewer:
    """Do as `require_staff`, in a transaction of its own."""
    async with context.of(request).db.read() as tx:
        return await require_staff(request, tx, scope, least=least)


async def require_app(request: Request, tx: Tx) -> OAuthApp:
    """Return the application, whoever stands behind it.

    Raises:
        Refused: 401 without a good token.
    """
    granted = await identify(request, tx)
    if granted is None:
        raise errors.no_token()
    return granted.app


def _require_scope(granted: authorizing.Granted, *any_of: str) -> None:
    if not any(scopes.covers(granted.scopes, scope) for scope in any_of):
        raise errors.outside_scopes(any_of)
