"""The database: one door for reading, one for writing, the same on SQLite and PostgreSQL.

SQLite has one writer at a time. Letting tasks fight for it costs `database is locked` errors and, when
measured, several writers were slower than one; so here there is one writing connection, tasks queue for
it in order, and `BEGIN IMMEDIATE` takes the lock before anything is read. Readers have connections of
their own and see the last commit (WAL). `synchronous=FULL` is kept, because what was acknowledged must
survive a power cut too, and commits are grouped where it matters.

This module, `bus` and `queries/search.py` are the only ones that know which database it is.
"""

import functools
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import JSON, BigInteger, Dialect, Integer, case, event, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlalchemy.types import TypeDecorator

from fedi import sqlite

__all__ = [
    "AWAY",
    "Database",
    "Id",
    "Instant",
    "Json",
    "Tx",
    "alone",
    "insert",
    "on_commit",
    "prepared",
    "step",
    "stepped",
]

Statement = TypeVar("Statement")

Tx = AsyncSession
"""A transaction. Services take one and never make one."""

SQLITE_BUSY_TIMEOUT_MS = 15_000
"""How long a statement waits for another process's write: several of our longest transactions."""

WAL_PAUSE_MS = 50
"""Between two tries to switch a new file to its write-ahead log."""

READERS_MAX = 8
"""SQLite connections for reading; more only wait for the same GIL."""

POSTGRES_CONNECTIONS_MAX = 20
"""Connections per process; PostgreSQL's default `max_connections` is 100."""

POSTGRES_SETTINGS = {"jit": "off"}
"""Our statements are long and their answers short: compiling one took up to 3 s, and running it 0.2 s.

PostgreSQL decides by its estimate of the costs, which conditions on who may see what make far too high.
"""

SETTING_UP_LOCK = 0x6665_6469
"""Key of PostgreSQL's advisory lock for `alone`: a number that others hardly use, as it spells "fedi"."""

AWAY = (DBAPIError, PoolTimeoutError, OSError)
"""Raised while the database cannot be had: its own errors, a full pool, a connection that is refused."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A snowflake; SQLite's INTEGER is 64 bits and, as primary key, needs no second index."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Instant(TypeDecorator[datetime]):
    """A moment, kept as milliseconds since 1970 so that both databases compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        """Refuse naive moments: they would be an hour off for half of the world."""
        if value is None:
            return None
        assert value.tzinfo is not None, "a moment without a time zone"
        return round(value.timestamp() * 1000)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return an aware moment in UTC."""
        return None if value is None else datetime.fromtimestamp(value / 1000, tz=UTC)


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}
"""A fifth of the standard library's time; a job or a post has several such columns."""


class Database:
    """The engine, behind `read()` and `write()`.

    Args:
        url: SQLAlchemy URL with an async driver.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.carried: dict[str, Any] = {}
        """What writing transactions carry in `info`, for layers above: the hub of `bus`."""
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", connections=READERS_MAX, readonly=True)
        else:
            self._writer = create_async_engine(
                url,
                pool_size=POSTGRES_CONNECTIONS_MAX,
                max_overflow=0,
                pool_pre_ping=True,
                connect_args={"server_settings": POSTGRES_SETTINGS},
                **_JSON,
            )
            # The same connections. PostgreSQL's own level would show each statement another moment.
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations and for PostgreSQL's LISTEN."""
        return self._writer

    @property
    def reading_engine(self) -> AsyncEngine:
        """The engine of connections that cannot write, for `lean`."""
        return self._reader

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Open a transaction that sees one moment of the database and cannot write."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self, *, puts_off: bool = False) -> AsyncIterator[Tx]:
        """Open a transaction, commit it when the block ends well, then run what `on_commit` was given.

        No network, picture or model work inside: the one writer of SQLite is held meanwhile.

        Args:
            puts_off: on SQLite, let statements for many rows wait for COMMIT, where a mistake in one of them
                is then raised.
        """
        async with AsyncSession(self._writer, expire_on_commit=False, info=self.carried) as session:
            async with session.begin():
                if puts_off and self.is_sqlite:
                    raw = await (await session.connection()).get_raw_connection()
                    sqlite.put_off(raw.driver_connection)
                yield session
            for callback in session.info.get("on_commit", ()):
                callback()

    async def close(self) -> None:
        """Close all connections."""
        if self.is_sqlite:
            await self._reader.dispose()
        await self._writer.dispose()


