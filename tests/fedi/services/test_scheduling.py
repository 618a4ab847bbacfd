"""Scheduled posts come out once, whoever is killed meanwhile, on both databases."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fedi.jobs import queue
from fedi.models import Job, Post, ScheduledPost
from fedi.services import composing, scheduling
from fedi.services.posting import NewPost
from fedi.worker import run_one
from tests.fedi.looking import count

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def due(server: "Server") -> queue.Claim:
    """Schedule a post, let its time come, and claim its job."""
    anna = await server.person("anna")
    at = server.clock() + timedelta(hours=1)
    async with server.ctx.db.write() as tx:
        new = NewPost(text="later", visibility="public")
        await scheduling.schedule(server.ctx, tx, author=anna, new=new, at=at)
    server.clock.advance(3601)
    return await claimed(server)


async def claimed(server: "Server") -> queue.Claim:
    async with server.ctx.db.write() as tx:
        jobs = await queue.claim(tx, "default", limit=50, lease_s=15, now=server.clock())
    [job] = [job for job in jobs if job.kind == "publish"]
    return job


async def test_who_lost_the_job_publishes_nothing(either_server: "Server") -> None:
    server = either_server
    slow = await due(server)
    server.clock.advance(60)
    await run_one(server.ctx, await claimed(server))
    await run_one(server.ctx, slow)
    assert (await count(server, Post), await count(server, ScheduledPost)) == (1, 0)


async def test_a_process_that_dies_before_the_end_leaves_it_for_the_next(
    either_server: "Server", monkeypatch: pytest.MonkeyPatch
) -> None:
    server = either_server
    job = await due(server)
    compose = composing.compose

    async def and_die(*parts: Any, **more: Any) -> Post:
        await compose(*parts, **more)
        raise SystemExit  # after everything was written, before the commit

    monkeypatch.setattr(composing, "compose", and_die)
    with pytest.raises(SystemExit):
        await scheduling.publish(server.ctx, job)
    assert (await count(server, Post), await count(server, ScheduledPost)) == (0, 1)
    monkeypatch.undo()
    server.clock.advance(60)
    await run_one(server.ctx, await claimed(server))
    assert (await count(server, Post), await count(server, ScheduledPost)) == (1, 0)
    assert await count(server, Job, Job.kind == "publish") == 0
