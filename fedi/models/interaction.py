"""What people do with posts, other than boosting them."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Bookmark", "Favourite", "Reaction", "Stamp"]


class Favourite(Base):
    """A Like."""

    __tablename__ = "favourite"
    __table_args__ = (UniqueConstraint("account_id", "post_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    iri: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)


class Bookmark(Base):
    """A post that somebody wants to find again; nobody else hears of it."""

    __tablename__ = "bookmark"
    __table_args__ = (UniqueConstraint("account_id", "post_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Reaction(Base):
    """An EmojiReact, or a Like with an emoji."""

    __tablename__ = "reaction"
    __table_args__ = (UniqueConstraint("account_id", "post_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """One emoji, or the name of a custom one without colons, with `@domain` when it is another server's."""
    url: Mapped[str | None]
    """Picture of a custom emoji."""
    iri: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Stamp(Base):
    """Leave that an author here gave: to quote (FEP-044f), answer, like or pass on a post of theirs."""

    __tablename__ = "stamp"
    __table_args__ = (UniqueConstraint("kind", "post_id", "object_iri"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    """quote, reply, like or announce."""
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"))
    """The post of ours that it is about."""
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    """To whom it was given."""
    object_iri: Mapped[str]
    """What they made: the quoting post, the answer, the Like or the Announce."""
    request_iri: Mapped[str]
    """The request that it answers."""
    granted_at: Mapped[datetime | None] = mapped_column(Instant)
    """None while the author has not decided."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the author took it back: it answers 410, and asking again gives no new one."""
    created_at: Mapped[datetime] = mapped_column(Instant)
