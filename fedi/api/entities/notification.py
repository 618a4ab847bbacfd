"""Notifications, alone and in groups, and what they tell beside who did what to which post.

`group_key` is always there, since newer clients group by it, and what only some kinds carry is null for the
others. `most_recent_notification_id` is a number, the only id that is one.

Source: Mastodon's documentation, "Notification entity", "NotificationGroup entity",
"RelationshipSeveranceEvent entity", "AccountWarning entity".
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from fedi.api.entities.account import Account, account
from fedi.api.entities.report import Report, report
from fedi.api.entities.status import Status, status
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.queries.notification_groups import Group, Stretch
from fedi.queries.notifications import NotificationView, Reported, alone

__all__ = [
    "AccountWarning", "GroupedNotifications", "Notification", "NotificationGroup", "PartialAccount",
    "SeveranceEvent", "grouped", "notification",
]  # fmt: skip


class SeveranceEvent(TypedDict):
    """Follows that ended because a server, or somebody, was blocked."""

    id: str
    type: str
    purged: bool
    target_name: str
    followers_count: int
    following_count: int
    created_at: str


class AccountWarning(TypedDict):
    """What a moderator did about the account that is told."""

    id: str
    action: str
    text: str
    status_ids: list[str] | None
    target_account: Account
    appeal: None
    created_at: str


class Notification(TypedDict):
    """One line in somebody's notifications."""

    id: str
    type: str
    group_key: str
    created_at: str
    account: Account
    status: Status | None
    report: Report | None
    event: SeveranceEvent | None
    moderation_warning: AccountWarning | None


class PartialAccount(TypedDict):
    """What is needed to show a face."""

    id: str
    acct: str
    url: str
    avatar: str
    avatar_static: str
    locked: bool
    bot: bool


class NotificationGroup(TypedDict):
    """Notifications shown as one."""

    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: int
    page_min_id: str
    page_max_id: str
    latest_page_notification_at: str
    sample_account_ids: list[str]
    status_id: str | None
    report: Report | None
    event: SeveranceEvent | None
    moderation_warning: AccountWarning | None


class GroupedNotifications(TypedDict, total=False):
    """A page of groups, with everyone and everything that they name."""

    accounts: list[Account]
    partial_accounts: list[PartialAccount]
    """Only where the client asked for faces."""
    statuses: list[Status]
    notification_groups: list[NotificationGroup]


def notification(view: NotificationView, settings: Settings) -> Notification:
    """Build a notification for the person whom it tells."""
    row = view.notification
    return {
        "id": str(row.id),
        "type": row.kind,
        "group_key": row.group_key or alone(row.id),
        "created_at": isoformat_ms(row.created_at),
        "account": account(view.account, settings),
        "status": status(view.post, settings, marked=True) if view.post else None,
        "report": _report(view.reported, settings),
        "event": _event(view),
        "moderation_warning": _warning(view, settings),
    }


def grouped(stretch: Stretch, settings: Settings, *, faces: bool = False) -> GroupedNotifications:
    """Build a page of groups.

    Args:
        stretch: the page.
        settings: for addresses.
        faces: whether only one account of each group is wanted whole.
    """
    whole = {group.sample[0] for group in stretch.groups} if faces else set(stretch.accounts)
    shown = {group.newest.post.post.id: group.newest.post for group in stretch.groups if group.newest.post}
    built: GroupedNotifications = {
        "accounts": [account(row, settings) for key, row in stretch.accounts.items() if key in whole],
        "statuses": [status(view, settings, marked=True) for view in shown.values()],
        "notification_groups": [_group(group, settings) for group in stretch.groups],
    }
    if faces:
        others = [row for key, row in stretch.accounts.items() if key not in whole]
        built["partial_accounts"] = [_partial(row, settings) for row in others]
    return built


def _group(group: Group, settings: Settings) -> NotificationGroup:
    view = group.newest
    return {
        "group_key": group.key,
        "notifications_count": group.count,
        "type": view.notification.kind,
        "most_recent_notification_id": view.notification.id,
        "page_min_id": str(group.lowest_id),
        "page_max_id": str(view.notification.id),
        "latest_page_notification_at": isoformat_ms(view.notification.created_at),
        "sample_account_ids": [str(key) for key in group.sample],
        "status_id": str(view.post.post.id) if view.post else None,
        "report": _report(view.reported, settings),
        "event": _event(view),
        "moderation_warning": _warning(view, settings),
    }


def _report(reported: Reported | None, settings: Settings) -> Report | None:
    return report(reported.report, reported.target, settings) if reported is not None else None


def _event(view: NotificationView) -> SeveranceEvent | None:
    if view.notification.kind != "severed_relationships":
        return None
    detail: Mapping[str, Any] = view.notification.detail or {}
    return {
        "id": str(view.notification.id),
        "type": detail["type"],
        "purged": False,
        "target_name": detail["target_name"],
        "followers_count": detail["followers_count"],
        "following_count": detail["following_count"],
        "created_at": isoformat_ms(view.notification.created_at),
    }


def _warning(view: NotificationView, settings: Settings) -> AccountWarning | None:
    row = view.warning
    if row is None:
        return None
    return {
        "id": str(row.id),
        "action": row.action,
        "text": row.note,
        "status_ids": [str(key) for key in row.post_ids] or None,
        "target_account": account(view.account, settings),
        "appeal": None,
        "created_at": isoformat_ms(row.created_at),
    }


def _partial(row: AccountRow, settings: Settings) -> PartialAccount:
    whole = account(row, settings)
    return {
        "id": whole["id"],
        "acct": whole["acct"],
        "url": whole["url"],
        "avatar": whole["avatar"],
        "avatar_static": whole["avatar_static"],
        "locked": whole["locked"],
        "bot": whole["bot"],
    }
