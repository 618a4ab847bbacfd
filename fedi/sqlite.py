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
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import aiosqlite

__all__ = ["begin_with", "connect", "later", "put_off", "visit"]

Result = TypeVar("Result")

Many = tuple[sqlite3.Cursor, str, list[Any]]
"""A statement and the rows that it is to be executed for."""

CHUNK_ROWS = 64
"""Of aiosqlite's own iteration, which nobody here uses."""


class _Cursor(aiosqlite.Cursor):
    """A cursor that fetches while it is in the thread anyway."""

    def __init__(self, connection: aiosqlite.Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._rows: list[Any] = []

    @property
    def _home(self) -> "_Connection":
        assert isinstance(self._conn, _Connection)
        return self._conn

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        """Execute a statement and fetch its rows."""
        values = () if parameters is None else parameters
        due = self._home.due()
        self._rows = await self._execute(_execute_and_fetch, self._cursor, due, sql, values)  # type: ignore[no-untyped-call] # of aiosqlite
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> aiosqlite.Cursor:
        """Execute a statement for each of some rows, now or with what comes next."""
        self._home.put_off.append((self._cursor, sql, list(parameters)))
        if not self._home.puts_off:
            await self._execute(_catch_up, self._cursor, self._home.due())  # type: ignore[no-untyped-call] # of aiosqlite
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows of the last statement, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Do nothing: all rows are fetched, so the statement is at its end."""


class _Due(NamedTuple):
    """What has to be done before the next statement."""

    begin: str | None
    many: list[Many]


class _Connection(aiosqlite.Connection):
    """A connection whose cursors are `_Cursor`."""

    begin_with: str | None = None
    """The BEGIN that is due with the next statement."""
    puts_off: bool = False
    """Whether statements for many rows wait for the next statement, or for COMMIT, and share its hop."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        self.put_off: list[Many] = []

    def cursor(self) -> _Cursor:  # type: ignore[override] # an awaitable there; SQLAlchemy enters either
        """Return a cursor, without a hop."""
        return _Cursor(self, self._conn.cursor())

    def due(self) -> _Due:
        """Return what has to be done first, and forget it."""
        found = _Due(self.begin_with, self.put_off)
        self.begin_with, self.put_off = None, []
        return found

    async def _connect(self) -> aiosqlite.Connection:
        """Open the file; when that fails, leave no thread that has something to tell a closed event loop."""
        try:
            return await super()._connect()
        except sqlite3.Error:
            await asyncio.to_thread(self._thread.join)
            raise

    async def commit(self) -> None:
        """Do what was put off and commit, if there is anything to commit."""
        due = self.due()
        self.puts_off = False
        if due.many:
            await self._execute(_catch_up_and_commit, self._conn.cursor(), due)  # type: ignore[no-untyped-call] # of aiosqlite
        elif self._conn.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back, if the transaction has not ended yet."""
        self.due()
        self.puts_off = False
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


def put_off(connection: Any) -> None:
    """Have statements for many rows wait for the next statement or for the end of the transaction.

    A mistake in one of them is then raised there, and how many rows it changed is not told.

    Args:
        connection: the driver's connection, from `connect`.
    """
    assert isinstance(connection, _Connection)
    connection.puts_off = True


def later(connection: Any, sql: str, values: list[Any]) -> None:
    """Have a statement share the hop of the next one, or of COMMIT.

    Args:
        connection: the driver's connection, from `connect`.
        sql: the statement, whose rows nobody wants to know.
        values: its parameters.
    """
    assert isinstance(connection, _Connection)
    connection.put_off.append((connection._conn.cursor(), sql, [values]))  # noqa: SLF001 - of aiosqlite


async def visit(connection: Any, work: Callable[[sqlite3.Cursor], Result]) -> Result:
    """Do several things in a connection's thread, in one hop.

    Args:
        connection: the driver's connection, from `connect`, between two transactions.
        work: what is done; it gets a cursor.
    """
    assert isinstance(connection, _Connection)
    done: Result = await connection._execute(work, connection._conn.cursor())  # type: ignore[no-untyped-call] # noqa: SLF001 - of aiosqlite
    return done


def connect(path: str, **options: Any) -> aiosqlite.Connection:
    """Return a connection to be awaited: SQLAlchemy's `async_creator_fn`."""
    options["check_same_thread"] = False  # cursors are made in the event loop's thread
    connection = _Connection(lambda: sqlite3.connect(path, **options), iter_chunk_size=CHUNK_ROWS)
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does, so that an exit waits for nobody
    return connection


def _execute_and_fetch(cursor: sqlite3.Cursor, due: _Due, sql: str, values: Iterable[Any]) -> list[Any]:
    _catch_up(cursor, due)
    cursor.execute(sql, values)  # type: ignore[arg-type] # any iterable of values will do
    return cursor.fetchall() if cursor.description else []


def _catch_up(cursor: sqlite3.Cursor, due: _Due) -> None:
    if due.begin is not None:
        cursor.execute(due.begin)
    for one, sql, rows in due.many:
        one.executemany(sql, rows)


def _catch_up_and_commit(cursor: sqlite3.Cursor, due: _Due) -> None:
    _catch_up(cursor, due)
    cursor.connection.commit()
