"""What open streams should hear of, written in the transaction that makes it true."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Event"]


class Event(Base):
    """Something that happened. It names rows rather than holding them: each hearer sees what they may."""

    __tablename__ = "event"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own form

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    kind: Mapped[str]
    """update, status.update, delete, notification, conversation, filters_changed …"""
    account_id: Mapped[int | None] = mapped_column(Id)
    """Whom it is for; None for everyone who may see it."""
    subject_id: Mapped[int | None] = mapped_column(Id)
    """The post, notification or other row that it is about."""
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What can be read nowhere else, such as who could see a post that is gone."""
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
