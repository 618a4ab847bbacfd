"""Pictures: uploaded, drawn here, or named by a remote post."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Attachment", "AttachmentState"]


class AttachmentState(StrEnum):
    """How far the file is."""

    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    WITHHELD = "withheld"
    """Of a server whose media are not shown here (`DomainRule.reject_media`)."""


class Attachment(Base):
    """One media file of a post, or one that waits for its post."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    post_id: Mapped[int | None] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    scheduled_post_id: Mapped[int | None] = mapped_column(Id, index=True)
    """The post that will take it, when it comes out; no foreign key."""
    position: Mapped[int] = mapped_column(server_default=text("0"))
    kind: Mapped[str]
    """Mastodon's type: image, gifv, video, audio or unknown."""
    state: Mapped[str] = mapped_column(server_default=AttachmentState.READY)
    media_type: Mapped[str | None]
    file_key: Mapped[str | None]
    """Key in the blob store; empty for remote files."""
    thumbnail_key: Mapped[str | None]
    remote_url: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    thumbnail_width: Mapped[int | None]
    thumbnail_height: Mapped[int | None]
    blurhash: Mapped[str | None]
    description: Mapped[str | None]
    """Alt text."""
    focus_x: Mapped[float | None]
    focus_y: Mapped[float | None]
    digital_source_type: Mapped[str | None]
    recipe: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """How a picture of ours was made, as far as whoever asked for it tells (`services.sharing`)."""
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
