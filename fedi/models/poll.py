"""Questions with answers to choose from, and who chose what."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Poll", "PollVote"]


class Poll(Base):
    """The poll of a post; its id is what clients vote on."""

    __tablename__ = "poll"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), unique=True)
    options: Mapped[list[str]] = mapped_column(Json)
    tallies: Mapped[list[int]] = mapped_column(Json)
    """Votes by option; of a remote poll as its server tells them."""
    multiple: Mapped[bool] = mapped_column(server_default=text("false"))
    hide_totals: Mapped[bool] = mapped_column(server_default=text("false"))
    voters_count: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    """When its end was told; a remote one also by its author."""
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a remote poll was last read."""


class PollVote(Base):
    """One choice of one voter."""

    __tablename__ = "poll_vote"
    __table_args__ = (UniqueConstraint("poll_id", "account_id", "choice"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    poll_id: Mapped[int] = mapped_column(Id, ForeignKey("poll.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    choice: Mapped[int]
    """Place of the option, from 0."""
    iri: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
