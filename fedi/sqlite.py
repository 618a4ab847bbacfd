"""SQLite's driver with one hop to its thread for each statement.

aiosqlite runs every call of sqlite3 in the connection's own thread: making a cursor, executing, fetching and
closing are four hops for one statement, and a hop costs more than most statements do. Here the cursor is
made where it is, executing brings the rows along, closing has nothing left to do, a transaction begins with
its first statement, and one that has ended already is not rolled back. A transaction of four statements takes
five hops instead of sixteen.

That is safe because a connection serves one transaction at a time, whose statements wait for one another,
and because a cursor whose rows were all fetched holds nothing open.
"""

import asyncio
import sqlite3
from collections.abc import Iterable
from typing import Any

import aiosqlite

__all__ = ["begin_with", "connect"]

CHUNK_ROWS = 64
"""Of aiosqlite's own iteration, which nobody here uses."""


class _Cursor(aiosqlite.Cursor):
    """A cursor that fetches while it is in the thread anyway."""

    def __init__(self, connection: aiosqlite.Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        """Execute a statement and fetch its rows."""
        values = () if parameters is None else parameters
        begin = self._begin()
        self._rows = await self._execute(_execute_and_fetch, self._cursor, begin, sql, values)  # type: ignore[no-untyped-call] # of aiosqlite
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> aiosqlite.Cursor:
        """Execute a statement for each of some rows."""
        begin = self._begin()
        await self._execute(_execute_many, self._cursor, begin, sql, parameters)  # type: ignore[no-untyped-call] # of aiosqlite
        return self

    def _begin(self) -> str | None:
        """Return how a transaction has to begin before the next statement, if one has to."""
        assert isinstance(self._conn, _Connection)
        begin, self._conn.begin_with = self._conn.begin_with, None
        return begin

    async def fetchall(self) -> list[Any]:
        """Return the rows of the last statement, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: all rows are fetched, so the statement is at its end."""


class _Connection(aiosqlite.Connection):
    """A connection whose cursors are `_Cursor`."""

    begin_with: str | None = None
    """The BEGIN that is due with the next statement."""

    def cursor(self) -> _Cursor:  # type: ignore[override] # an awaitable there; SQLAlchemy enters either
        """Return a cursor, without a hop."""
        return _Cursor(self, self._conn.cursor())

    async def _connect(self) -> aiosqlite.Connection:
        """Open the file; when that fails, leave no thread that has something to tell a closed event loop."""
        try:
            return await super()._connect()
        except sqlite3.Error:
            await asyncio.to_thread(self._thread.join)
            raise

    async def commit(self) -> None:
        """Commit, if there is anything to commit."""
        self.begin_with = None
        if self._conn.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back, if the transaction has not ended yet."""
        self.begin_with = None
        if self._conn.in_transaction:
            await super().rollback()


def begin_with(connection: Any, begin: str) -> None:
    """Have a transaction begin with the next statement, without a hop of its own.

    Args:
        connection: the driver's connection, from `connect`.
        begin: the statement.
    """
    assert isinstance(connection, _Connection)
    connection.begin_with = begin


def connect(path: str, **options: Any) -> aiosqlite.Connection:
    """Return a connection to be awaited: SQLAlchemy's `async_creator_fn`."""
    options["check_same_thread"] = False  # cursors are made in the event loop's thread
    connection = _Connection(lambda: sqlite3.connect(path, **options), iter_chunk_size=CHUNK_ROWS)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does, so that an exit waits for nobody
    return connection


def _execute_and_fetch(
    cursor: sqlite3.Cursor, begin: str | None, sql: str, values: Iterable[Any]
) -> list[Any]:
    if begin is not None:
        cursor.execute(begin)
    cursor.execute(sql, values)  # type: ignore[arg-type] # any iterable of values will do
    return cursor.fetchall() if cursor.description else []


def _execute_many(cursor: sqlite3.Cursor, begin: str | None, sql: str, rows: Iterable[Iterable[Any]]) -> None:
    if begin is not None:
        cursor.execute(begin)
    cursor.executemany(sql, rows)  # type: ignore[arg-type] # any iterable of values will do
