"""All rows of one database into another that is empty: from SQLite to PostgreSQL, and back."""

from fedi.archives import rows
from fedi.archives.writing import OnStep
from fedi.db import Database
from fedi.errors import Refused

__all__ = ["copy"]


async def copy(source: Database, target: Database, *, on_step: OnStep) -> dict[str, int]:
    """Copy all rows, in one transaction on each side; return how many by table.

    Args:
        source: a database of this version.
        target: one of the same version, without rows.
        on_step: is told how far it is.

    Raises:
        Refused: 409, when the target has rows, or 500, when what arrived is not what was sent.
    """
    tables = rows.tables()
    async with source.read() as tx, target.engine.begin() as there:
        here = await tx.connection()
        if filled := [name for name, count in (await rows.counts(there, tables)).items() if count]:
            raise Refused(409, f"The other database is not empty: {filled[0]} has rows.")
        totals = await rows.counts(here, tables)
        for table in tables:
            done, ties = 0, []
            async for some in rows.read(here, table):
                await rows.insert(there, table, some)
                ties += list(rows.ties(table, some))
                done += len(some)
                on_step(table.name, done, totals[table.name])
            await rows.tie(there, table, ties)
            if done:
                await rows.finish(there, table)
        arrived = await rows.counts(there, tables)
        if arrived != totals:
            raise Refused(500, "Not every row arrived; nothing was kept.")
    return totals
