"""Making an instance's database ready, without holding Alembic in a server's memory.

Asking for the revision is one statement. Only when something is to do, Alembic runs, in a process of its
own, which ends when it is done.
"""

import asyncio
import os
import sys

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fedi.config import Settings
from fedi.context import Context
from fedi.db import Database, alone
from fedi.errors import SettingsError
from fedi.log import get
from fedi.migrations import HEAD
from fedi.services import accounts, generator

__all__ = ["migrate", "prepare", "revision"]

log = get(__name__)


async def revision(db: Database) -> str | None:
    """Return the revision that the database is at; None when it is empty.

    Raises:
        SettingsError: the database cannot be reached.
    """
    try:
        async with db.engine.connect() as connection:
            known = await connection.run_sync(lambda sync: sync.dialect.has_table(sync, "alembic_version"))
            if not known:
                return None
            row = (await connection.execute(text("SELECT version_num FROM alembic_version"))).first()
            return None if row is None else str(row[0])
    except (DBAPIError, OSError) as trouble:
        cause = " ".join(str(getattr(trouble, "orig", trouble)).split())
        raise SettingsError(
            "database_url",
            f"the database cannot be opened ({cause})",
            "check that it runs and may be written",
        ) from None


async def prepare(ctx: Context) -> None:
    """Migrate the database if it needs it, and make the server's own actor and its generator's.

    Raises:
        SettingsError: the database cannot be reached or belongs to a newer version.
    """
    at = await revision(ctx.db)
    if at is not None and at > HEAD:
        raise SettingsError(
            "database_url", f"the database is at revision {at}, this version knows {HEAD}", "run a newer fedi"
        )
    if at != HEAD:
        log.info("migrating", at=at, to=HEAD)
        await migrate(ctx.settings)
    async with ctx.db.write() as tx:
        await alone(await tx.connection())
        await accounts.ensure_instance_actor(ctx, tx)
        await generator.ensure(ctx, tx)


async def migrate(settings: Settings, *arguments: str) -> str:
    """Run `fedi.migrate` in a process of its own, and return what it printed.

    Args:
        settings: naming the database.
        arguments: a revision to go to, or `--pending` and one to begin after.

    Raises:
        SettingsError: the migration failed.
    """
    environment = {
        **os.environ,
        "FEDI_DATABASE_URL": settings.database,
        "FEDI_DATA_DIR": settings.data_dir,
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fedi.migrate",
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, output = await child.communicate()
    if child.returncode != 0:
        errors = output.decode(errors="replace").strip()
        log.error("migration_failed", errors=errors)
        cause = errors.rpartition("\n")[2] or f"status {child.returncode}"
        raise SettingsError("database_url", f"the migration failed ({cause})", "see the log")
    return printed.decode()
