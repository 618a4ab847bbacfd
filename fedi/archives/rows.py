"""Every row of every table, as plain values: reading them in one moment, and putting them back.

A moment is milliseconds, JSON is JSON and all else is text, a number or a truth, on both databases. Rows are
read by ranges of their primary key, so that memory does not grow with the tables, and within one
transaction, so that they belong together however long it takes.
"""

import base64
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from fedi.db import Id, Instant, Json
from fedi.models import Base

__all__ = [
    "BATCH_ROWS",
    "PASSING",
    "Kind",
    "RowsTable",
    "counts",
    "finish",
    "insert",
    "read",
    "tables",
    "tie",
    "ties",
]

BATCH_ROWS = 500
"""Rows held at a time: a post's is some kilobytes."""

Kind = str
"""What a column holds: a key of `_TYPES`."""

_TYPES: Mapping[Kind, Any] = {
    "number": Id,
    "bytes": sa.LargeBinary(),
    "day": sa.Date(),
    "flag": sa.Boolean(),
    "json": Json,
    "real": sa.Float(),
    "text": sa.String(),
}


_FROM_TEXT: Mapping[Kind, Callable[[str], Any]] = {"bytes": base64.b64decode, "day": date.fromisoformat}
"""How kinds that JSON does not have are read again; msgspec writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsTable:
    """A table as far as moving its rows needs to know it.

    Attributes:
        name: in the database.
        columns: what each holds, by name, in order.
        keys: the columns of the primary key.
        loops: columns that name another row of the same table, and are therefore filled last.
        counted: whether the database gives the ids, and must be told of those that came.
    """

    name: str
    columns: Mapping[str, Kind]
    keys: tuple[str, ...]
    loops: tuple[str, ...] = ()
    counted: bool = False

    @property
    def table(self) -> sa.TableClause:
        """What statements are made with."""
        return sa.table(self.name, *(sa.column(name, _TYPES[kind]) for name, kind in self.columns.items()))


PASSING = frozenset({"cached_picture", "event"})
"""Tables of what can be had again or is over: copies of others' pictures, and what streams were told."""


def tables(*, passing: bool = True) -> list[RowsTable]:
    """Return this version's tables, each after those that it refers to; passing ones only if wanted."""
    return [
        _described(table) for table in Base.metadata.sorted_tables if passing or table.name not in PASSING
    ]


def _described(table: sa.Table) -> RowsTable:
    keys = tuple(column.name for column in table.primary_key.columns)
    own = [key for key in table.foreign_keys if key.column.table is table]
    return RowsTable(
        name=table.name,
        columns={column.name: _kind(column.type) for column in table.columns},
        keys=keys,
        loops=tuple(sorted(key.parent.name for key in own)),
        counted=table.autoincrement_column is not None,
    )


def _kind(found: Any) -> Kind:
    for types, kind in (
        ((Instant, sa.Integer), "number"),
        ((sa.Date,), "day"),
        ((sa.LargeBinary,), "bytes"),
        ((sa.Boolean,), "flag"),
        ((sa.JSON, JSONB), "json"),
        ((sa.Float,), "real"),
        ((sa.String,), "text"),
    ):
        if isinstance(found, types):
            return kind
    raise AssertionError(f"{found!r} is of no kind that is known")


async def counts(connection: AsyncConnection, wanted: Iterable[RowsTable]) -> dict[str, int]:
    """Count the rows of each table."""
    found = {}
    for each in wanted:
        counted = sa.select(sa.func.count()).select_from(each.table)
        found[each.name] = (await connection.execute(counted)).scalar_one()
    return found


async def read(connection: AsyncConnection, wanted: RowsTable) -> AsyncIterator[list[Sequence[Any]]]:
    """Yield a table's rows, in order of their keys, some at a time."""
    table = wanted.table
    keys = [table.c[name] for name in wanted.keys]
    places = [list(wanted.columns).index(name) for name in wanted.keys]
    statement = sa.select(*table.c).order_by(*keys).limit(BATCH_ROWS)
    last: tuple[Any, ...] | None = None
    while True:
        after = statement if last is None else statement.where(_beyond(keys, last))
        rows: list[Sequence[Any]] = [tuple(row) for row in (await connection.execute(after)).all()]
        if rows:
            yield rows
        if len(rows) < BATCH_ROWS:
            return
        last = tuple(rows[-1][place] for place in places)


def _beyond(keys: Sequence[Any], last: tuple[Any, ...]) -> Any:
    if len(keys) == 1:
        return keys[0] > last[0]
    return sa.tuple_(*keys) > sa.tuple_(
        *(sa.literal(value, key.type) for key, value in zip(keys, last, strict=True))
    )


async def insert(connection: AsyncConnection, into: RowsTable, rows: Sequence[Sequence[Any]]) -> None:
    """Put rows into a table; columns that name rows of the same table are left for `tie`."""
    later = set(into.loops)
    texts = [
        (place, _FROM_TEXT[kind]) for place, kind in enumerate(into.columns.values()) if kind in _FROM_TEXT
    ]
    rows = [_from_json(row, texts) for row in rows] if texts else rows
    named = [
        {name: None if name in later else value for name, value in zip(into.columns, row, strict=True)}
        for row in rows
    ]
    if named:
        await connection.execute(sa.insert(into.table), named)


def _from_json(row: Sequence[Any], texts: Sequence[tuple[int, Callable[[str], Any]]]) -> Sequence[Any]:
    """Make values again of what JSON has as text; those that never were JSON stay as they are."""
    made = list(row)
    for place, read in texts:
        if isinstance(made[place], str):
            made[place] = read(made[place])
    return made


def ties(of: RowsTable, rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield what `tie` needs of those rows that name another."""
    names = list(of.columns)
    for row in rows:
        values = dict(zip(names, row, strict=True))
        if any(values[name] is not None for name in of.loops):
            yield {f"_{name}": values[name] for name in (*of.keys, *of.loops)}


async def tie(connection: AsyncConnection, table: RowsTable, rows: Sequence[dict[str, Any]]) -> None:
    """Fill the columns that name rows of the same table, now that all of them are there."""
    if not rows:
        return
    found = table.table
    changed = sa.update(found).where(*(found.c[key] == sa.bindparam(f"_{key}") for key in table.keys))
    values = {name: sa.bindparam(f"_{name}", type_=found.c[name].type) for name in table.loops}
    for start in range(0, len(rows), BATCH_ROWS):
        await connection.execute(changed.values(values), list(rows[start : start + BATCH_ROWS]))


async def finish(connection: AsyncConnection, table: RowsTable) -> None:
    """Let the database go on counting where the rows end; SQLite does so by itself."""
    if table.counted and connection.dialect.name == "postgresql":
        (key,) = table.keys
        await connection.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence(:name, :key), (SELECT max({key}) FROM {table.name}))"  # noqa: S608 - names of our own
            ),
            {"name": table.name, "key": key},
        )
