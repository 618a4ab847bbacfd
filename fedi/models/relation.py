"""Who follows whom, who wants nothing to do with whom, and what people show on their profiles."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = [
    "AccountNote", "Block", "DomainBlock", "Endorsement", "FeaturedTag", "Follow", "FollowState",
    "FollowedTag", "Mute", "SuggestionDismissal",
]  # fmt: skip


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
    languages: Mapped[str] = mapped_column(server_default="")
    """Languages of the posts that are wanted, as `|en|de|`, which both databases search; empty means all."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class Block(Base):
    """`account_id` wants nothing to do with `target_id`; either may live elsewhere."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    iri: Mapped[str]
    """Id of the Block activity, which Undo names."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class Mute(Base):
    """`account_id`, who lives here, does not want to see `target_id`, who is not told."""

    __tablename__ = "mute"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether their notifications are hidden too."""
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class DomainBlock(Base):
    """`account_id`, who lives here, wants nothing from a whole server."""

    __tablename__ = "domain_block"
    __table_args__ = (UniqueConstraint("account_id", "domain"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    domain: Mapped[str] = mapped_column(index=True)
    """As `account.domain` has it; its subdomains are meant too."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class FeaturedTag(Base):
    """A hashtag on somebody's profile."""

    __tablename__ = "featured_tag"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)


class FollowedTag(Base):
    """`account_id` has public posts with a hashtag in their home timeline."""

    __tablename__ = "followed_tag"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class AccountNote(Base):
    """What `account_id` wrote down about `target_id`, for themselves."""

    __tablename__ = "account_note"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    target_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    comment: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Endorsement(Base):
    """`account_id` shows `target_id` on their profile."""

    __tablename__ = "endorsement"
    __table_args__ = (UniqueConstraint("account_id", "target_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class SuggestionDismissal(Base):
    """`account_id` does not want `target_id` suggested again."""

    __tablename__ = "suggestion_dismissal"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    target_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
