"""Where notifications are pushed to (RFC 8030), and keys of the server itself."""

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["PushSubscription", "ServerKey"]


class PushSubscription(Base):
    """A device's subscription; one for each access token."""

    __tablename__ = "push_subscription"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    token_id: Mapped[int] = mapped_column(Id, ForeignKey("oauth_token.id", ondelete="CASCADE"), unique=True)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str]
    p256dh: Mapped[str]
    """The device's public key, base64url."""
    auth: Mapped[str]
    """The secret that the device shares with us, base64url."""
    standard: Mapped[bool] = mapped_column(server_default=text("false"))
    """aes128gcm (RFC 8291) rather than the older aesgcm draft."""
    access_token: Mapped[str] = mapped_column(server_default="")
    """Encrypted under a key of the server's: the payload names the token that it is for."""
    alerts: Mapped[dict[str, bool]] = mapped_column(Json)
    policy: Mapped[str] = mapped_column(server_default="all")
    """From whom: all, followed, follower or none."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class ServerKey(Base):
    """A key that belongs to the instance and to no account in it."""

    __tablename__ = "server_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    """What it is for: vapid."""
    pem: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
