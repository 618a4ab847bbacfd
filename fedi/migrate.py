"""Running the migrations: `python -m fedi.migrate`, with the settings from the environment.

Alembic works on a connection of ours, so that the same driver and PRAGMAs apply as for the server.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from fedi import migrations
from fedi.config import load
from fedi.db import Database, alone

__all__ = ["config", "upgrade"]


async def upgrade(db: Database) -> None:
    """Run what is missing, in one transaction; of several processes that begin together one does it."""
    async with db.engine.begin() as connection:
        await alone(connection)
        await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(migrations.__file__).parent))
    attributes: dict[str, Any] = found.attributes
    attributes["connection"] = connection
    return found


async def _main() -> None:
    db = Database(load(os.environ).database)
    try:
        await upgrade(db)
    except DBAPIError as trouble:  # `fedi.schema` tells the last line that we say
        sys.exit(" ".join(str(trouble.orig).split()))
    finally:
        await db.close()


if __name__ == "__main__":
    asyncio.run(_main())
