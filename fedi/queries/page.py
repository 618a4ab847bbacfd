"""One page of a list that is ordered by id, newest first: what was asked, and how the statement says it.

Ids only grow, so "older than this one" is a range on an index, whatever the length of the list; offsets
would skip or repeat rows whenever one is added. `min_id` asks for the rows right above a cursor and
`since_id` for the newest ones above it; both come back newest first. One row more than asked is read, so
that the last page is known to be the last.

Source: Mastodon's documentation, "Pagination".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, SQLColumnExpression, bindparam

from fedi.db import Id

__all__ = ["Page", "Slice", "cut", "parameters", "shape", "within"]

Row = TypeVar("Row")
Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What part of a list is wanted; `min_id` wins over `since_id`."""

    limit: int
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[Row]):
    """The rows of a page, newest first, and whether older ones follow."""

    rows: Sequence[Row]
    more: bool


def within(statement: Statement, key: SQLColumnExpression[int], page: Page) -> Statement:
    """Restrict and order a statement to a page of `key`, with one row to spare."""
    if page.max_id is not None:
        statement = statement.where(key < page.max_id)
    if page.min_id is not None:
        return statement.where(key > page.min_id).order_by(key.asc()).limit(page.limit + 1)
    if page.since_id is not None:
        statement = statement.where(key > page.since_id)
    return statement.order_by(key.desc()).limit(page.limit + 1)


def shape(asked: Iterable[str]) -> Page:
    """Return a page with parameters in place of these numbers, for statements that are built once.

    To recognise a large statement takes SQLAlchemy longer than to run it, unless it is the same object.
    """
    # Parameters go wherever `within` puts numbers.
    return Page(**{name: bindparam(name, type_=Id) for name in asked})  # type: ignore[arg-type]


def parameters(page: Page) -> dict[str, int]:
    """Return the numbers of a page, by name."""
    numbers = {
        "limit": page.limit, "max_id": page.max_id, "since_id": page.since_id, "min_id": page.min_id,
    }  # fmt: skip
    return {name: number for name, number in numbers.items() if number is not None}


def cut(rows: Sequence[Row], page: Page) -> Slice[Row]:
    """Drop the spare row and put the rest in order, newest first.

    Read upwards, the rows below the cursor are older; there are some whenever the cursor was a row.
    """
    kept = rows[: page.limit]
    if page.min_id is not None:
        return Slice(rows=kept[::-1], more=bool(kept))
    return Slice(rows=kept, more=len(rows) > page.limit)
