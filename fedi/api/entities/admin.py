"""What moderators see: accounts with what is private about them, reports, and the lists of who is kept out.

Source: Mastodon's documentation, the entities whose names begin with "Admin::".
"""

import hashlib
from collections.abc import Sequence
from typing import Any, TypedDict

from fedi.api.entities.account import Account, Role, account, role
from fedi.api.entities.status import Status
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import CanonicalEmailBlock, DomainAllow, DomainRule, EmailDomainBlock, IpBlock, Rule
from fedi.models import Report as ReportRow
from fedi.models import Role as RoleName
from fedi.queries.roster import Known

__all__ = [
    "AdminAccount", "AdminReport", "admin_account", "admin_report", "canonical_email_block", "domain_allow",
    "domain_block", "email_domain_block", "ip_block",
]  # fmt: skip


class AdminAccount(TypedDict):
    """An account, with its login; of people elsewhere nothing is known of one."""

    id: str
    username: str
    domain: str | None
    created_at: str
    email: str
    ip: str | None
    ips: list[Any]
    locale: str
    invite_request: str | None
    role: Role
    confirmed: bool
    approved: bool
    disabled: bool
    silenced: bool
    suspended: bool
    sensitized: bool
    account: Account
    created_by_application_id: str | None
    invited_by_account_id: str | None


class AdminReport(TypedDict):
    """A report, with who is in it and what it names."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    updated_at: str
    account: AdminAccount | None
    target_account: AdminAccount
    assigned_account: AdminAccount | None
    action_taken_by_account: AdminAccount | None
    statuses: list[Status]
    rules: list[dict[str, str]]


def admin_account(known: Known, settings: Settings) -> AdminAccount:
    """Build an account. Addresses on the network are not kept here, so none is ever told."""
    row, login = known.account, known.login
    return {
        "id": str(row.id),
        "username": row.username,
        "domain": row.domain or None,
        "created_at": isoformat_ms(row.created_at),
        "email": (login.email or "") if login else "",
        "ip": None,
        "ips": [],
        "locale": (login.default_language if login else None) or settings.language,
        "invite_request": (login.reason or None) if login else None,
        "role": role(RoleName(login.role) if login else RoleName.USER),
        "confirmed": login is not None,
        "approved": login is not None and login.approved,
        "disabled": login is not None and login.disabled_at is not None,
        "silenced": row.silenced_at is not None,
        "suspended": row.suspended_at is not None,
        "sensitized": row.sensitized_at is not None,
        "account": account(row, settings),
        "created_by_application_id": str(login.created_by_app_id)
        if login and login.created_by_app_id
        else None,
        "invited_by_account_id": None,
    }


def admin_report(
    row: ReportRow,
    people: dict[int, Known],
    settings: Settings,
    *,
    statuses: list[Status],
    rules: Sequence[Rule],
) -> AdminReport:
    """Build a report from its row, the people that it names and the posts and rules that are still there."""

    def person(account_id: int | None) -> AdminAccount | None:
        known = people.get(account_id) if account_id is not None else None
        return admin_account(known, settings) if known is not None else None

    target = person(row.target_id)
    assert target is not None, "a report goes with its target"
    return {
        "id": str(row.id),
        "action_taken": row.resolved_at is not None,
        "action_taken_at": isoformat_ms(row.resolved_at) if row.resolved_at else None,
        "category": row.category,
        "comment": row.comment,
        "forwarded": row.forwarded,
        "created_at": isoformat_ms(row.created_at),
        "updated_at": isoformat_ms(row.resolved_at or row.created_at),
        "account": person(row.account_id),
        "target_account": target,
        "assigned_account": person(row.assigned_id),
        "action_taken_by_account": person(row.resolved_by_id),
        "statuses": statuses,
        "rules": [{"id": str(rule.id), "text": rule.text, "hint": rule.hint} for rule in rules],
    }


def domain_block(row: DomainRule) -> dict[str, Any]:
    """Build a rule about a server."""
    return {
        "id": str(row.id),
        "domain": row.domain,
        "digest": hashlib.sha256(row.domain.encode()).hexdigest(),
        "created_at": isoformat_ms(row.created_at),
        "severity": row.severity,
        "reject_media": row.reject_media,
        "reject_reports": row.reject_reports,
        "private_comment": row.private_comment or None,
        "public_comment": row.public_comment or None,
        "obfuscate": row.obfuscate,
    }


def domain_allow(row: DomainAllow) -> dict[str, Any]:
    """Build a server that is talked to."""
    return {"id": str(row.id), "domain": row.domain, "created_at": isoformat_ms(row.created_at)}


def email_domain_block(row: EmailDomainBlock) -> dict[str, Any]:
    """Build a domain for mail; how often somebody tried with it is not counted."""
    return {
        "id": str(row.id),
        "domain": row.domain,
        "created_at": isoformat_ms(row.created_at),
        "allow_with_approval": False,
        "history": [],
    }


def ip_block(row: IpBlock) -> dict[str, Any]:
    """Build a rule about an address or a network."""
    return {
        "id": str(row.id),
        "ip": row.ip,
        "severity": row.severity,
        "comment": row.comment,
        "created_at": isoformat_ms(row.created_at),
        "expires_at": isoformat_ms(row.expires_at) if row.expires_at else None,
    }


def canonical_email_block(row: CanonicalEmailBlock) -> dict[str, Any]:
    """Build the digest of an address."""
    return {"id": str(row.id), "canonical_email_hash": row.digest}
