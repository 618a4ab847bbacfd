"""Who follows whom."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Follow", "FollowState"]


class FollowState(StrEnum):
    """Whether the other side agreed."""

    PENDING = "pending"
    ACCEPTED = "accepted"


class Follow(Base):
    """`account_id` follows, or asks to follow, `target_id`."""

    __tablename__ = "follow"
    __table_args__ = (
        UniqueConstraint("account_id", "target_id"),
        Index("ix_follow_target_id_state", "target_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    state: Mapped[str]
    iri: Mapped[str]
    """Id of the Follow activity, which Accept, Reject and Undo name."""
    show_reblogs: Mapped[bool] = mapped_column(server_default=text("true"))
    notify: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(Instant)
