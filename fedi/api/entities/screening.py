"""Whose notifications come at once, and those of whom some wait.

Source: Mastodon's documentation, "NotificationPolicy entity" and "NotificationRequest entity".
"""

from collections.abc import Mapping
from typing import TypedDict

from fedi.api.entities.account import Account, account
from fedi.api.entities.status import Status, status
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.queries.screening import Level, RequestView, Waiting

__all__ = [
    "FLAGS", "FlagPolicy", "NotificationPolicy", "NotificationRequest", "PolicySummary",
    "notification_flags", "notification_policy", "notification_request",
]  # fmt: skip

FLAGS: Mapping[str, str] = {
    "filter_not_following": "for_not_following",
    "filter_not_followers": "for_not_followers",
    "filter_new_accounts": "for_new_accounts",
    "filter_private_mentions": "for_private_mentions",
}
"""Of the first version of the policy, and what each is called since."""


class PolicySummary(TypedDict):
    """How much waits."""

    pending_requests_count: int
    pending_notifications_count: int


class NotificationPolicy(TypedDict):
    """What becomes of the notifications of each kind of stranger."""

    for_not_following: str
    for_not_followers: str
    for_new_accounts: str
    for_private_mentions: str
    for_limited_accounts: str
    summary: PolicySummary


class FlagPolicy(TypedDict):
    """The same, in its first version."""

    filter_not_following: bool
    filter_not_followers: bool
    filter_new_accounts: bool
    filter_private_mentions: bool
    summary: PolicySummary


class NotificationRequest(TypedDict):
    """Somebody whose notifications wait."""

    id: str
    created_at: str
    updated_at: str
    notifications_count: str
    account: Account
    last_status: Status | None


def notification_policy(levels: Mapping[str, str], waiting: Waiting) -> NotificationPolicy:
    """Build the policy."""
    return {
        "for_not_following": levels["for_not_following"],
        "for_not_followers": levels["for_not_followers"],
        "for_new_accounts": levels["for_new_accounts"],
        "for_private_mentions": levels["for_private_mentions"],
        "for_limited_accounts": levels["for_limited_accounts"],
        "summary": _summary(waiting),
    }


def notification_flags(levels: Mapping[str, str], waiting: Waiting) -> FlagPolicy:
    """Build the policy in its first version."""
    kept_back = {flag: levels[name] != Level.ACCEPT for flag, name in FLAGS.items()}
    return {
        "filter_not_following": kept_back["filter_not_following"],
        "filter_not_followers": kept_back["filter_not_followers"],
        "filter_new_accounts": kept_back["filter_new_accounts"],
        "filter_private_mentions": kept_back["filter_private_mentions"],
        "summary": _summary(waiting),
    }


def notification_request(view: RequestView, settings: Settings) -> NotificationRequest:
    """Build one of those who wait."""
    return {
        "id": str(view.request.id),
        "created_at": isoformat_ms(view.request.created_at),
        "updated_at": isoformat_ms(view.request.updated_at),
        "notifications_count": str(view.count),
        "account": account(view.account, settings),
        "last_status": status(view.last_post, settings, marked=True) if view.last_post else None,
    }


def _summary(waiting: Waiting) -> PolicySummary:
    return {
        "pending_requests_count": waiting.requests,
        "pending_notifications_count": waiting.notifications,
    }
