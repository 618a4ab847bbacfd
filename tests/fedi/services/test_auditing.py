"""The log of acts."""

import ast

import pytest
from sqlalchemy import select

from fedi.models import AuditEntry
from fedi.services import auditing
from tests.servers import Server
from tests.tidy.sources import modules, name, tree

pytestmark = pytest.mark.anyio


async def test_an_entry_says_who_what_why_and_when(server: Server) -> None:
    alice = await server.person("alice")
    async with server.ctx.db.write() as tx:
        await auditing.record(
            server.ctx, tx, action="x.y", target="z", by=alice, reason=" why ", detail={"a": [1]}
        )
        await auditing.record(server.ctx, tx, action="x.y", target="z")
    async with server.ctx.db.read() as tx:
        first, second = (await tx.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars()
    assert (first.account_id, first.actor, first.reason, first.detail) == (
        alice.id,
        "alice",
        "why",
        {"a": [1]},
    )
    assert (second.account_id, second.actor, second.reason, second.detail) == (None, "cli", "", {})
    assert abs((server.clock() - first.created_at).total_seconds()) < 60


async def test_an_entry_is_gone_with_the_act_that_failed(server: Server) -> None:
    async def act() -> None:
        async with server.ctx.db.write() as tx:
            await auditing.record(server.ctx, tx, action="x.y", target="z")
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError):
        await act()
    async with server.ctx.db.read() as tx:
        assert (await tx.execute(select(AuditEntry))).first() is None


async def test_a_long_reason_is_cut(server: Server) -> None:
    async with server.ctx.db.write() as tx:
        await auditing.record(server.ctx, tx, action="x.y", target="z", reason="x" * 5000)
        entry = (await tx.execute(select(AuditEntry))).scalar_one()
    assert len(entry.reason) == auditing.REASON_CHARACTERS_MAX


def test_nothing_changes_or_removes_entries() -> None:
    """Only the model, the log's own verb and its readers know the table at all."""
    knowing = {
        name(path)
        for path in modules()
        if "AuditEntry" in path.read_text(encoding="utf-8")  # most are not worth parsing
        and any(isinstance(node, ast.Name) and node.id == "AuditEntry" for node in ast.walk(tree(path)))
    }
    assert knowing == {"fedi/queries/moderation.py", "fedi/services/auditing.py"}
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for path in modules()
        if name(path) in knowing
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    }
    assert not calls & {"update", "delete", "values", "merge"}
