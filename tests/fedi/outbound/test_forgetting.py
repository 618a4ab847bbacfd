"""What is remembered of other servers ends by itself."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fedi.jobs import queue
from fedi.models import InboxSet, Peer, Reach
from fedi.outbound import forgetting
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def met(server: Server, host: str, days_ago: float, **more: Any) -> None:
    async with server.ctx.db.write() as tx:
        at = server.clock() - timedelta(days=days_ago)
        tx.add(Peer(**{"host": host, "first_seen_at": at, "failures": 1, "failure_days": 1} | more))


async def hosts_left(server: Server) -> list[str]:
    """Make the job due, do it, and return the hosts that are still known."""
    async with server.ctx.db.write() as tx:
        job = forgetting.later(server.clock())
        await queue.enqueue(tx, server.ctx.wake, [job, job], now=server.clock())
    server.clock.advance(forgetting.LOOK_AFTER.total_seconds() + 1)
    await server.work()
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Peer.host).order_by(Peer.host))).scalars())


async def test_a_host_of_which_nothing_was_heard_for_eight_days_is_forgotten(either_server: Server) -> None:
    server = either_server
    now = server.clock()
    await met(server, "silent.test", 9)
    await met(server, "new.test", 7)
    await met(server, "well.test", 90, last_success_at=now - timedelta(days=1))
    await met(server, "failing.test", 90, last_failure_on=(now - timedelta(days=2)).date())
    await met(server, "gone.test", 90, last_failure_on=(now - timedelta(days=9)).date(), failure_days=7)
    await met(server, "blocks.test", 90, refusals=5, refused_at=now - timedelta(days=20))
    await met(server, "blocked.test", 100, refusals=5, refused_at=now - timedelta(days=91))
    await met(server, "reacts.test", 90, reacts=True)
    assert await hosts_left(server) == [
        "blocks.test", "failing.test", "new.test", "reacts.test", "well.test",
    ]  # fmt: skip


async def test_more_hosts_than_are_kept_at_all(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PEERS_MAX", 2)
    for number in range(4):
        await met(server, f"h{number}.test", 4 - number)
    assert await hosts_left(server) == ["h2.test", "h3.test"]


async def test_a_set_to_which_nothing_refers_goes(server: Server) -> None:
    async with server.ctx.db.write() as tx:
        tx.add_all([InboxSet(digest="used", inboxes=["x"]), InboxSet(digest="left", inboxes=["y"])])
        await tx.flush()
        tx.add(Reach(iri="https://fedi.test/1", digest="used", created_at=server.clock()))
    await hosts_left(server)
    async with server.ctx.db.read() as tx:
        assert list((await tx.execute(select(InboxSet.digest))).scalars()) == ["used"]
