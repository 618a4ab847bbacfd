"""SQLite's driver: the same answers as aiosqlite's, with fewer hops to its thread."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from fedi.db import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    async with made.write() as tx:
        await tx.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield made
    await made.close()


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done in the connection's thread."""
    import aiosqlite  # noqa: PLC0415 - only counted here

    seen: list[str] = []
    original = aiosqlite.Connection._execute

    async def counted(self: Any, function: Any, *args: Any, **named: Any) -> Any:
        seen.append(getattr(function, "__name__", "?"))
        return await original(self, function, *args, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return seen


async def names(db: Database) -> list[str]:
    async with db.read() as tx:
        return list((await tx.execute(text("SELECT name FROM t ORDER BY id"))).scalars())


async def test_a_transaction_takes_a_hop_for_each_statement(db: Database, hops: list[str]) -> None:
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO t (name) VALUES ('a')"))
        rows = await tx.execute(text("SELECT name FROM t"))
        assert rows.scalars().all() == ["a"]
    assert len(hops) == 3, "BEGIN with the first of two statements, COMMIT"


async def test_rows_counts_and_ids_come_along(db: Database) -> None:
    async with db.write() as tx:
        made = await tx.execute(text("INSERT INTO t (name) VALUES ('a'), ('b') RETURNING id, name"))
        assert [tuple(row) for row in made] == [(1, "a"), (2, "b")]
        changed: Any = await tx.execute(text("UPDATE t SET name = name || '!'"))
        assert changed.rowcount == 2
        many = [{"name": f"n{number}"} for number in range(3)]
        await tx.execute(text("INSERT INTO t (name) VALUES (:name)"), many)
    assert await names(db) == ["a!", "b!", "n0", "n1", "n2"]


async def test_a_failure_rolls_back_and_the_connection_goes_on(db: Database) -> None:
    async def write(*statements: str) -> None:
        async with db.write() as tx:
            for statement in statements:
                await tx.execute(text(statement))

    with pytest.raises(IntegrityError):
        await write("INSERT INTO t (name) VALUES ('a')", "INSERT INTO t (name) VALUES ('a')")
    with pytest.raises(OperationalError):
        await write("SELECT nothing")
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO t (name) VALUES ('b')"))
    assert await names(db) == ["b"]


async def test_who_is_cancelled_in_the_middle_leaves_no_trace(db: Database) -> None:
    begun = asyncio.Event()

    async def slow() -> None:
        async with db.write() as tx:
            await tx.execute(text("INSERT INTO t (name) VALUES ('lost')"))
            begun.set()
            numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000)"
            await tx.execute(text(f"{numbers} SELECT count(*) FROM n"))

    task = asyncio.create_task(slow())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO t (name) VALUES ('kept')"))
    assert await names(db) == ["kept"]


async def test_many_read_at_once_while_one_writes(db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO t (name) VALUES ('a')"))
        await tx.flush()
        assert await asyncio.gather(*(names(db) for _ in range(20))) == [[]] * 20
    assert await asyncio.gather(*(names(db) for _ in range(20))) == [["a"]] * 20


async def test_statements_for_many_rows_may_wait_for_the_end(db: Database, hops: list[str]) -> None:
    many = [{"name": f"n{number}"} for number in range(3)]
    more = [{"name": f"m{number}"} for number in range(2)]
    async with db.write(puts_off=True) as tx:
        connection = await tx.connection()
        await connection.execute(text("INSERT INTO t (name) VALUES (:name)"), many)
        await connection.execute(text("INSERT INTO t (name) VALUES (:name)"), more)
    assert hops == ["_catch_up_and_commit"]
    assert await names(db) == ["n0", "n1", "n2", "m0", "m1"]


async def test_what_was_put_off_is_done_before_the_next_statement(db: Database) -> None:
    async with db.write(puts_off=True) as tx:
        connection = await tx.connection()
        await connection.execute(text("INSERT INTO t (name) VALUES (:name)"), [{"name": "a"}, {"name": "b"}])
        assert (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one() == 2


async def test_a_mistake_in_what_was_put_off_undoes_everything(db: Database) -> None:
    async def write() -> None:
        async with db.write(puts_off=True) as tx:
            connection = await tx.connection()
            for twice in ({"name": "a"}, {"name": "b"}), ({"name": "b"}, {"name": "c"}):
                await connection.execute(text("INSERT INTO t (name) VALUES (:name)"), list(twice))

    with pytest.raises(IntegrityError):
        await write()
    assert await names(db) == []
    async with db.write() as tx:  # and the connection goes on, as before
        await tx.execute(text("INSERT INTO t (name) VALUES (:name)"), [{"name": "d"}, {"name": "e"}])
    assert await names(db) == ["d", "e"]
