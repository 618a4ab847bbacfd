"""`fedi audit`: the log of acts of moderation and administration."""

import json

import click

from fedi.cli.common import console, open_instance, plain, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.queries import moderation

__all__ = ["audit"]


@click.group()
def audit() -> None:
    """Who did what to whom, and why."""


@audit.command("list")
@click.option("--target", metavar="TEXT", help="Only acts on this domain or handle.")
@click.option(
    "--limit", default=50, show_default=True, help="At most so many.", type=click.IntRange(1, 10_000)
)
def list_(target: str | None, limit: int) -> None:
    """List the acts, the last first."""
    run(_list(settings_from(), target, limit))


async def _list(settings: Settings, target: str | None, limit: int) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        entries = await moderation.audit(tx, limit=limit, target=target)
    for entry in entries:  # lines and no table: they are for searching
        words = [f"{entry.created_at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.action, entry.target]
        words += [f"{key}={json.dumps(value)}" for key, value in entry.detail.items()]
        words += [f"reason={json.dumps(entry.reason)}"] if entry.reason else []
        console.print(plain(" ".join(words)))
    if not entries:
        console.print("Nothing was done yet.")
