"""`fedi reports`: what people and other servers complain about."""

import click

from fedi.cli.common import console, open_instance, plain, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.errors import Refused
from fedi.queries import moderation
from fedi.queries.moderation import ReportView
from fedi.services import reporting
from fedi.text import html_to_text

__all__ = ["reports"]

SHOWN_CHARACTERS = 200
"""Of a comment in the list."""


@click.group()
def reports() -> None:
    """Reports about people here and elsewhere."""


@reports.command("list")
@click.option("--resolved", is_flag=True, help="Those that were dealt with.")
@click.option("--limit", default=50, show_default=True, help="At most so many.", type=click.IntRange(1, 1000))
def list_(limit: int, *, resolved: bool) -> None:
    """List the reports that wait, the oldest first."""
    run(_list(settings_from(), limit, resolved=resolved))


async def _list(settings: Settings, limit: int, *, resolved: bool) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        found = await moderation.reports(tx, limit=limit, resolved=resolved)
    for view in found:
        comment = " ".join(view.report.comment.split())[:SHOWN_CHARACTERS]
        when = f"{view.report.created_at:%Y-%m-%d %H:%M}"
        about = f"{view.report.category} about @{view.target.acct} by {_by(view)}"
        console.print(plain(f"{view.report.id} {when} {about}: {comment}"))
    if not found:
        console.print("No report was dealt with yet." if resolved else "No reports wait.")


@reports.command()
@click.argument("report_id", metavar="ID", type=int)
def show(report_id: int) -> None:
    """Show a report with the posts that it names."""
    run(_show(settings_from(), report_id))


async def _show(settings: Settings, report_id: int) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        view = await moderation.find_report(tx, report_id)
    if view is None:
        raise Refused(404, f"There is no report {report_id}.")
    report = view.report
    console.print(f"Report {report.id} of {report.created_at:%Y-%m-%d %H:%M} UTC, {report.category}")
    console.print(plain(f"about: @{view.target.acct}  {view.target.url or view.target.iri}"))
    console.print(plain(f"by: {_by(view)}{', passed on to their server' if report.forwarded else ''}"))
    if report.resolved_at is not None:
        console.print(f"resolved: {report.resolved_at:%Y-%m-%d %H:%M} UTC")
    console.print(f"comment: {plain(report.comment)}")
    for post in view.posts:
        console.print(plain(f"post: {post.url or post.iri}"))
        console.print(plain(html_to_text(post.content)))
    missing = len(report.post_ids) - len(view.posts)
    if missing:
        console.print(f"{missing} of the posts are gone.")


@reports.command()
@click.argument("report_id", metavar="ID", type=int)
@click.option("--reason", default="", metavar="TEXT", help="What was done about it, for the log of acts.")
def resolve(report_id: int, reason: str) -> None:
    """Say that a report has been dealt with."""
    run(_resolve(settings_from(), report_id, reason))


async def _resolve(settings: Settings, report_id: int, reason: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        view = await moderation.find_report(tx, report_id)
        if view is None:
            raise Refused(404, f"There is no report {report_id}.")
        await reporting.resolve(ctx, tx, found=view.report, target=view.target, reason=reason)
    console.print(f"Report {report_id} is resolved.")


def _by(view: ReportView) -> str:
    if view.reporter is not None:
        return f"@{view.reporter.acct}"
    return view.report.origin or "somebody who is gone"
