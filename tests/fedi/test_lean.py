"""Statements past the session, on both databases."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from fedi.lean import Asked, Chain, Lean, ask, prepared, run, run_later
from fedi.models import Tombstone

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

GONE: Any = Tombstone.__table__
NAMES = select(GONE.c.iri).where(GONE.c.iri != bindparam("unlike")).order_by(GONE.c.iri)
RENAMED = update(GONE).where(GONE.c.iri == bindparam("old")).values(iri=bindparam("new"))
BURIED = insert(GONE)
LEAN = Lean(lambda _: select(Tombstone).order_by(Tombstone.iri))
BROKEN = Lean(lambda _: select(Tombstone).where(GONE.c.iri == bindparam("iri")))


def all_of_them() -> Chain[list[Tombstone]]:
    found = yield Asked(LEAN, {})
    return [found.read(row).Tombstone for row in found.rows]


async def test_what_the_session_holds_back_comes_first(either_server: "Server") -> None:
    ctx = either_server.ctx
    async with ctx.db.write() as tx:
        tx.add(Tombstone(iri="a", deleted_at=ctx.clock()))
        assert [row[0] for row in (await run(tx, NAMES, {"unlike": ""})).rows] == ["a"]
        assert (await run(tx, RENAMED, {"old": "a", "new": "b"})).rowcount == 1
        assert (await run(tx, RENAMED, {"old": "a", "new": "b"})).rowcount == 0
        await run_later(tx, RENAMED, {"old": "b", "new": "c"})
        assert [row[0] for row in (await run(tx, NAMES, {"unlike": ""})).rows] == ["c"]
        await run_later(tx, RENAMED, {"old": "c", "new": "d"})
    assert [one.iri for one in await ask(ctx.db, all_of_them())] == ["d"]


@pytest.mark.parametrize("execute", [run, run_later])
async def test_a_conflict_undoes_the_transaction_and_is_sqlalchemys(
    either_server: "Server", execute: Any
) -> None:
    ctx = either_server.ctx
    row = {"iri": "a", "local": True, "deleted_at": ctx.clock()}

    async def twice() -> None:
        async with ctx.db.write() as tx:
            await execute(tx, BURIED, row)
            await execute(tx, BURIED, row)

    with pytest.raises(IntegrityError):
        await twice()
    assert await ask(ctx.db, all_of_them()) == []


async def test_whole_rows_can_be_taken_into_a_session(either_server: "Server") -> None:
    ctx = either_server.ctx
    async with ctx.db.write() as tx:
        tx.add(Tombstone(iri="a", deleted_at=ctx.clock()))
    (found,) = await ask(ctx.db, all_of_them())
    assert found.deleted_at.utcoffset() is not None
    async with ctx.db.write() as tx:
        tx.add(found)
        found.local = False
    (found,) = await ask(ctx.db, all_of_them())
    assert found.local is False


async def test_chains_cannot_write(server: "Server") -> None:
    compiled = prepared.compile_plain(
        BURIED, ("iri", "local", "deleted_at"), server.ctx.db.reading_engine.dialect
    )

    class Writing(Lean):
        def on(self, _dialect: Any) -> Any:
            return compiled

    def chain() -> Chain[None]:
        yield Asked(
            Writing(lambda _: select(Tombstone)),
            {"iri": "a", "local": True, "deleted_at": server.ctx.clock()},
        )

    with pytest.raises(OperationalError, match="readonly"):
        await ask(server.ctx.db, chain())
    assert await ask(server.ctx.db, all_of_them()) == []


async def test_a_refusal_in_a_chain_leaves_the_connection_in_order(either_server: "Server") -> None:
    def refuses() -> Chain[None]:
        yield Asked(LEAN, {})
        raise LookupError("no")

    for _ in range(12):  # more than there are connections
        with pytest.raises(LookupError):
            await ask(either_server.ctx.db, refuses())
    assert await ask(either_server.ctx.db, all_of_them()) == []


async def test_a_missing_parameter_is_noticed(server: "Server") -> None:
    def chain() -> Chain[None]:
        yield Asked(BROKEN, {})

    with pytest.raises(KeyError):
        await ask(server.ctx.db, chain())
