"""Lists: some of those whom a person follows, in a timeline of their own."""

from datetime import datetime

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["AccountList", "ListEntry", "ListMember"]


class AccountList(Base):
    """A list, which only its owner sees."""

    __tablename__ = "account_list"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    replies_policy: Mapped[str] = mapped_column(server_default="list")
    """Which replies it shows, in Mastodon's words: followed, list or none."""
    exclusive: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the home timeline leaves its members out."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class ListMember(Base):
    """Somebody on a list."""

    __tablename__ = "list_member"

    list_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account_list.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    id: Mapped[int] = mapped_column(Id, unique=True)
    """What the pages of a list's members go by."""


class ListEntry(Base):
    """One post by somebody on a list, written when the post arrives: what `HomeEntry` is for home."""

    __tablename__ = "list_entry"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    list_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account_list.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    post_id: Mapped[int] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
