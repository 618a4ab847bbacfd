"""Posts that are to come out later, and those that could not."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["ScheduledPost"]


class ScheduledPost(Base):
    """What to post, when; its pictures wait under `attachment.scheduled_post_id`."""

    __tablename__ = "scheduled_post"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    scheduled_at: Mapped[datetime] = mapped_column(Instant, index=True)
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    """The request, with Mastodon's names."""
    error: Mapped[str | None]
    """Why it could not be published when its time came; it waits for its author then."""
    created_at: Mapped[datetime] = mapped_column(Instant)
