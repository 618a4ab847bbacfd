"""Notifications.

`group_key` is always there, since newer clients group by it; nothing is grouped here yet.

Source: Mastodon's documentation, "Notification entity".
"""

from typing import TypedDict

from fedi.api.entities.account import Account, account
from fedi.api.entities.status import Status, status
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.queries.notifications import NotificationView

__all__ = ["Notification", "notification"]


class Notification(TypedDict):
    """One line in somebody's notifications."""

    id: str
    type: str
    group_key: str
    created_at: str
    account: Account
    status: Status | None


def notification(view: NotificationView, settings: Settings) -> Notification:
    """Build a notification for the person whom it tells."""
    return {
        "id": str(view.notification.id),
        "type": view.notification.kind,
        "group_key": f"ungrouped-{view.notification.id}",
        "created_at": isoformat_ms(view.notification.created_at),
        "account": account(view.account, settings),
        "status": status(view.post, settings, marked=True) if view.post else None,
    }
