"""A report, as the person who made it sees it.

Source: Mastodon's documentation, "Report entity".
"""

from typing import TypedDict

from fedi.api.entities.account import Account, account
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.models import Report as ReportRow

__all__ = ["Report", "report"]


class Report(TypedDict):
    """One report."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: Account


def report(row: ReportRow, target: AccountRow, settings: Settings) -> Report:
    """Build a report."""
    return {
        "id": str(row.id),
        "action_taken": row.resolved_at is not None,
        "action_taken_at": isoformat_ms(row.resolved_at) if row.resolved_at else None,
        "category": row.category,
        "comment": row.comment,
        "forwarded": row.forwarded,
        "created_at": isoformat_ms(row.created_at),
        "status_ids": [str(key) for key in row.post_ids],
        "rule_ids": [str(key) for key in row.rule_ids],
        "target_account": account(target, settings),
    }
