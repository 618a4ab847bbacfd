"""Notifications of one person, newest first, with who caused them and what they are about.

What the viewer may no longer see, what a suspended, blocked or muted account caused, and what waits to be let
in, is left out before the page is cut. Single ones (`page_of`) and groups (`notification_groups`) come from
the same rows, so that no app counts what another cannot show.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from fedi.db import Tx
from fedi.models import Account, AccountWarning, Login, Notification, Post, Report, Role
from fedi.queries import posts
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.posts import PostView
from fedi.queries.visibility import heard_clause, visible_clause

__all__ = [
    "EVERYTHING", "GROUPED", "OFFICIAL", "Narrowing", "NotificationView", "Reported", "alone", "by_ids",
    "count_since", "find", "key_is", "page_of", "seen", "views",
]  # fmt: skip

GROUPED = frozenset({"favourite", "follow", "reblog"})
"""Kinds that are shown together, as Mastodon does."""

OFFICIAL = frozenset({"admin.report", "admin.sign_up", "moderation_warning", "severed_relationships"})
"""What is told about oneself, or to moderators, whomever they block."""

FOR_STAFF = ("admin.report", "admin.sign_up")

ALONE = "ungrouped-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which notifications are wanted."""

    kinds: Collection[str] | None = None
    """Only these; None means all."""
    without: Collection[str] = ()
    from_account_id: int | None = None
    """Only what this account caused."""
    with_waiting: bool = False
    """Also those that wait to be let in."""


EVERYTHING = Narrowing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report that a moderator is told of."""

    report: Report
    target: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """A notification with all that is needed to show it."""

    notification: Notification
    account: Account
    post: PostView | None
    reported: Reported | None = None
    warning: AccountWarning | None = None


async def page_of(
    tx: Tx, viewer_id: int, page: Page, narrowing: Narrowing = EVERYTHING
) -> Slice[NotificationView]:
    """Return a page of notifications.

    Args:
        tx: a transaction.
        viewer_id: whose they are.
        page: which part.
        narrowing: which of them.
    """
    statement = _rows().where(seen(viewer_id, narrowing))
    rows = (await tx.execute(within(statement, Notification.id, page))).all()
    found = cut([(row.Notification, row.Account) for row in rows], page)
    return Slice(rows=await views(tx, viewer_id, found.rows), more=found.more)


async def find(tx: Tx, viewer_id: int, notification_id: int) -> NotificationView | None:
    """Find one of a person's notifications, also when it waits."""
    found = await by_ids(tx, viewer_id, [notification_id])
    return found[0] if found else None


async def by_ids(tx: Tx, viewer_id: int, ids: Collection[int]) -> list[NotificationView]:
    """Return some of a person's notifications, the newest first."""
    wanted = seen(viewer_id, Narrowing(with_waiting=True))
    rows = await tx.execute(_rows().where(wanted, Notification.id.in_(ids)).order_by(Notification.id.desc()))
    return await views(tx, viewer_id, [(row.Notification, row.Account) for row in rows])


async def count_since(
    tx: Tx, viewer_id: int, *, after: int, most: int, narrowing: Narrowing = EVERYTHING
) -> int:
    """Count notifications above one, up to a number."""
    some = (
        select(Notification.id)
        .join(Account, Account.id == Notification.from_account_id)
        .where(seen(viewer_id, narrowing), Notification.id > after)
        .order_by(Notification.id)
        .limit(most)
    )
    return (await tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one()


def seen(viewer_id: int, narrowing: Narrowing) -> ColumnElement[bool]:
    """Return the condition over `Notification`, joined with `Account`, for what a person is shown."""
    about = exists().where(Post.id == Notification.post_id, visible_clause(viewer_id))
    is_staff = exists().where(Login.account_id == viewer_id, Login.role.in_((Role.MODERATOR, Role.ADMIN)))
    conditions = [
        Notification.account_id == viewer_id,
        Account.suspended_at.is_(None),
        or_(Notification.kind.in_(OFFICIAL), heard_clause(viewer_id, Account)),
        or_(Notification.post_id.is_(None), about),
        or_(Notification.kind.not_in(FOR_STAFF), is_staff),
    ]
    if narrowing.kinds is not None:
        conditions.append(Notification.kind.in_(narrowing.kinds))
    if narrowing.without:
        conditions.append(Notification.kind.not_in(narrowing.without))
    if narrowing.from_account_id is not None:
        conditions.append(Notification.from_account_id == narrowing.from_account_id)
    if not narrowing.with_waiting:
        conditions.append(~Notification.filtered)
    return and_(*conditions)


def alone(notification_id: int) -> str:
    """Return the key of a notification that is shown alone."""
    return f"{ALONE}{notification_id}"


def key_is(group_key: str) -> ColumnElement[bool]:
    """Return the condition over `Notification` for what has this key."""
    number = group_key.removeprefix(ALONE)
    if number != group_key:
        is_id = number.isascii() and number.isdigit() and len(number) < 19
        return Notification.id == (int(number) if is_id else 0)
    return Notification.group_key == group_key


def _rows() -> Select[Notification, Account]:
    return select(Notification, Account).join(Account, Account.id == Notification.from_account_id)


async def views(
    tx: Tx, viewer_id: int, rows: Sequence[tuple[Notification, Account]]
) -> list[NotificationView]:
    """Load what some notifications are about."""
    ids = {notification.post_id for notification, _ in rows if notification.post_id is not None}
    loaded = {view.post.id: view for view in await posts.load(tx, sorted(ids), viewer_id=viewer_id)}
    reports = await _reports(tx, _named(rows, "report"))
    warnings = await _warnings(tx, _named(rows, "warning"))
    return [
        NotificationView(
            notification=notification,
            account=account,
            post=loaded.get(notification.post_id) if notification.post_id is not None else None,
            reported=reports.get(_number(notification, "report")),
            warning=warnings.get(_number(notification, "warning")),
        )
        for notification, account in rows
    ]


def _named(rows: Sequence[tuple[Notification, Account]], name: str) -> set[int]:
    return {number for notification, _ in rows if (number := _number(notification, name))}


def _number(notification: Notification, name: str) -> int:
    return int((notification.detail or {}).get(name) or 0)


async def _reports(tx: Tx, ids: Collection[int]) -> Mapping[int, Reported]:
    if not ids:
        return {}
    rows: Any = await tx.execute(
        select(Report, Account).join(Account, Account.id == Report.target_id).where(Report.id.in_(ids))
    )
    return {row.Report.id: Reported(report=row.Report, target=row.Account) for row in rows}


async def _warnings(tx: Tx, ids: Collection[int]) -> Mapping[int, AccountWarning]:
    if not ids:
        return {}
    rows = await tx.execute(select(AccountWarning).where(AccountWarning.id.in_(ids)))
    return {row.id: row for row in rows.scalars()}
