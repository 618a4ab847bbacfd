"""Reports, as moderators deal with them.

Source: Mastodon's documentation, "admin/reports API methods".
"""

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.admin import AdminReport, admin_report
from fedi.api.rendering import statuses
from fedi.api.viewer import admit_staff, require_staff
from fedi.config import Settings
from fedi.db import Tx
from fedi.models import Account, Report
from fedi.queries import moderation, roster
from fedi.queries.moderation import ReportView
from fedi.services import reporting

__all__ = ["assign_to_self", "index", "reopen", "resolve", "show", "unassign", "update"]

READ, WRITE = "admin:read:reports", "admin:write:reports"


async def index(request: Request) -> Response:
    """List reports: those that wait, unless others are asked for."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given, default=100, most=200)
    domain = given.word("by_target_domain")
    async with ctx.db.read() as tx:
        viewer = await require_staff(request, tx, READ)
        found = await moderation.page(
            tx,
            page,
            resolved=bool(given.flag("resolved")),
            account_id=given.identifier("account_id"),
            target_id=given.identifier("target_account_id"),
            target_domain=domain.lower() if domain is not None else None,
        )
        built = await _build(tx, ctx.settings, viewer.id, found.rows)
    return json_answer(built, headers=paging.links(request, [row.id for row in found.rows], more=found.more))


async def show(request: Request) -> Response:
    """Show one report."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require_staff(request, tx, READ)
        view = await _require_report(tx, request)
        (built,) = await _build(tx, ctx.settings, viewer.id, [view.report])
    return json_answer(built)


async def update(request: Request) -> Response:
    """Put a report into another category."""
    given = await params.read(request)

    async def change(tx: Tx, view: ReportView, me: Account) -> None:
        await reporting.change(
            context.of(request),
            tx,
            found=view.report,
            target=view.target,
            category=given.word("category"),
            rule_ids=given.identifiers("rule_ids") if "rule_ids" in given else None,
            by=me,
        )

    return await _change(request, change)


async def assign_to_self(request: Request) -> Response:
    """Take a report upon oneself."""

    async def assign(tx: Tx, view: ReportView, me: Account) -> None:
        ctx = context.of(request)
        await reporting.assign(ctx, tx, found=view.report, target=view.target, to=me, by=me)

    return await _change(request, assign)


async def unassign(request: Request) -> Response:
    """Leave a report to whoever wants it."""

    async def assign(tx: Tx, view: ReportView, me: Account) -> None:
        ctx = context.of(request)
        await reporting.assign(ctx, tx, found=view.report, target=view.target, to=None, by=me)

    return await _change(request, assign)


async def resolve(request: Request) -> Response:
    """Say that a report has been dealt with; one that has been stays so."""

    async def resolve_it(tx: Tx, view: ReportView, me: Account) -> None:
        if view.report.resolved_at is None:
            ctx = context.of(request)
            await reporting.resolve(ctx, tx, found=view.report, target=view.target, by=me)

    return await _change(request, resolve_it)


async def reopen(request: Request) -> Response:
    """Say that a report has not been dealt with after all."""

    async def reopen_it(tx: Tx, view: ReportView, me: Account) -> None:
        await reporting.reopen(context.of(request), tx, found=view.report, target=view.target, by=me)

    return await _change(request, reopen_it)


Change = Callable[[Tx, ReportView, Account], Awaitable[None]]


async def _change(request: Request, change: Change) -> Response:
    ctx = context.of(request)
    viewer = await admit_staff(request, WRITE)
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        view = await _require_report(tx, request)
        await change(tx, view, me)
        await tx.flush()
        await tx.refresh(view.report)  # moments as they are kept
        (built,) = await _build(tx, ctx.settings, viewer.id, [view.report])
    return json_answer(built)


async def _build(tx: Tx, settings: Settings, viewer_id: int, rows: Sequence[Report]) -> list[AdminReport]:
    """Build reports with their people, posts and rules, in as many statements for many as for one."""
    named = {
        account_id
        for row in rows
        for account_id in (row.account_id, row.target_id, row.assigned_id, row.resolved_by_id)
        if account_id is not None
    }
    people = await roster.load(tx, sorted(named))
    rules = (
        {rule.id: rule for rule in await moderation.rules(tx)} if any(row.rule_ids for row in rows) else {}
    )
    shown = await moderation.still_there(tx, [key for row in rows for key in row.post_ids])
    # What a moderator is shown is what was complained about, whoever may see it otherwise.
    posts = {built["id"]: built for built in await statuses(tx, settings, viewer_id, shown)}
    return [
        admin_report(
            row,
            people,
            settings,
            statuses=[posts[str(key)] for key in row.post_ids if str(key) in posts],
            rules=[rules[key] for key in row.rule_ids if key in rules],
        )
        for row in rows
    ]


async def _require_report(tx: Tx, request: Request) -> ReportView:
    report_id = params.as_identifier(request.path_params["id"])
    view = await moderation.find_report(tx, report_id) if report_id is not None else None
    if view is None:
        raise errors.not_found()
    return view
