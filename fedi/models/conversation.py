"""Conversations: direct messages by thread, and threads of which a person wants to hear no more."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Conversation", "ThreadMute"]


class Conversation(Base):
    """One thread of direct messages as one of its participants sees it."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("account_id", "thread"),
        Index("ix_conversation_account_id_last_post_id", "account_id", "last_post_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    """Whose view this is; a local account."""
    thread: Mapped[str]
    """As `post.conversation`."""
    last_post_id: Mapped[int] = mapped_column(Id)
    """The newest message in it; no foreign key, for the one before takes its place."""
    unread: Mapped[bool] = mapped_column(server_default=text("false"))


class ThreadMute(Base):
    """`account_id` wants no notifications from a thread."""

    __tablename__ = "thread_mute"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    thread: Mapped[str] = mapped_column(primary_key=True)
    """As `post.conversation`."""
    created_at: Mapped[datetime] = mapped_column(Instant)
