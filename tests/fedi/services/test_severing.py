"""People are told which follows they lose."""

from typing import Any

import pytest
from sqlalchemy import select

from fedi.models import FollowState, Notification
from fedi.services import blocking, suspending
from tests.fedi import rules
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    """People on a server on either database."""
    return Town(either_server)


async def events(town: Town, name: str) -> list[dict[str, Any]]:
    person = await town.one(name)
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Notification.detail)
            .where(Notification.account_id == person.id, Notification.kind == "severed_relationships")
            .order_by(Notification.id)
        )
        return [{key: value for key, value in row.items() if key != "at"} for row in rows.scalars() if row]


async def befriend(town: Town) -> None:
    await town.follows("alice", "eve@evil.test")
    await town.follows("alice", "mal@sub.evil.test")
    await town.follows("eve@evil.test", "alice")
    await town.follows("eve@evil.test", "carol")
    await town.follows("carol", "mal@sub.evil.test", FollowState.PENDING)
    await town.follows("dora", "bob@far.test")


def event(kind: str, target: str, followers: int, following: int) -> dict[str, Any]:
    return {"type": kind, "target_name": target, "followers_count": followers, "following_count": following}


async def test_a_rule_tells_everyone_who_loses_something(town: Town) -> None:
    await befriend(town)
    await rules.suspend(town.server, "evil.test")
    assert await events(town, "alice") == [event("domain_block", "evil.test", 1, 2)]
    assert await events(town, "carol") == [event("domain_block", "evil.test", 1, 0)]
    assert await events(town, "dora") == []


async def test_a_block_of_a_server_tells_who_made_it_once(town: Town) -> None:
    await befriend(town)
    alice, ctx = await town.one("alice"), town.server.ctx
    for _ in range(2):
        async with ctx.db.write() as tx:
            await blocking.block_domain(ctx, tx, account=alice, domain="evil.test")
    assert await events(town, "alice") == [event("user_domain_block", "evil.test", 1, 2)]
    assert await events(town, "carol") == []


async def test_a_suspension_tells_whom_somebody_followed(town: Town) -> None:
    await befriend(town)
    ctx = town.server.ctx
    async with ctx.db.write() as tx:
        eve = await tx.merge(await town.one("eve@evil.test"))
        await suspending.suspend(ctx, tx, account=eve)
    assert await events(town, "alice") == [event("account_suspension", "eve@evil.test", 1, 1)]
    assert await events(town, "carol") == [event("account_suspension", "eve@evil.test", 1, 0)]
