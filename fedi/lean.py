"""Reading what is asked all the time without the ORM: prepared once, in one hop, as plain rows.

SQLAlchemy's session costs about 0.3 CPU-ms for a statement, several times what the databases need for it, and
a page of posts costs more than that in objects. Here a statement is written with SQLAlchemy as everywhere,
but compiled once and handed to the driver as it is. What belongs together is a *chain*, a generator that
yields what it asks and is sent the rows: on SQLite all of it is one visit to a connection's thread, and on
both databases it sees one moment and cannot write.

Rows stay as the driver gives them until somebody reads them as objects (`Found.read`), so that two of them
can be compared at once: whoever keeps what was made of a row makes it again only when the row is another.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Float,
    Select,
    String,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import class_mapper, make_transient_to_detached
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlalchemy.util import greenlet_spawn

from fedi import sqlite
from fedi.db import Database, Tx

__all__ = ["Asked", "Chain", "Done", "Found", "Lean", "Raw", "among", "ask", "run", "run_later"]

Result = TypeVar("Result")

Raw = Sequence[Any]
"""A row as the driver gives it; two of them can be compared."""

Convert = Callable[[Any], Any]


class Ids(TypeDecorator[list[int]]):
    """Ids in one parameter, so that a statement is the same however many they are."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an array where there are arrays, and JSON elsewhere."""
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        """Write them as JSON where there are no arrays."""
        if value is None or dialect.name == "postgresql":
            return value
        return msgspec.json.encode(value).decode()


def among(dialect: str, column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column is among the ids of a parameter.

    Args:
        dialect: the database's name.
        column: with ids.
        name: of the parameter, a list.
    """
    ids: Any = bindparam(name, type_=Ids())
    if dialect == "postgresql":
        return column == any_(ids)  # type: ignore[no-any-return] # a column of any model
    return column.in_(select(func.json_each(ids).table_valued("value").c.value))  # type: ignore[no-any-return]


class Lean:
    """A statement that is compiled once for each database.

    Args:
        make: makes it for a database, by its name: of labelled columns, and of models or aliases of them.
        without: by model, columns that nobody who reads it looks at; its objects then have none of them.
    """

    def __init__(
        self,
        make: Callable[[str], Select[*tuple[Any, ...]]],
        without: Mapping[type, frozenset[str]] | None = None,
    ) -> None:
        self._make = make
        self._without = without or {}
        self._compiled: dict[str, _Compiled] = {}

    def on(self, dialect: Dialect) -> "_Compiled":
        """Return it as a database takes it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._make(dialect.name), self._without, dialect)
        return found


class Asked(NamedTuple):
    """A statement and its parameters."""

    statement: Lean
    values: Mapping[str, Any]


class Found:
    """The rows of one statement."""

    __slots__ = ("_compiled", "rows")

    def __init__(self, compiled: "_Compiled", rows: Sequence[Raw]) -> None:
        self._compiled = compiled
        self.rows = rows

    def place(self, name: str, key: str | None = None) -> int:
        """Return where a row has a value, or (`key`) a column of a model."""
        (part,) = (part for part in self._compiled.parts if part.name == name)
        return part.start + (part.keys.index(key) if key is not None else 0)

    def values(self, row: Raw) -> tuple[Any, ...]:
        """Return what a row has beside models."""
        return tuple([row[place] for place in self._compiled.alone])

    def read(self, row: Raw) -> Any:
        """Return a row with its values by name: models as objects that are in no session.

        Those without some of their columns are to be read only.
        """
        return SimpleNamespace(**{part.name: part.read(row) for part in self._compiled.parts})


Chain = Generator[Asked, Found, Result]
"""Asks one thing after the other, and returns what it makes of it."""


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
            with _as_sqlalchemy_says("a chain"):
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
    with _as_sqlalchemy_says(ready.sql):
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
        _KEPT[id(statement)] = statement, _compile_plain(statement, tuple(values), dialect)
    _, compiled = _KEPT[id(statement)]
    return _Ready(driver, compiled.sql, compiled.ordered(values))


@contextlib.contextmanager
def _as_sqlalchemy_says(sql: str) -> Iterator[None]:
    """Raise what those who call expect of a database: SQLAlchemy's errors in place of the driver's."""
    try:
        yield
    except sqlite3.Error as trouble:
        raise DBAPIError.instance(sql, None, trouble, sqlite3.Error) from trouble


DRIVER = "lean.driver"
"""Where a session keeps the connection that its transaction has."""

