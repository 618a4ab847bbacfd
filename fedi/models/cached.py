"""Pictures of other servers that are kept here for a while, so that nobody here shows themselves there."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["CachedPicture"]


class CachedPicture(Base):
    """A remote file as it was read last, decoded and encoded anew."""

    __tablename__ = "cached_picture"

    digest: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of its address, in hexadecimal."""
    file_key: Mapped[str] = mapped_column(index=True)
    thumbnail_key: Mapped[str] = mapped_column(index=True)
    size_bytes: Mapped[int] = mapped_column(Id, server_default=text("0"))
    """Of both files."""
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When somebody last looked at it, to the day."""
