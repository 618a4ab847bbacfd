"""OAuth's verbs: registering clients, granting codes, redeeming them for tokens, and signing browsers in.

Every secret is 256 random bits, shown once and kept as its SHA-256: a slow hash would add nothing to so
much randomness, and a stolen backup opens no account. A code is marked as used by a conditional UPDATE, so
of two who redeem it at once one wins; whoever comes later takes the tokens that it bought down with it.

Sources: RFC 6749 sections 4.1 and 10.5, RFC 7636 (PKCE), RFC 7009 (revocation), RFC 9700 section 2.1.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select, update

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx
from fedi.lean import Asked, Chain, Lean
from fedi.models import Account, Login, OAuthApp, OAuthCode, OAuthToken, WebSession

__all__ = [
    "Granted", "Issued", "SignedIn", "find_app", "find_granted", "find_signed_in", "forget_everything",
    "grant_code", "granted_for", "issue_app_token", "issue_own", "redeem_code", "register_app", "revoke",
    "secret_matches", "sign_in", "sign_out", "still_good",
]  # fmt: skip

SECRET_BYTES = 32
"""Of every code, token and secret: 256 bits cannot be guessed."""

CODE_S = 600
"""Life of an authorization code, in seconds: the most that RFC 6749 section 4.1.2 advises."""

SESSION_S = 14 * 24 * 3600
"""Life of a browser's session, in seconds: it only serves to give access to applications."""

HALF_SESSION_S = 600
"""How long somebody who gave their password may look for their second factor, in seconds."""

USER_AGENT_CHARACTERS_MAX = 300
"""Of what a browser calls itself; real ones have two hundred."""

SECRET_CHARACTERS_MAX = 512
"""Of a secret that is looked at; ours have 43."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A fresh token, in the only moment in which its text is known."""

    text: str
    scopes: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a presented token stands for."""

    token_id: int
    scopes: frozenset[str]
    app: OAuthApp
    account: Account | None
    """None when the application speaks for itself."""
    is_pending: bool = False
    """Whether a moderator has yet to let the person in."""
    is_disabled: bool = False
    """Whether a moderator shut the person out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The person behind a browser's session cookie."""

    account: Account
    csrf_token: str
    key: str
    """Digest of the cookie: what the browser is called in lists."""


async def register_app(
    ctx: Context,
    tx: Tx,
    *,
    name: str,
    website: str | None,
    redirect_uris: Sequence[str],
    scopes: Sequence[str],
) -> tuple[OAuthApp, str]:
    """Register a client and return it with its secret, which is not kept."""
    secret = _secret()
    app = OAuthApp(
        id=ctx.ids.next(),
        client_id=_secret(),
        secret_hash=_digest(secret),
        name=name,
        website=website,
        redirect_uris=list(redirect_uris),
        scopes=list(scopes),
        created_at=ctx.clock(),
    )
    tx.add(app)
    await tx.flush()
    return app, secret


async def find_app(tx: Tx, client_id: str) -> OAuthApp | None:
    """Find a client by its public id."""
    return (await tx.execute(select(OAuthApp).where(OAuthApp.client_id == client_id))).scalar_one_or_none()


def secret_matches(app: OAuthApp, secret: str) -> bool:
    """Tell whether this is the client's secret, in constant time."""
    return hmac.compare_digest(app.secret_hash, _digest(secret))


async def grant_code(
    ctx: Context,
    tx: Tx,
    *,
    app: OAuthApp,
    account: Account,
    redirect_uri: str,
    scopes: Sequence[str],
    code_challenge: str | None,
) -> str:
    """Write down that a person let a client in, and return the code that says so."""
    code = _secret()
    now = ctx.clock()
    await tx.execute(delete(OAuthCode).where(OAuthCode.expires_at < now - timedelta(seconds=CODE_S)))
    tx.add(
        OAuthCode(
            code_hash=_digest(code),
            app_id=app.id,
            account_id=account.id,
            redirect_uri=redirect_uri,
            scopes=list(scopes),
            code_challenge=code_challenge,
            expires_at=now + timedelta(seconds=CODE_S),
        )
    )
    await tx.flush()
    return code


