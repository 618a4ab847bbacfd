"""Posts, boosts and drafts, ours and others', and what hangs on a post.

A boost is a row of its own with `reblog_of_id`, because clients page through both in one space of ids.
A draft is a post that only its author sees: the placeholder of a picture that is still being drawn.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = [
    "HomeEntry", "Idempotency", "Mention", "Pin", "Placeholder", "Post", "PostEdit", "PostState", "PostTag",
    "Tombstone",
]  # fmt: skip


class PostState(StrEnum):
    """Who may see a post at all."""

    PUBLISHED = "published"
    DRAFT = "draft"
    """Visible to its author only; never federated."""


class Post(Base):
    """A Note, or an Announce of one."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("account_id", "reblog_of_id"),
        Index("ix_post_account_id_id", "account_id", "id"),
        Index("ix_post_visibility_id", "visibility", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    iri: Mapped[str] = mapped_column(unique=True)
    """The Note's id; for a boost the Announce's."""
    url: Mapped[str | None]
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    local: Mapped[bool]
    state: Mapped[str] = mapped_column(server_default=PostState.PUBLISHED)
    visibility: Mapped[str]
    """public, unlisted, private or direct."""
    source: Mapped[str] = mapped_column(server_default="")
    """What the local author typed; empty for others."""
    content: Mapped[str] = mapped_column(server_default="")
    """Sanitised HTML."""
    spoiler_text: Mapped[str] = mapped_column(server_default="")
    sensitive: Mapped[bool] = mapped_column(server_default=text("false"))
    language: Mapped[str | None]
    in_reply_to_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    in_reply_to_account_id: Mapped[int | None] = mapped_column(Id)
    in_reply_to_iri: Mapped[str | None] = mapped_column(index=True)
    """Kept even when the post replied to is not known here."""
    reblog_of_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), index=True
    )
    conversation: Mapped[str | None] = mapped_column(index=True)
    context_iri: Mapped[str | None]
    """Collection of the whole conversation (FEP-7888), as the author's server names it."""
    replies_iri: Mapped[str | None]
    """Collection of the answers, as the author's server names it."""
    replies_fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    """When that collection was last read."""
    quote_of_id: Mapped[int | None] = mapped_column(Id, index=True)
    """No foreign key: that the quoted post is gone is something to show."""
    quote_iri: Mapped[str | None] = mapped_column(index=True)
    """The quoted post's id, kept even when that post is not known here."""
    quote_state: Mapped[str | None]
    """Mastodon's: pending, accepted, rejected, revoked, deleted or unauthorized; None without a quote."""
    quote_authorization: Mapped[str | None] = mapped_column(index=True)
    """The quoted author's stamp (FEP-044f), by its IRI."""
    interaction_policy: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Who may do what with it, as `activitypub.objects.policy` writes it; None says nothing."""
    application_id: Mapped[int | None] = mapped_column(Id, ForeignKey("oauth_app.id", ondelete="SET NULL"))
    digital_source_type: Mapped[str | None]
    """IPTC term when the pictures are known to be made or changed by a machine."""
    recipe: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """How a picture of ours was made: prompt, model, revision, digest, seed, steps, guidance, size."""
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    replies_count: Mapped[int] = mapped_column(server_default=text("0"))
    reblogs_count: Mapped[int] = mapped_column(server_default=text("0"))
    favourites_count: Mapped[int] = mapped_column(server_default=text("0"))
    quotes_count: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    edited_at: Mapped[datetime | None] = mapped_column(Instant)


class PostEdit(Base):
    """What a post was before an edit, or as it was first published."""

    __tablename__ = "post_edit"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    content: Mapped[str]
    spoiler_text: Mapped[str]
    sensitive: Mapped[bool]
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    """`[{"id": number, "description": text or null}]`, in their order."""
    poll_options: Mapped[list[str] | None] = mapped_column(Json)
    emojis: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    """When this version was published."""


class Pin(Base):
    """A post that its author shows first on their profile."""

    __tablename__ = "pin"

    post_id: Mapped[int] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Mention(Base):
    """Somebody to whom a post is addressed, who may therefore see it."""

    __tablename__ = "mention"

    post_id: Mapped[int] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    silent: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether nobody else is told (`bto` and `bcc`)."""


class PostTag(Base):
    """A hashtag of a post, without `#`, case-folded."""

    __tablename__ = "post_tag"

    name: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class HomeEntry(Base):
    """One post in one person's home timeline, written when the post arrives (fan-out on write)."""

    __tablename__ = "home_entry"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    post_id: Mapped[int] = mapped_column(
        Id, ForeignKey("post.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )


class Placeholder(Base):
    """Where a draft went: its id keeps answering with the published post."""

    __tablename__ = "placeholder"

    draft_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)


class Tombstone(Base):
    """An object that was deleted: a late Create of it is ignored, and ours answer 410."""

    __tablename__ = "tombstone"

    iri: Mapped[str] = mapped_column(primary_key=True)
    local: Mapped[bool] = mapped_column(server_default=text("true"))
    deleted_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Idempotency(Base):
    """An `Idempotency-Key` that a client used, so that the same request makes the same post."""

    __tablename__ = "idempotency"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
