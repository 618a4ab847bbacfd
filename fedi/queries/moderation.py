"""What waits for a moderator, and what was done: reports and the log of acts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import (
    Account,
    AuditEntry,
    CanonicalEmailBlock,
    DomainAllow,
    DomainRule,
    EmailDomainBlock,
    IpBlock,
    Post,
    Report,
    Rule,
)  # fmt: skip
from fedi.queries.page import Page, Slice, cut, within

__all__ = [
    "ReportView", "audit", "count_reports", "count_waiting", "find_report", "page", "reports", "row", "rows",
    "rules", "still_there",
]  # fmt: skip

Listed = TypeVar("Listed", DomainAllow, DomainRule, EmailDomainBlock, CanonicalEmailBlock, IpBlock)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report with all that is needed to show it."""

    report: Report
    target: Account
    reporter: Account | None
    posts: tuple[Post, ...] = ()


async def reports(tx: Tx, *, limit: int, resolved: bool = False) -> list[ReportView]:
    """Return reports, the oldest first while they wait, the newest first when they are dealt with."""
    chosen = Report.resolved_at.is_not(None) if resolved else Report.resolved_at.is_(None)
    order = Report.id.desc() if resolved else Report.id
    return await _views(tx, select(Report.id).where(chosen).order_by(order).limit(limit))


async def page(
    tx: Tx,
    wanted: Page,
    *,
    resolved: bool = False,
    account_id: int | None = None,
    target_id: int | None = None,
    target_domain: str | None = None,
) -> Slice[Report]:
    """Return reports, the newest first; None asks for no such thing."""
    statement = select(Report).where(
        Report.resolved_at.is_not(None) if resolved else Report.resolved_at.is_(None)
    )
    if account_id is not None:
        statement = statement.where(Report.account_id == account_id)
    if target_id is not None:
        statement = statement.where(Report.target_id == target_id)
    if target_domain is not None:
        there = select(Account.id).where(Account.domain == target_domain)
        statement = statement.where(Report.target_id.in_(there))
    found = (await tx.execute(within(statement, Report.id, wanted))).scalars().all()
    return cut(found, wanted)


async def still_there(tx: Tx, ids: Collection[int]) -> list[int]:
    """Return the ids of those posts that were not deleted meanwhile."""
    return [post.id for post in await _posts(tx, ids)] if ids else []


async def rules(tx: Tx) -> Sequence[Rule]:
    """Return the rules of this server, in their order."""
    return (await tx.execute(select(Rule).order_by(Rule.position, Rule.id))).scalars().all()


async def rows(tx: Tx, model: type[Listed], wanted: Page) -> Slice[Listed]:
    """Return a page of one of the lists of who is kept out, or let in; the newest first."""
    found = (await tx.execute(within(select(model), model.id, wanted))).scalars().all()
    return cut(found, wanted)


async def row(tx: Tx, model: type[Listed], row_id: int) -> Listed | None:
    """Find one row of such a list."""
    return await tx.get(model, row_id)


async def find_report(tx: Tx, report_id: int) -> ReportView | None:
    """Find one report, with the posts that it names as far as they are still there."""
    found = await _views(tx, select(Report.id).where(Report.id == report_id))
    if not found:
        return None
    view = found[0]
    posts = await _posts(tx, view.report.post_ids)
    return ReportView(report=view.report, target=view.target, reporter=view.reporter, posts=posts)


async def count_reports(tx: Tx, *, origin: str, since: datetime) -> int:
    """Count what came from one server since a moment."""
    came = (Report.origin == origin, Report.created_at > since)
    return (await tx.execute(select(func.count()).select_from(Report).where(*came))).scalar_one()


async def count_waiting(tx: Tx) -> int:
    """Count the reports from other servers that nobody has dealt with."""
    waiting = (Report.origin != "", Report.resolved_at.is_(None))
    return (await tx.execute(select(func.count()).select_from(Report).where(*waiting))).scalar_one()


async def audit(tx: Tx, *, limit: int, target: str | None = None) -> Sequence[AuditEntry]:
    """Return acts of moderation, the newest first."""
    statement = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if target is not None:
        statement = statement.where(AuditEntry.target == target)
    return (await tx.execute(statement)).scalars().all()


async def _views(tx: Tx, ids: Select[int]) -> list[ReportView]:
    wanted = list((await tx.execute(ids)).scalars())
    target, reporter = aliased(Account), aliased(Account)
    rows = await tx.execute(
        select(Report, target, reporter)
        .join(target, target.id == Report.target_id)
        .outerjoin(reporter, reporter.id == Report.account_id)
        .where(Report.id.in_(wanted))
    )
    found = {row[0].id: ReportView(report=row[0], target=row[1], reporter=row[2]) for row in rows}
    return [found[key] for key in wanted if key in found]


async def _posts(tx: Tx, ids: Collection[int]) -> tuple[Post, ...]:
    rows = await tx.execute(select(Post).where(Post.id.in_(ids)).order_by(Post.id))
    return tuple(rows.scalars())
