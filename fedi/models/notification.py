"""What a local person should hear about."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Notification"]


class Notification(Base):
    """One line in somebody's notifications; `key` makes a repeated cause have one effect."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_account_id_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    from_account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """Mastodon's type: mention, status, reblog, follow, follow_request, favourite, poll or update."""
    post_id: Mapped[int | None] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