def on_commit(tx: Tx, callback: Callable[[], None]) -> None:
    """Run something cheap right after this transaction is committed, and not at all otherwise."""
    tx.info.setdefault("on_commit", []).append(callback)


async def alone(connection: AsyncConnection) -> None:
    """Wait until no other process sets the database up, and keep others waiting until this transaction ends.

    On SQLite a writing transaction is alone by itself, from its first statement on.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SETTING_UP_LOCK})
    else:
        await connection.execute(text("SELECT 1"))


def insert(tx: Tx, model: Any) -> Any:
    """Return the dialect's INSERT, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = sqlite_dialect if tx.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(model)


def prepared(make: Callable[[Tx], Statement]) -> Callable[[Tx], Statement]:
    """Make a statement once per database, for those that run all the time.

    Building an expression costs more than running it does; it holds nothing of the transaction.
    """
    made: dict[str, Statement] = {}

    @functools.wraps(make)
    def remembered(tx: Tx) -> Statement:
        name = tx.get_bind().dialect.name
        if name not in made:
            made[name] = make(tx)
        return made[name]

    return remembered


def stepped(column: Any, change: Any) -> Any:
    """Return the expression `column + change`, never below zero, for a counter in an UPDATE.

    The database adds, so that two transactions cannot lose one another's change.
    """
    return case((column + change < 0, 0), else_=column + change)


async def step(tx: Tx, model: Any, row_id: int, **changes: int) -> None:
    """Change counters of one row, in the database and in the object that is loaded of it, if there is one.

    Args:
        tx: a writing transaction.
        model: the table.
        row_id: its primary key.
        changes: by column, how much is added.
    """
    columns = [getattr(model, name) for name in changes]
    values = {column.key: stepped(column, changes[column.key]) for column in columns}
    statement = update(model).where(model.id == row_id).values(values).returning(*columns)
    # Left to itself the session would expire the object, and reading it then would need a greenlet.
    found = (await tx.execute(statement.execution_options(synchronize_session=False))).first()
    loaded = tx.identity_map.get(identity_key(model, row_id))
    if found is not None and loaded is not None:
        for name, value in zip(changes, found, strict=True):
            set_committed_value(loaded, name, value)


def _sqlite_engine(url: str, *, begin: str, connections: int, readonly: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"async_creator_fn": sqlite.connect},
        **_JSON,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own would come too late
        cursor = connection.cursor()
        _use_wal(cursor)
        for pragma in (
            f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",  # 16 MB a connection
            "temp_store=MEMORY",
            f"query_only={'ON' if readonly else 'OFF'}",  # a write through the wrong door must not get lost
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        sqlite.begin_with(connection.connection.driver_connection, begin)

    return engine


def _use_wal(cursor: Any) -> None:
    """Switch to a write-ahead log, which a new file does once.

    SQLite refuses that at once while another process writes, whatever the timeout: two that begin together
    on a new file would otherwise not both start.
    """
    for tries_left in range(SQLITE_BUSY_TIMEOUT_MS // WAL_PAUSE_MS, -1, -1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if not tries_left:
                raise
            time.sleep(WAL_PAUSE_MS / 1000)  # a new process has nothing else to do yet
        else:
            return


assert sqlite3.sqlite_version_info >= (3, 35), "SQLite 3.35 or newer is needed for RETURNING"
