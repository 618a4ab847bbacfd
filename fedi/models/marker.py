"""How far a person has read, so that their next device goes on from there."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Marker"]


class Marker(Base):
    """The last row that a person has read of one timeline."""

    __tablename__ = "marker"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    timeline: Mapped[str] = mapped_column(primary_key=True)
    """`home` or `notifications`."""
    last_read_id: Mapped[int] = mapped_column(Id)
    version: Mapped[int]
    """Grows by one with each change."""
    updated_at: Mapped[datetime] = mapped_column(Instant)
