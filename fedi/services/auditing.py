"""The log of what moderators and administrators did: who, when, to what, and why.

Entries are added, in the transaction of the act itself, and nothing here or elsewhere changes or removes one.
They name people and things by their words of that time, because an entry outlives what it is about.

Source: OWASP Application Security Verification Standard, "Security logging"; Mastodon's admin action log.
"""

from collections.abc import Mapping
from typing import Any

from fedi.context import Context
from fedi.db import Tx
from fedi.log import get
from fedi.models import Account, AuditEntry

__all__ = ["COMMAND_LINE", "record"]

COMMAND_LINE = "cli"
"""Who acts when nobody is signed in: whoever can run commands on the server."""

REASON_CHARACTERS_MAX = 2000
"""Of a reason that is kept."""

log = get(__name__)


async def record(
    ctx: Context,
    tx: Tx,
    *,
    action: str,
    target: str,
    by: Account | None = None,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down one act.

    Args:
        ctx: the context.
        tx: the transaction of the act.
        action: a word such as `domain.suspend` or `report.resolve`.
        target: what it was done to: a domain, a handle, an id.
        by: who did it; None for the command line.
        reason: why, in their words.
        detail: what changed.
    """
    actor = by.acct if by is not None else COMMAND_LINE
    tx.add(
        AuditEntry(
            id=ctx.ids.next(),
            account_id=by.id if by is not None else None,
            actor=actor,
            action=action,
            target=target,
            reason=reason.strip()[:REASON_CHARACTERS_MAX],
            detail=dict(detail or {}),
            created_at=ctx.clock(),
        )
    )
    await tx.flush()
    log.info("audited", action=action, target=target, by=actor)
