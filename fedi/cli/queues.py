"""`fedi queue`: what waits, what was given up, and what to do about it."""

import click
from rich.table import Table

from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.jobs import queue as jobs
from fedi.services import auditing

__all__ = ["queue"]


@click.group()
def queue() -> None:
    """Jobs: deliveries, incoming activities, pictures."""


@queue.command()
def status() -> None:
    """Count the jobs by queue, kind and state."""
    settings = settings_from()
    run(_status(settings))


async def _status(settings: Settings) -> None:
    require_initialised(settings)
    table = Table("queue", "kind", "state", "jobs", "held now", "oldest", box=None)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        rows = await jobs.status(tx, now=ctx.clock())
        for row in rows:
            age_s = (ctx.clock() - row.oldest).total_seconds()
            table.add_row(row.queue, row.kind, row.state, str(row.count), str(row.held), f"{age_s:.0f} s")
        dead = await jobs.dead(tx, limit=20)
    console.print(table if rows else "No jobs wait and none was given up.")
    for job in dead:
        console.print(
            f"dead {job.id} {job.kind} after {job.attempts} attempts, {job.host or 'here'}: {job.last_error}"
        )


@queue.command()
@click.option("--kind", help="Only jobs of this kind.")
def retry(kind: str | None) -> None:
    """Try the jobs again that were given up."""
    settings = settings_from()
    run(_retry(settings, kind))


async def _retry(settings: Settings, kind: str | None) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        count = await jobs.revive(tx, ctx.wake, kind=kind, now=ctx.clock())
        await auditing.record(ctx, tx, action="queue.retry", target=kind or "all", detail={"jobs": count})
    console.print(f"{count} jobs will be tried again.")


@queue.command()
@click.option("--kind", help="Only jobs of this kind.")
@click.confirmation_option(prompt="Forget the jobs that were given up?")
def drop(kind: str | None) -> None:
    """Forget the jobs that were given up."""
    settings = settings_from()
    run(_drop(settings, kind))


async def _drop(settings: Settings, kind: str | None) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.write() as tx:
        count = await jobs.drop(tx, kind=kind)
        await auditing.record(ctx, tx, action="queue.drop", target=kind or "all", detail={"jobs": count})
    console.print(f"{count} jobs were forgotten.")
