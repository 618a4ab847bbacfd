"""Notifications of one person, newest first, with who caused them and the post they are about.

What the viewer may no longer see, and what a suspended, blocked or muted account caused, is left out before
the page is cut.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select

from fedi.db import Tx
from fedi.models import Account, Notification, Post
from fedi.queries import posts
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.posts import PostView
from fedi.queries.visibility import heard_clause, visible_clause

__all__ = ["NotificationView", "find", "page_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """A notification with all that is needed to show it."""

    notification: Notification
    account: Account
    post: PostView | None


async def page_of(
    tx: Tx,
    viewer_id: int,
    page: Page,
    *,
    kinds: Collection[str] | None = None,
    without: Collection[str] = (),
    from_account_id: int | None = None,
) -> Slice[NotificationView]:
    """Return a page of notifications.

    Args:
        tx: a transaction.
        viewer_id: whose they are.
        page: which part.
        kinds: only these; None means all.
        without: not these.
        from_account_id: only what this account caused.
    """
    statement = _visible(viewer_id)
    if kinds is not None:
        statement = statement.where(Notification.kind.in_(kinds))
    if without:
        statement = statement.where(Notification.kind.not_in(without))
    if from_account_id is not None:
        statement = statement.where(Notification.from_account_id == from_account_id)
    rows = (await tx.execute(within(statement, Notification.id, page))).all()
    found = cut([(row.Notification, row.Account) for row in rows], page)
    return Slice(rows=await _views(tx, viewer_id, found.rows), more=found.more)


async def find(tx: Tx, viewer_id: int, notification_id: int) -> NotificationView | None:
    """Find one of a person's notifications."""
    rows = (await tx.execute(_visible(viewer_id).where(Notification.id == notification_id))).all()
    views = await _views(tx, viewer_id, [(row.Notification, row.Account) for row in rows])
    return views[0] if views else None


def _visible(viewer_id: int) -> Select[Notification, Account]:
    about = exists().where(Post.id == Notification.post_id, visible_clause(viewer_id))
    return (
        select(Notification, Account)
        .join(Account, Account.id == Notification.from_account_id)
        .where(
            Notification.account_id == viewer_id,
            Account.suspended_at.is_(None),
            heard_clause(viewer_id, Account),
            or_(Notification.post_id.is_(None), about),
        )
    )


async def _views(
    tx: Tx, viewer_id: int, rows: Collection[tuple[Notification, Account]]
) -> list[NotificationView]:
    ids = {notification.post_id for notification, _ in rows if notification.post_id is not None}
    loaded = {view.post.id: view for view in await posts.load(tx, sorted(ids), viewer_id=viewer_id)}
    return [
        NotificationView(
            notification=notification,
            account=account,
            post=loaded.get(notification.post_id) if notification.post_id is not None else None,
        )
        for notification, account in rows
    ]