async def redeem_code(
    ctx: Context, tx: Tx, *, app: OAuthApp, code: str, redirect_uri: str | None, verifier: str | None
) -> Issued | None:
    """Exchange a code for a token; None when it is worth nothing.

    A refusal is a value and not an exception, because a code that comes a second time revokes what it
    bought, and that must be committed.

    Args:
        ctx: the context.
        tx: a writing transaction.
        app: the client, authenticated already.
        code: as it was given out.
        redirect_uri: must be the one that the code was sent to.
        verifier: PKCE's; needed exactly when the request carried a challenge.
    """
    code_hash = _digest(code)
    grant = await tx.get(OAuthCode, code_hash)
    if grant is None:
        return None
    if grant.used_at is not None:
        await _revoke_bought_with(ctx, tx, code_hash)
        return None
    now = ctx.clock()
    if (
        grant.app_id != app.id
        or grant.expires_at <= now
        or grant.redirect_uri != redirect_uri
        or not _verifier_fits(grant.code_challenge, verifier)
    ):
        return None
    taken = await tx.execute(
        update(OAuthCode)
        .where(OAuthCode.code_hash == code_hash, OAuthCode.used_at.is_(None))
        .values(used_at=now)
        .returning(OAuthCode.code_hash)
    )
    if taken.first() is None:
        await _revoke_bought_with(ctx, tx, code_hash)
        return None
    return await _issue(
        ctx, tx, app=app, account_id=grant.account_id, scopes=tuple(grant.scopes), code_hash=code_hash
    )


async def issue_app_token(ctx: Context, tx: Tx, *, app: OAuthApp, scopes: Sequence[str]) -> Issued:
    """Give a client a token that speaks for nobody but itself."""
    return await _issue(ctx, tx, app=app, account_id=None, scopes=tuple(scopes), code_hash=None)


BARRED = or_(~Login.approved, Login.disabled_at.is_not(None))
"""The condition for who may not come in: not yet, or no more."""

_GRANTED = (
    select(OAuthToken.id, OAuthToken.scopes, OAuthApp, Account, Login.approved, Login.disabled_at)
    .join(OAuthApp, OAuthApp.id == OAuthToken.app_id)
    .outerjoin(Account, Account.id == OAuthToken.account_id)
    .outerjoin(Login, Login.account_id == OAuthToken.account_id)
    .where(OAuthToken.token_hash == bindparam("token_hash"), OAuthToken.revoked_at.is_(None))
)
"""Built once: every request of every client asks it."""

_KEYS = frozenset({"private_key_pem", "proof_key_pem", "public_keys"})
_GRANTED_LEAN = Lean(lambda _: _GRANTED, {Account: _KEYS})


async def issue_own(ctx: Context, tx: Tx, *, app: OAuthApp, account: Account) -> Issued:
    """Give the application that signed somebody up access to their account, with all that it registered."""
    return await _issue(ctx, tx, app=app, account_id=account.id, scopes=tuple(app.scopes), code_hash=None)


async def find_granted(tx: Tx, token: str) -> Granted | None:
    """Find what a token stands for, in one statement; None when it was never given out or is revoked."""
    if len(token) > SECRET_CHARACTERS_MAX:
        return None
    row = (await tx.execute(_GRANTED, {"token_hash": _digest(token)})).first()
    return None if row is None else _granted(row)


def granted_for(token: str) -> Chain[Granted | None]:
    """Do as `find_granted`, as a chain; keys of the account are not loaded."""
    if len(token) > SECRET_CHARACTERS_MAX:
        return None
    found = yield Asked(_GRANTED_LEAN, {"token_hash": _digest(token)})
    return _granted(found.read(found.rows[0])) if found.rows else None


def _granted(row: Any) -> Granted:
    return Granted(
        token_id=row.id,
        scopes=frozenset(row.scopes),
        app=row.OAuthApp,
        account=row.Account,
        is_pending=row.approved is False,
        is_disabled=row.disabled_at is not None,
    )


async def still_good(tx: Tx, token_ids: Collection[int]) -> set[int]:
    """Return which of some tokens of people are worth something still."""
    good = select(OAuthToken.id).join(Account, Account.id == OAuthToken.account_id)
    good = good.where(
        OAuthToken.id.in_(token_ids),
        OAuthToken.revoked_at.is_(None),
        Account.suspended_at.is_(None),
        ~exists().where(Login.account_id == Account.id, BARRED),
    )
    return set((await tx.execute(good)).scalars())


async def revoke(ctx: Context, tx: Tx, *, app: OAuthApp, token: str) -> bool:
    """Revoke a token; False when it is another client's. One that does not exist counts as revoked."""
    row = (
        await tx.execute(select(OAuthToken).where(OAuthToken.token_hash == _digest(token)))
    ).scalar_one_or_none()
    if row is None:
        return True
    if row.app_id != app.id:
        return False
    row.revoked_at = row.revoked_at or ctx.clock()
    await tx.flush()
    await publish(tx, EventKind.REVOKED, now=ctx.clock(), subject_id=row.id)
    return True


