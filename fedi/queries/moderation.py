"""What waits for a moderator, and what was done: reports and the log of acts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import Account, AuditEntry, Post, Report

__all__ = ["ReportView", "audit", "count_reports", "count_waiting", "find_report", "reports"]


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
