"""What the operator has to say to everyone here, and the rules of the place."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Announcement", "AnnouncementReaction", "AnnouncementRead", "Rule"]


class Announcement(Base):
    """One announcement."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    text: Mapped[str]
    """As typed."""
    content: Mapped[str]
    """Sanitised HTML."""
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    all_day: Mapped[bool] = mapped_column(server_default=sql("false"))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    """None while it is a draft."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class AnnouncementRead(Base):
    """Somebody put an announcement away."""

    __tablename__ = "announcement_read"

    announcement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class AnnouncementReaction(Base):
    """An emoji on an announcement."""

    __tablename__ = "announcement_reaction"

    announcement_id: Mapped[int] = mapped_column(
        Id, ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    """One emoji."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class Rule(Base):
    """A rule of this server, which reports can name."""

    __tablename__ = "rule"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    text: Mapped[str]
    hint: Mapped[str] = mapped_column(server_default="")
    position: Mapped[int] = mapped_column(server_default=sql("0"))
