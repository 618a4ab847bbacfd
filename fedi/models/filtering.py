"""Filters: what a person does not want to see, and where."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Filter", "FilterKeyword", "FilterStatus"]


class Filter(Base):
    """A filter with its keywords and its posts; the second version of Mastodon's filters."""

    __tablename__ = "filter"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    title: Mapped[str]
    contexts: Mapped[list[str]] = mapped_column(Json)
    """Where it holds, in Mastodon's words: home, notifications, public, thread, account."""
    action: Mapped[str] = mapped_column(server_default="warn")
    """warn, hide or blur."""
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class FilterKeyword(Base):
    """A word, or several in a row, that a filter looks for; the first version's filter is one of these."""

    __tablename__ = "filter_keyword"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    filter_id: Mapped[int] = mapped_column(Id, ForeignKey("filter.id", ondelete="CASCADE"), index=True)
    keyword: Mapped[str]
    whole_word: Mapped[bool] = mapped_column(server_default=text("true"))


class FilterStatus(Base):
    """A single post that a filter hides."""

    __tablename__ = "filter_status"
    __table_args__ = (UniqueConstraint("filter_id", "post_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    filter_id: Mapped[int] = mapped_column(Id, ForeignKey("filter.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
