"""Bringing a database to the shape that this version needs.

Runs Alembic's migrations on a connection of ours, so that the same settings, driver and PRAGMAs apply.
`fedi serve` asks `revision` first, which needs one statement; Alembic is only loaded, in a process of its
own, when there is something to do, since an idle server should not hold it in memory.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from fedi import migrations
from fedi.db import Database

__all__ = ["upgrade"]


async def upgrade(db: Database) -> None:
    """Run what is missing, in one transaction per migration where the database can."""
    async with db.engine.begin() as connection:
        await connection.run_sync(_upgrade)


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    attributes: dict[str, Any] = found.attributes
    attributes["connection"] = connection
    return found


def _upgrade(connection: Connection) -> None:
    command.upgrade(config(connection), "head")
