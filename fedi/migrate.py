"""Running the migrations: `python -m fedi.migrate [REVISION]`, with the settings from the environment.

With `--pending [REVISION]` it prints what comes after a revision, one line for each step, and runs nothing.

Alembic works on a connection of ours, so that the same driver and PRAGMAs apply as for the server.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from fedi import migrations
from fedi.config import load
from fedi.db import Database, alone

__all__ = ["PENDING", "config", "pending", "upgrade"]


PENDING = "--pending"
"""Asks what is due, and runs nothing."""


async def upgrade(db: Database, to: str = "head") -> None:
    """Run what is missing, in one transaction; of several processes that begin together one does it."""
    async with db.engine.begin() as connection:
        await alone(connection)
        await connection.run_sync(lambda sync: command.upgrade(config(sync), to))


def pending(at: str | None) -> list[str]:
    """Say what comes after a revision, in order."""
    due = [
        script
        for script in ScriptDirectory.from_config(config()).walk_revisions()
        if at is None or script.revision > at
    ]
    return [f"{script.revision}: {script.doc}" for script in reversed(due)]


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    attributes: dict[str, Any] = found.attributes
    attributes["connection"] = connection
    return found


async def _main(to: str) -> None:
    db = Database(load(os.environ).database)
    try:
        await upgrade(db, to)
    except DBAPIError as trouble:  # `fedi.schema` tells the last line that we say
        sys.exit(" ".join(str(trouble.orig).split()))
    finally:
        await db.close()


if __name__ == "__main__":
    if PENDING in sys.argv:
        sys.stdout.write("".join(f"{line}\n" for line in pending((*sys.argv, None)[2])))
    else:
        asyncio.run(_main((*sys.argv, "head")[1]))
