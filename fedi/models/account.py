"""People, bots and servers, ours and others': one table, because posts and follows do not care.

A local account has an empty `domain` and a private key; `Login` holds what only local people have.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Account", "Login", "Role"]


_LOCAL = text("domain = ''")


class Role(StrEnum):
    """What a local person may do."""

    USER = "user"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Account(Base):
    """An ActivityPub actor."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("username", "domain"),
        Index("ix_account_inbox", "inbox"),
        # A few of all that are known here: who lives here, by when they posted last.
        Index("ix_account_local", "last_status_at", sqlite_where=_LOCAL, postgresql_where=_LOCAL),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    username: Mapped[str]
    """Lower case for local accounts; as they spell it for others."""
    domain: Mapped[str] = mapped_column(server_default="")
    """Empty for local accounts; otherwise the domain of the handle, in ASCII form, with any port."""
    iri: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """ActivityPub type: Person, Service, Application, Group or Organization."""
    display_name: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    """Biography as sanitised HTML."""
    note_source: Mapped[str] = mapped_column(server_default="")
    """Biography as the local person typed it."""
    url: Mapped[str | None]
    inbox: Mapped[str]
    shared_inbox: Mapped[str | None]
    outbox: Mapped[str | None]
    followers: Mapped[str | None]
    following: Mapped[str | None]
    featured: Mapped[str | None]
    featured_tags: Mapped[str | None]
    """Collection of the hashtags that they show on their profile."""
    public_keys: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """`[{"id": IRI, "pem": SPKI PEM}]`, RSA and Ed25519; remote ones as last fetched."""
    private_key_pem: Mapped[str | None]
    """RSA, for signatures of requests."""
    proof_key_pem: Mapped[str | None]
    """Ed25519, for proofs in documents (FEP-8b32)."""
    avatar_key: Mapped[str | None]
    avatar_url: Mapped[str | None]
    avatar_description: Mapped[str] = mapped_column(server_default="")
    """What it shows, for who does not see it."""
    header_key: Mapped[str | None]
    header_url: Mapped[str | None]
    header_description: Mapped[str] = mapped_column(server_default="")
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """`[{"name": text, "value": HTML, "source": as typed, "verified_at": moment as text or null}]`."""
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    also_known_as: Mapped[list[str]] = mapped_column(Json)
    attribution_domains: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"))
    """Sites that may name this account as the author of their pages."""
    moved_to: Mapped[str | None]
    moved_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the last Move was taken in or made, for the pause between two."""
    operator: Mapped[str | None]
    """Handle of the person who answers for a bot."""
    locked: Mapped[bool] = mapped_column(server_default=text("false"))
    discoverable: Mapped[bool] = mapped_column(server_default=text("false"))
    indexable: Mapped[bool] = mapped_column(server_default=text("false"))
    memorial: Mapped[bool] = mapped_column(server_default=text("false"))
    hides_collections: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether their followers and whom they follow are shown as numbers only."""
    followers_count: Mapped[int] = mapped_column(server_default=text("0"))
    following_count: Mapped[int] = mapped_column(server_default=text("0"))
    statuses_count: Mapped[int] = mapped_column(server_default=text("0"))
    last_status_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a remote account's document was last read."""
    suspended_at: Mapped[datetime | None] = mapped_column(Instant)
    silenced_at: Mapped[datetime | None] = mapped_column(Instant)
    """Limited: shown to their followers and who looks for them, and to nobody else."""
    suspended_by_origin: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether their own server suspended them."""
    sensitized_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when all their pictures are covered, by a moderator."""
    shows_media: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether their profile has a tab of pictures."""
    shows_media_replies: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether that tab has pictures of answers too."""
    shows_featured: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether their profile has a tab of what they feature."""
    suspended_by_rule: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether they are suspended because their server is, and no longer than that."""
    silenced_by_rule: Mapped[bool] = mapped_column(server_default=text("false"))
    """As above."""
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a local account was deleted: its name stays taken, and its key signs what is still queued."""

    @property
    def is_local(self) -> bool:
        """Whether this account lives on this server."""
        return self.domain == ""

    @property
    def is_bot(self) -> bool:
        """Whether it says of itself that no person types there."""
        return self.kind in {"Service", "Application"}

    @property
    def acct(self) -> str:
        """`name` for local accounts, `name@domain` for others."""
        return f"{self.username}@{self.domain}" if self.domain else self.username


class Login(Base):
    """What a local person signs in with."""

    __tablename__ = "login"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    password_hash: Mapped[str]
    """argon2id, in its own string form."""
    role: Mapped[str] = mapped_column(server_default=Role.USER)
    default_visibility: Mapped[str] = mapped_column(server_default="public")
    default_sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    default_language: Mapped[str | None]
    default_quote_policy: Mapped[str] = mapped_column(server_default="public")
    """Who may quote new posts: public, followers or nobody."""
    email: Mapped[str | None] = mapped_column(index=True)
    """Where a person who signed up can be reached; those whom the operator made may have none."""
    reason: Mapped[str] = mapped_column(server_default="")
    """Why they want to join, where joining is decided by a moderator."""
    approved: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether a moderator let them in, where that is asked."""
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when they cannot sign in, by a moderator."""
    totp_secret: Mapped[str | None]
    """Shared secret of the second factor (RFC 6238), base32; None while it is off."""
    totp_step: Mapped[int | None] = mapped_column(Id)
    """The last time step of which a code was taken, so that none is taken twice."""
    recovery_codes: Mapped[list[str]] = mapped_column(Json, server_default=text("'[]'"))
    """SHA-256 of the codes that are left."""
    preferences: Mapped[dict[str, Any]] = mapped_column(Json, server_default=text("'{}'"))
    """What was chosen, by the preference's name; `services.preferring` has names and defaults."""
    created_by_app_id: Mapped[int | None] = mapped_column(Id)
    """The application that signed them up."""
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    """To the day."""
    tells_of_blocks: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether the server of somebody blocked gets the Block, and can then hide us from them."""
    created_at: Mapped[datetime] = mapped_column(Instant)
