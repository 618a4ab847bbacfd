"""What a local person should hear about."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Notification", "NotificationPermission", "NotificationPolicy", "NotificationRequest"]


class Notification(Base):
    """One line in somebody's notifications; `key` makes a repeated cause have one effect."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_account_id_id", "account_id", "id"),
        Index("ix_notification_account_id_group_key", "account_id", "group_key"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    from_account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """Mastodon's type: mention, status, reblog, follow, follow_request, favourite, poll or update."""
    post_id: Mapped[int | None] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    group_key: Mapped[str | None]
    """What is shown as one: favourites of a post, boosts of it, follows. None stands alone."""
    filtered: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it waits in a request, by its owner's policy."""
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What some kinds carry beside: a report, a warning, a severed relation."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class NotificationPolicy(Base):
    """Whose notifications a person wants at once: `accept`, `filter` or `drop` for each kind of stranger."""

    __tablename__ = "notification_policy"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    for_not_following: Mapped[str] = mapped_column(server_default="accept")
    for_not_followers: Mapped[str] = mapped_column(server_default="accept")
    for_new_accounts: Mapped[str] = mapped_column(server_default="accept")
    for_private_mentions: Mapped[str] = mapped_column(server_default="filter")
    for_limited_accounts: Mapped[str] = mapped_column(server_default="filter")


class NotificationRequest(Base):
    """Somebody whose notifications wait to be let in."""

    __tablename__ = "notification_request"
    __table_args__ = (UniqueConstraint("account_id", "from_account_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    from_account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"), index=True)
    last_post_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class NotificationPermission(Base):
    """Somebody who was let in, whatever the policy says."""

    __tablename__ = "notification_permission"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    from_account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