KEPT_MAX = 1000
"""Statements that `run` knows: there are as many as there are in the code."""

_KEPT: dict[int, tuple[Any, "_Compiled"]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a row has under one name: a value, or the columns of a model from `start` on."""

    name: str
    start: int
    convert: Mapping[int, Convert]
    mapper: Any = None
    keys: tuple[str, ...] = ()
    primary: int = 0
    whole: bool = False
    """Whether all columns of the model are there."""

    def read(self, row: Raw) -> Any:
        if self.mapper is None:
            value = row[self.start]
            return self.convert[0](value) if self.convert else value
        values = row[self.start : self.start + len(self.keys)]
        if values[self.primary] is None:  # nothing was joined
            return None
        found = dict(zip(self.keys, values, strict=True))
        for place, convert in self.convert.items():
            found[self.keys[place]] = convert(values[place])
        made = self.mapper.class_manager.new_instance()
        made.__dict__.update(found)
        if self.whole:  # as a session leaves it behind, so that another may take it in
            make_transient_to_detached(made)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """A statement as a driver takes it, and what its rows are made of."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    bind: Mapping[str, Convert]
    parts: tuple[_Part, ...]
    alone: tuple[int, ...]
    """Where rows have what is no model's."""

    def ordered(self, values: Mapping[str, Any]) -> list[Any]:
        """Return parameters in their order."""
        given = {**self.fixed, **values}
        for name, convert in self.bind.items():
            given[name] = convert(given[name])
        return [given[name] for name in self.names]


def _compile(
    statement: Select[*tuple[Any, ...]], without: Mapping[type, frozenset[str]], dialect: Dialect
) -> _Compiled:
    columns: list[Any] = []
    parts: list[_Part] = []
    for described in statement.column_descriptions:
        part, own = _part(described, len(columns), without, dialect)
        parts.append(part)
        columns += own
    chosen = statement.with_only_columns(*columns, maintain_column_froms=True)
    return _prepared(chosen.compile(dialect=dialect), tuple(parts))


def _compile_plain(statement: Any, names: tuple[str, ...], dialect: Dialect) -> _Compiled:
    """Prepare a statement with these parameters, of which an INSERT makes its columns."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert not compiled.prefetch, "defaults that SQLAlchemy makes are not made here"
    return _prepared(compiled, ())


def _prepared(compiled: Any, parts: tuple[_Part, ...]) -> _Compiled:
    asked = {name for name, parameter in compiled.binds.items() if parameter.required}
    expanded = compiled.construct_expanded_state(dict.fromkeys(asked))
    processors = {**compiled._bind_processors, **expanded.processors}  # noqa: SLF001 - there is no other way
    fixed, bind = {}, {}
    for name, value in expanded.parameters.items():
        convert = processors.get(name)
        plain = value.value if isinstance(value, Enum) else value
        if name in asked:
            bind.update({name: convert} if convert else {})
        else:
            fixed[name] = convert(plain) if convert else plain
    return _Compiled(
        sql=expanded.statement,
        names=tuple(expanded.positiontup),
        fixed=fixed,
        bind=bind,
        parts=parts,
        alone=tuple(part.start for part in parts if part.mapper is None),
    )


def _part(
    described: Any, start: int, without: Mapping[type, frozenset[str]], dialect: Dialect
) -> tuple[_Part, list[Any]]:
    name, model, expression = described["name"], described["type"], described["expr"]
    if not isinstance(model, type):  # a column, which has an SQL type
        converts = _converts([expression], dialect)
        return _Part(name=name, start=start, convert=converts), [expression]
    mapper: Any = class_mapper(model)
    left_out = without.get(model, frozenset())
    keys = tuple(each.key for each in mapper.column_attrs if each.key not in left_out)
    own = [getattr(expression, key) for key in keys]
    primary = keys.index(mapper.get_property_by_column(mapper.primary_key[0]).key)
    part = _Part(
        name=name,
        start=start,
        convert=_converts(own, dialect),
        mapper=mapper,
        keys=keys,
        primary=primary,
        whole=not left_out,
    )
    return part, own


def _converts(columns: Sequence[Any], dialect: Dialect) -> dict[int, Convert]:
    """Return by place what makes a value of the model of what the driver gives."""
    found = {
        place: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for place, column in enumerate(columns)
        if not isinstance(column.type, Float)  # both drivers give floats
    }
    return {place: convert for place, convert in found.items() if convert is not None}
