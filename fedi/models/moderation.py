"""What the operator decided about other servers, what was reported, and who did what about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = [
    "AccountWarning", "AuditEntry", "CanonicalEmailBlock", "DomainAllow", "DomainRule", "EmailDomainBlock",
    "IpBlock", "Report", "Severity",
]  # fmt: skip


class Severity(StrEnum):
    """How far a server is kept away; Mastodon's words."""

    NOOP = "noop"
    """Not at all, but for what the row says beside."""
    SILENCE = "silence"
    """Its people are shown to their followers only."""
    SUSPEND = "suspend"
    """Nothing comes in and nothing goes out."""


class DomainRule(Base):
    """What holds for a server and its subdomains."""

    __tablename__ = "domain_rule"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    domain: Mapped[str] = mapped_column(unique=True)
    """ASCII form, lower case, without port or trailing dot."""
    severity: Mapped[str]
    reject_media: Mapped[bool] = mapped_column(server_default=text("false"))
    reject_reports: Mapped[bool] = mapped_column(server_default=text("false"))
    obfuscate: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the published list shows the name only in part."""
    public_comment: Mapped[str] = mapped_column(server_default="")
    private_comment: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class DomainAllow(Base):
    """A server that we talk to when we talk to chosen ones only."""

    __tablename__ = "domain_allow"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    domain: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Report(Base):
    """A complaint, from here or by a Flag from elsewhere, until somebody has dealt with it."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    iri: Mapped[str | None] = mapped_column(unique=True)
    """Id of the Flag that brought it, or under which it was passed on."""
    account_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id", ondelete="SET NULL"))
    """Who complains; of a Flag the actor that sent it, often a whole server's."""
    origin: Mapped[str] = mapped_column(server_default="", index=True)
    """Host that it came from; empty for our own people."""
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    post_ids: Mapped[list[int]] = mapped_column(Json)
    comment: Mapped[str] = mapped_column(server_default="")
    category: Mapped[str] = mapped_column(server_default="other")
    """Mastodon's: spam, legal, violation or other."""
    rule_ids: Mapped[list[int]] = mapped_column(Json)
    forwarded: Mapped[bool] = mapped_column(server_default=text("false"))
    assigned_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id", ondelete="SET NULL"))
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class AuditEntry(Base):
    """One act of moderation or administration; rows are added and never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int | None] = mapped_column(Id)
    """Who did it; None for the command line. No foreign key: the entry outlives the account."""
    actor: Mapped[str]
    """Their handle at that time, or `cli`."""
    action: Mapped[str]
    """A word such as `domain.suspend` or `report.resolve`."""
    target: Mapped[str]
    """What it was done to: a domain, a handle, an IRI."""
    reason: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)


class AccountWarning(Base):
    """What a moderator did about an account, as that account is told."""

    __tablename__ = "account_warning"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id", ondelete="SET NULL"))
    """Who did it."""
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    action: Mapped[str]
    """none, disable, mark_statuses_as_sensitive, delete_statuses, sensitive, silence or suspend."""
    note: Mapped[str] = mapped_column(server_default="")
    """What the account is told."""
    post_ids: Mapped[list[int]] = mapped_column(Json)
    report_id: Mapped[int | None] = mapped_column(Id, ForeignKey("report.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class EmailDomainBlock(Base):
    """Nobody signs up with an address of this domain or its subdomains."""

    __tablename__ = "email_domain_block"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    domain: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class CanonicalEmailBlock(Base):
    """Nobody signs up with this address, kept as a digest only."""

    __tablename__ = "canonical_email_block"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the address without case, dots and what follows a plus, in hexadecimal."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class IpBlock(Base):
    """What people at an address may not do."""

    __tablename__ = "ip_block"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    ip: Mapped[str] = mapped_column(unique=True)
    """An address or a network in CIDR form."""
    severity: Mapped[str]
    """Mastodon's: sign_up_requires_approval, sign_up_block or no_access."""
    comment: Mapped[str] = mapped_column(server_default="")
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
