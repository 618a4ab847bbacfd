"""Statements that are compiled once for each database, and what their rows are made of.

The driver gets the text and the parameters in their order; what SQLAlchemy's types would do to values and
rows is done here, and to rows only when somebody reads them.
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

__all__ = [
    "Asked", "Chain", "Compiled", "Found", "Lean", "Part", "Raw", "among", "as_sqlalchemy_says",
    "compile_plain", "converts_of",
]  # fmt: skip

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
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
        """Return it from a row."""
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
class Compiled:
    """A statement as a driver takes it, and what its rows are made of."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    bind: Mapping[str, Convert]
    parts: tuple[Part, ...]
    alone: tuple[int, ...]
    """Where rows have what is no model's."""

    def ordered(self, values: Mapping[str, Any]) -> list[Any]:
        """Return parameters in their order."""
        given = {**self.fixed, **values}
        for name, convert in self.bind.items():
            given[name] = convert(given[name])
        return [given[name] for name in self.names]


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
        self._compiled: dict[str, Compiled] = {}

    def on(self, dialect: Dialect) -> Compiled:
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

    def __init__(self, compiled: Compiled, rows: Sequence[Raw]) -> None:
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


def _compile(
    statement: Select[*tuple[Any, ...]], without: Mapping[type, frozenset[str]], dialect: Dialect
) -> Compiled:
    columns: list[Any] = []
    parts: list[Part] = []
    for described in statement.column_descriptions:
        part, own = _part(described, len(columns), without, dialect)
        parts.append(part)
        columns += own
    chosen = statement.with_only_columns(*columns, maintain_column_froms=True)
    return _prepared(chosen.compile(dialect=dialect), tuple(parts))


def compile_plain(statement: Any, names: tuple[str, ...], dialect: Dialect) -> Compiled:
    """Prepare a statement with these parameters, of which an INSERT makes its columns."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert not compiled.prefetch, "defaults that SQLAlchemy makes are not made here"
    return _prepared(compiled, ())


def _prepared(compiled: Any, parts: tuple[Part, ...]) -> Compiled:
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
    return Compiled(
        sql=expanded.statement,
        names=tuple(expanded.positiontup),
        fixed=fixed,
        bind=bind,
        parts=parts,
        alone=tuple(part.start for part in parts if part.mapper is None),
    )


def _part(
    described: Any, start: int, without: Mapping[type, frozenset[str]], dialect: Dialect
) -> tuple[Part, list[Any]]:
    name, model, expression = described["name"], described["type"], described["expr"]
    if not isinstance(model, type):  # a column, which has an SQL type
        converts = converts_of([expression], dialect)
        return Part(name=name, start=start, convert=converts), [expression]
    mapper: Any = class_mapper(model)
    left_out = without.get(model, frozenset())
    keys = tuple(each.key for each in mapper.column_attrs if each.key not in left_out)
    own = [getattr(expression, key) for key in keys]
    primary = keys.index(mapper.get_property_by_column(mapper.primary_key[0]).key)
    part = Part(
        name=name,
        start=start,
        convert=converts_of(own, dialect),
        mapper=mapper,
        keys=keys,
        primary=primary,
        whole=not left_out,
    )
    return part, own


def converts_of(columns: Sequence[Any], dialect: Dialect) -> dict[int, Convert]:
    """Return by place what makes a value of the model of what the driver gives."""
    found = {
        place: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for place, column in enumerate(columns)
        if not isinstance(column.type, Float)  # both drivers give floats
    }
    return {place: convert for place, convert in found.items() if convert is not None}


@contextlib.contextmanager
def as_sqlalchemy_says(sql: str) -> Iterator[None]:
    """Raise what those who call expect of a database: SQLAlchemy's errors in place of the driver's."""
    try:
        yield
    except sqlite3.Error as trouble:
        raise DBAPIError.instance(sql, None, trouble, sqlite3.Error) from trouble