async def sign_in(
    ctx: Context, tx: Tx, *, account: Account, user_agent: str = "", awaits_code: bool = False
) -> str:
    """Begin a browser's session and return the text of its cookie.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: whose session.
        user_agent: what the browser calls itself.
        awaits_code: whether it opens nothing until the second factor was given as well.
    """
    token = _secret()
    now = ctx.clock()
    await tx.execute(delete(WebSession).where(WebSession.expires_at < now))
    tx.add(
        WebSession(
            token_hash=_digest(token),
            account_id=account.id,
            csrf_token=_secret(),
            created_at=now,
            expires_at=now + timedelta(seconds=HALF_SESSION_S if awaits_code else SESSION_S),
            user_agent=user_agent.replace("\x00", "")[:USER_AGENT_CHARACTERS_MAX],
            awaits_code=awaits_code,
        )
    )
    await tx.flush()
    return token


async def find_signed_in(ctx: Context, tx: Tx, token: str, *, awaits_code: bool = False) -> SignedIn | None:
    """Find who is behind a session cookie; nobody when it ran out or the account is suspended.

    Args:
        ctx: the context.
        tx: a transaction.
        token: text of the cookie.
        awaits_code: whether somebody is looked for who has still to give the second factor, and only such.
    """
    if not token or len(token) > SECRET_CHARACTERS_MAX:
        return None
    row = (
        await tx.execute(
            select(Account, WebSession.csrf_token, WebSession.token_hash)
            .join(WebSession, WebSession.account_id == Account.id)
            .where(
                WebSession.token_hash == _digest(token),
                WebSession.expires_at > ctx.clock(),
                WebSession.awaits_code.is_(awaits_code),
                Account.suspended_at.is_(None),
                ~exists().where(Login.account_id == Account.id, BARRED),
            )
        )
    ).first()
    if row is None:
        return None
    return SignedIn(account=row.Account, csrf_token=row.csrf_token, key=row.token_hash)


async def sign_out(tx: Tx, token: str) -> None:
    """End a browser's session."""
    await tx.execute(delete(WebSession).where(WebSession.token_hash == _digest(token)))


async def forget_everything(ctx: Context, tx: Tx, *, account_id: int, keep: str = "") -> None:
    """End all sessions, codes and tokens of a person, as a changed password or a suspension must.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account_id: whose.
        keep: the key of a browser that stays signed in.
    """
    await tx.execute(
        delete(WebSession).where(WebSession.account_id == account_id, WebSession.token_hash != keep)
    )
    await tx.execute(delete(OAuthCode).where(OAuthCode.account_id == account_id))
    await tx.execute(
        update(OAuthToken)
        .where(OAuthToken.account_id == account_id, OAuthToken.revoked_at.is_(None))
        .values(revoked_at=ctx.clock())
    )
    await publish(tx, EventKind.REVOKED, now=ctx.clock(), account_id=account_id)


async def _issue(
    ctx: Context,
    tx: Tx,
    *,
    app: OAuthApp,
    account_id: int | None,
    scopes: tuple[str, ...],
    code_hash: str | None,
) -> Issued:
    text = _secret()
    now = ctx.clock()
    tx.add(
        OAuthToken(
            id=ctx.ids.next(),
            token_hash=_digest(text),
            app_id=app.id,
            account_id=account_id,
            scopes=list(scopes),
            code_hash=code_hash,
            created_at=now,
        )
    )
    await tx.flush()
    return Issued(text=text, scopes=scopes, created_at=now)


async def _revoke_bought_with(ctx: Context, tx: Tx, code_hash: str) -> None:
    """Revoke the tokens of a code that came twice: one of the two who had it stole it."""
    gone = await tx.execute(
        update(OAuthToken)
        .where(OAuthToken.code_hash == code_hash, OAuthToken.revoked_at.is_(None))
        .values(revoked_at=ctx.clock())
        .returning(OAuthToken.id)
    )
    for token_id in gone.scalars().all():
        await publish(tx, EventKind.REVOKED, now=ctx.clock(), subject_id=token_id)


def _verifier_fits(challenge: str | None, verifier: str | None) -> bool:
    """Check PKCE: a verifier without a challenge is refused too, since it means that one was stripped."""
    if challenge is None:
        return not verifier
    if not verifier or not verifier.isascii():
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"), challenge)


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
