"""Statements in a session's transaction, past the session.

On PostgreSQL it is SQLAlchemy's connection that executes them, because that begins the transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlalchemy.orm import class_mapper

from fedi import sqlite
from fedi.db import Tx
from fedi.lean.prepared import Compiled, Part, Raw, as_sqlalchemy_says, compile_plain, converts_of

__all__ = ["Done", "insert_one", "run", "run_later"]

DRIVER = "lean.driver"
"""Where a session keeps the connection that its transaction has."""

KEPT_MAX = 1000
"""Statements that `run` knows: there are as many as there are in the code."""

_KEPT: dict[int, tuple[Any, Compiled]] = {}

_WHOLE: dict[tuple[Any, str], Part] = {}
"""What makes a model of a row, by model and database."""


class Done(NamedTuple):
    """What came of a statement: its rows, as the driver gives them, and how many rows it changed."""

    rows: Sequence[Raw]
    rowcount: int


async def run(tx: Tx, statement: Any, values: Mapping[str, Any]) -> Done:
    """Execute a statement in a session's transaction, past the session, which would cost more than it does.

    What the session holds of the rows that it changes is not told.

    Args:
        tx: a transaction.
        statement: over tables or columns, built once: it is remembered by what object it is.
        values: its parameters, always under the same names.
    """
    ready = await _ready(tx, statement, values)
    if ready is None:
        result = await (await tx.connection()).execute(statement, values)
        return Done(result.all() if result.returns_rows else (), result.rowcount)
    cursor = ready.driver.cursor()
    with as_sqlalchemy_says(ready.sql):
        await cursor.execute(ready.sql, ready.values)
    return Done(await cursor.fetchall(), cursor.rowcount)


async def run_later(tx: Tx, statement: Any, values: Mapping[str, Any]) -> None:
    """Do as `run`, when nobody wants to know what came of it: on SQLite together with the next statement.

    A mistake in it is then raised by that, or by COMMIT.
    """
    ready = await _ready(tx, statement, values)
    if ready is None:
        await (await tx.connection()).execute(statement, values)
    else:
        sqlite.later(*ready)


async def insert_one(tx: Tx, statement: Any, values: Mapping[str, Any], model: Any) -> Any | None:
    """Execute an INSERT that returns the whole row of a model; return it as the session would have loaded it.

    None when there is no row, since it was in the way of another. The session's own way takes many times as
    long.
    """
    found = (await run(tx, statement, values)).rows
    if not found:
        return None
    dialect = tx.get_bind().dialect
    if (model, dialect.name) not in _WHOLE:
        _WHOLE[model, dialect.name] = _row_of(model, dialect)
    made = _WHOLE[model, dialect.name].read(found[0])
    tx.add(made)
    return made


def _row_of(model: Any, dialect: Dialect) -> Part:
    """Return what makes a model of the columns of its table, as `run` gives them."""
    mapper: Any = class_mapper(model)
    columns = tuple(model.__table__.c)
    keys = tuple(mapper.get_property_by_column(column).key for column in columns)
    converts = converts_of(columns, dialect) if dialect.name == "sqlite" else {}  # else it is done
    primary = columns.index(mapper.primary_key[0])
    return Part(name="", start=0, convert=converts, mapper=mapper, keys=keys, primary=primary, whole=True)


class _Ready(NamedTuple):
    driver: Any
    sql: str
    values: list[Any]


async def _ready(tx: Tx, statement: Any, values: Mapping[str, Any]) -> _Ready | None:
    """Return what SQLite's driver is given; None on PostgreSQL, where SQLAlchemy's connection begins."""
    if not tx.sync_session._is_clean():  # noqa: SLF001 - what it holds back belongs before
        await tx.flush()
    dialect = tx.get_bind().dialect
    if dialect.name != "sqlite":
        return None
    driver: Any = tx.info.get(DRIVER)
    if driver is None:
        driver = tx.info[DRIVER] = (await (await tx.connection()).get_raw_connection()).driver_connection
    if id(statement) not in _KEPT:
        assert len(_KEPT) < KEPT_MAX, "statements are to be built once"
        _KEPT[id(statement)] = statement, compile_plain(statement, tuple(values), dialect)
    _, compiled = _KEPT[id(statement)]
    return _Ready(driver, compiled.sql, compiled.ordered(values))
