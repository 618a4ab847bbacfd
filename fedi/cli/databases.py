"""`fedi db`: the database's shape, and moving it to another kind."""

import click
import msgspec
from sqlalchemy.exc import ArgumentError

from fedi import schema
from fedi.app import open_context
from fedi.archives import copying
from fedi.cli.backups import steps_shown
from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.db import Database
from fedi.errors import Refused, SettingsError
from fedi.migrations import HEAD
from fedi.outbound import indexing
from fedi.schema import revision

__all__ = ["db"]

PENDING = "--pending"
"""Asks `fedi.migrate` what is due, which is not imported here: Alembic stays out of a server's memory."""


@click.group()
def db() -> None:
    """Look after the database."""


@db.command("migrate")
@click.option("--plan", is_flag=True, help="Only say what would be done, and to how many rows.")
def migrate(plan: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Bring the database to the shape that this version needs."""
    settings = settings_from()
    run(_plan(settings) if plan else _migrate(settings))


async def _migrate(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        console.print(f"The database is at revision {await revision(ctx.db)}; this version needs {HEAD}.")


async def _plan(settings: Settings) -> None:
    require_initialised(settings)
    async with open_context(settings) as ctx:
        at = await revision(ctx.db)
        if at is not None and at > HEAD:
            raise Refused(
                409,
                f"The database is at revision {at}, this version knows {HEAD}. A database does not go back: "
                "run a newer fedi, or restore the backup from before the upgrade.",
            )
        due = await schema.migrate(settings, PENDING, *(() if at is None else (at,)))
        console.print(f"The database is at revision {at}; this version needs {HEAD}.")
        if due:
            console.print(due.rstrip())
            console.print("Each step is one transaction: it happens as a whole, or can be tried again.")
            console.print("Before it: fedi backup create FILE, and fedi backup verify FILE.")
        else:
            console.print("Nothing is to do.")


@db.command("reindex")
def reindex() -> None:
    """Make the index of words anew that search asks; posts stay as they are."""
    run(_reindex(settings_from()))


async def _reindex(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        console.print(f"Indexed {await indexing.rebuild(ctx.db)} posts.")


@db.command("copy")
@click.argument("url")
def copy(url: str) -> None:
    """Copy everything into the empty database at URL, such as postgresql://user@host/name.

    Stop the server first: what it writes after the copy began is not in it.
    """
    settings = settings_from()
    run(_copy(settings, url))


async def _copy(settings: Settings, url: str) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        there = _with_database(url, settings)
        target = _open(there)
        try:
            if await revision(target) is None:
                await schema.migrate(there)
            with steps_shown() as on_step:
                copied = await copying.copy(ctx.db, target, on_step=on_step)
            await indexing.rebuild(target)
        finally:
            await target.close()
    console.print(f"Copied {sum(copied.values())} rows of {len(copied)} tables.")
    console.print("Next: write database_url into config.toml, then start the server.")


def _with_database(url: str, settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, database_url=url)


def _open(settings: Settings) -> Database:
    try:
        return Database(settings.database)
    except (ArgumentError, ImportError, ValueError) as trouble:
        raise SettingsError(
            "database_url",
            str(trouble).splitlines()[0],
            "write postgresql://user@host/name or sqlite:///path",
        ) from None
