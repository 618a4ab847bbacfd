"""Who has access to an account: the applications that were let in, and the browsers that are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import OAuthApp, OAuthToken, WebSession

__all__ = ["Browser", "Grant", "browsers", "grants"]

ROWS_MAX = 1000
"""Tokens that are looked at: nobody has so many applications, and the newest come first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one application may do for somebody, by all tokens that it has."""

    app: OAuthApp
    scopes: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A browser that is signed in; its `key` opens nothing, being the digest of what does."""

    key: str
    user_agent: str
    since: datetime


async def grants(tx: Tx, account_id: int) -> list[Grant]:
    """Return the applications that somebody let in, the last first."""
    rows = await tx.execute(
        select(OAuthToken, OAuthApp)
        .join(OAuthApp, OAuthApp.id == OAuthToken.app_id)
        .where(OAuthToken.account_id == account_id, OAuthToken.revoked_at.is_(None))
        .order_by(OAuthToken.id.desc())
        .limit(ROWS_MAX)
    )
    found: dict[int, Grant] = {}
    for token, app in rows:
        before = found.get(app.id)
        scopes = frozenset(token.scopes) | (before.scopes if before else frozenset())
        found[app.id] = Grant(app=app, scopes=scopes, since=token.created_at)
    return list(found.values())


async def browsers(tx: Tx, account_id: int, *, now: datetime) -> Sequence[Browser]:
    """Return the browsers that are signed in, the last first."""
    rows = await tx.execute(
        select(WebSession)
        .where(
            WebSession.account_id == account_id,
            WebSession.expires_at > now,
            WebSession.awaits_code.is_(False),
        )
        .order_by(WebSession.created_at.desc())
        .limit(ROWS_MAX)
    )
    return [
        Browser(key=row.token_hash, user_agent=row.user_agent, since=row.created_at) for row in rows.scalars()
    ]
