"""Asking a chain, in a reading transaction of its own."""

import contextlib
from typing import Any, TypeVar

from sqlalchemy import Dialect
from sqlalchemy.util import greenlet_spawn

from fedi import sqlite
from fedi.db import Database
from fedi.lean.prepared import Chain, Found, as_sqlalchemy_says

__all__ = ["ask"]

Result = TypeVar("Result")


async def ask(db: Database, chain: Chain[Result]) -> Result:
    """Run a chain in a reading transaction of its own.

    Args:
        db: the database.
        chain: on SQLite it runs in the connection's thread, so it must touch nothing but what it asks for.
    """
    engine = db.reading_engine
    held = await engine.raw_connection()
    try:
        driver: Any = held.driver_connection
        if db.is_sqlite:
            with as_sqlalchemy_says("a chain"):
                return await sqlite.visit(driver, lambda cursor: _ask_sqlite(cursor, engine.dialect, chain))
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            return await _ask_postgres(driver, engine.dialect, chain)
    finally:
        await greenlet_spawn(held.close)


def _ask_sqlite(cursor: Any, dialect: Dialect, chain: Chain[Result]) -> Result:
    cursor.execute("BEGIN")
    try:
        asked = next(chain)
        while True:
            compiled = asked.statement.on(dialect)
            rows = cursor.execute(compiled.sql, compiled.ordered(asked.values)).fetchall()
            asked = chain.send(Found(compiled, rows))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return] # what the generator returns
    finally:
        cursor.execute("ROLLBACK")


async def _ask_postgres(driver: Any, dialect: Dialect, chain: Chain[Result]) -> Result:
    with contextlib.closing(chain):
        try:
            asked = next(chain)
            while True:
                compiled = asked.statement.on(dialect)
                rows = await driver.fetch(compiled.sql, *compiled.ordered(asked.values))
                asked = chain.send(Found(compiled, rows))
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # as above
