"""OAuth applications, codes and tokens, and the sessions of browsers.

Secrets are kept as SHA-256 only: they are random and long, so a slow hash would add nothing, and a
stolen backup opens no account.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["OAuthApp", "OAuthCode", "OAuthToken", "WebSession"]


class OAuthApp(Base):
    """A client that registered itself."""

    __tablename__ = "oauth_app"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    client_id: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    name: Mapped[str]
    website: Mapped[str | None]
    redirect_uris: Mapped[list[str]] = mapped_column(Json)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class OAuthCode(Base):
    """An authorization code: single use, ten minutes."""

    __tablename__ = "oauth_code"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    app_id: Mapped[int] = mapped_column(Id, ForeignKey("oauth_app.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(Json)
    code_challenge: Mapped[str | None]
    """PKCE S256 challenge."""
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class OAuthToken(Base):
    """An access token. Without an account it speaks for the application only."""

    __tablename__ = "oauth_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    token_hash: Mapped[str] = mapped_column(unique=True)
    app_id: Mapped[int] = mapped_column(Id, ForeignKey("oauth_app.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    scopes: Mapped[list[str]] = mapped_column(Json)
    code_hash: Mapped[str | None] = mapped_column(index=True)
    """The code it was bought with: a second use of that code revokes it (RFC 6749 section 4.1.2)."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    """To the day: more often is not worth a write."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class WebSession(Base):
    """A signed-in browser."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    user_agent: Mapped[str] = mapped_column(server_default="")
    """What the browser calls itself, so that its owner knows it again."""
    awaits_code: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the password was right and the second factor is still missing: then it opens nothing."""
