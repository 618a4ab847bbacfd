"""The queue's promises, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from fedi.db import Database
from fedi.errors import LeaseLostError
from fedi.jobs import queue
from fedi.jobs.queue import NewJob
from fedi.jobs.wake import Wake
from fedi.models import Job

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """An open, empty database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def put(db: Database, *jobs: NewJob) -> None:
    async with db.write() as tx:
        await queue.enqueue(tx, Wake(), jobs, now=NOW)


async def take(
    db: Database, limit: int = 50, *, now: datetime = NOW, lease_s: float = 60, **how: object
) -> list[queue.Claim]:
    async with db.write() as tx:
        return await queue.claim(tx, "q", limit=limit, lease_s=lease_s, now=now, **how)


async def end(db: Database, job: queue.Claim) -> None:
    async with db.write() as tx:
        await queue.finish(tx, job)


async def put_and_fail(db: Database, wake: Wake) -> None:
    async def work() -> None:
        async with db.write() as tx:
            await queue.enqueue(tx, wake, [job()], now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await work()


def job(**fields: object) -> NewJob:
    return NewJob(queue="q", kind="k", **fields)


async def test_a_job_is_claimed_once_and_gone_when_finished(db: Database) -> None:
    await put(db, job(payload={"n": 1}))
    [held] = await take(db)
    assert held.payload == {"n": 1}
    assert held.attempts == 1
    assert await take(db) == []
    await end(db, held)
    async with db.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(Job))).scalar_one() == 0


async def test_a_job_written_in_a_transaction_that_fails_does_not_exist(db: Database) -> None:
    await put_and_fail(db, Wake())
    assert await take(db) == []


async def test_a_wake_up_comes_after_the_commit_and_not_without(db: Database) -> None:
    wake = Wake()
    await put_and_fail(db, wake)
    before = asyncio.get_running_loop().time()
    await wake.wait("q", 0.01)
    assert asyncio.get_running_loop().time() - before >= 0.005
    async with db.write() as tx:
        await queue.enqueue(tx, wake, [job()], now=NOW)
    async with asyncio.timeout(5):
        await wake.wait("q", 60)


async def test_an_expired_lease_is_claimable_and_its_old_holder_may_not_finish(db: Database) -> None:
    await put(db, job())
    [first] = await take(db, lease_s=10)
    later = NOW + timedelta(seconds=11)
    [second] = await take(db, now=later)
    assert second.attempts == 2
    for verb in (
        lambda tx: queue.finish(tx, first),
        lambda tx: queue.extend(tx, first, until=later),
        lambda tx: queue.retry(tx, first, run_at=later, error="x"),
        lambda tx: queue.bury(tx, first, error="x"),
    ):
        with pytest.raises(LeaseLostError):
            async with db.write() as tx:
                await verb(tx)
    await end(db, second)


async def test_what_a_lost_lease_wrote_is_rolled_back(db: Database) -> None:
    await put(db, job())
    [first] = await take(db, lease_s=1)
    await take(db, now=NOW + timedelta(seconds=2))

    async def work() -> None:
        async with db.write() as tx:
            await queue.enqueue(tx, Wake(), [job(payload={"effect": True})], now=NOW)
            await queue.finish(tx, first)

    with pytest.raises(LeaseLostError):
        await work()
    async with db.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(Job))).scalar_one() == 1


async def test_an_extended_lease_is_not_claimable(db: Database) -> None:
    await put(db, job())
    [held] = await take(db, lease_s=10)
    async with db.write() as tx:
        await queue.extend(tx, held, until=NOW + timedelta(seconds=100))
    assert await take(db, now=NOW + timedelta(seconds=50)) == []


async def test_a_job_is_not_claimed_before_its_time(db: Database) -> None:
    await put(db, job(run_at=NOW + timedelta(seconds=5)))
    assert await take(db) == []
    assert len(await take(db, now=NOW + timedelta(seconds=5))) == 1


async def test_jobs_of_one_order_key_run_one_after_the_other(db: Database) -> None:
    await put(
        db,
        *(job(payload={"n": n}, order_key="note") for n in range(3)),
        job(payload={"n": 9}, order_key="other"),
    )
    first, other = sorted(await take(db), key=lambda held: held.payload["n"])
    assert (first.payload["n"], other.payload["n"]) == (0, 9)
    await end(db, other)
    async with db.write() as tx:  # the first waits for its next attempt, and the second for it
        await queue.retry(tx, first, run_at=NOW + timedelta(hours=1), error="later")
    assert await take(db) == []
    [again] = await take(db, now=NOW + timedelta(hours=1))
    await end(db, again)
    [second] = await take(db, now=NOW + timedelta(hours=1))
    assert second.payload["n"] == 1


async def test_a_dead_job_does_not_hold_up_the_rest_of_its_key(db: Database) -> None:
    await put(db, job(payload={"n": 0}, order_key="note"), job(payload={"n": 1}, order_key="note"))
    [first] = await take(db)
    async with db.write() as tx:
        await queue.bury(tx, first, error="gone")
    [second] = await take(db)
    assert second.payload["n"] == 1


async def test_a_dedupe_key_exists_once_until_its_job_is_done(db: Database) -> None:
    await put(db, job(dedupe_key="once"), job(dedupe_key="once"))
    await put(db, job(dedupe_key="once"))
    [held] = await take(db)
    await end(db, held)
    await put(db, job(dedupe_key="once"))
    assert len(await take(db)) == 1


async def test_one_host_cannot_take_all_the_places(db: Database) -> None:
    await put(db, *(job(host="slow.example") for _ in range(100)), job(host="quick.example"))
    held = await take(db, limit=20, per_host=4)
    hosts = [claim.host for claim in held]
    assert hosts.count("slow.example") == 4
    more = await take(db, limit=20, per_host=4, busy_hosts={"slow.example": 4})
    assert [claim.host for claim in more] == (["quick.example"] if "quick.example" not in hosts else [])


async def test_a_host_at_its_limit_does_not_hide_those_behind_it(db: Database) -> None:
    await put(db, *(job(host="slow.example") for _ in range(500)), job(host="quick.example"))
    held = await take(db, limit=4, per_host=4, busy_hosts={"slow.example": 4})
    assert [claim.host for claim in held] == ["quick.example"]


async def test_released_jobs_keep_their_attempts(db: Database) -> None:
    await put(db, job())
    [held] = await take(db)
    async with db.write() as tx:
        await queue.release(tx, [held])
    [again] = await take(db)
    assert again.attempts == 1


async def test_a_refunded_retry_does_not_count(db: Database) -> None:
    await put(db, job())
    [held] = await take(db)
    async with db.write() as tx:
        await queue.retry(tx, held, run_at=NOW, error="paused", refund=True)
    [again] = await take(db)
    assert again.attempts == 1


async def test_finish_many_passes_over_lost_leases(db: Database) -> None:
    await put(db, job(), job())
    first, second = await take(db, lease_s=10)
    later = NOW + timedelta(seconds=11)
    retaken = await take(db, now=later, limit=1)
    async with db.write() as tx:
        await queue.finish_many(tx, [first, second])
    async with db.read() as tx:
        left = list((await tx.execute(select(Job.id))).scalars())
    assert left == [retaken[0].id]


async def test_the_operator_sees_dead_jobs_and_can_revive_or_drop_them(db: Database) -> None:
    await put(db, job(host="x.example"), job())
    for held in await take(db):
        async with db.write() as tx:
            await queue.bury(tx, held, error="no")
    async with db.read() as tx:
        [row] = await queue.status(tx, now=NOW)
        assert (row.queue, row.kind, row.state, row.count, row.held) == ("q", "k", "dead", 2, 0)
        assert len(await queue.dead(tx, limit=10)) == 2
    async with db.write() as tx:
        assert await queue.revive(tx, Wake(), kind="other", now=NOW) == 0
        assert await queue.revive(tx, Wake(), kind=None, now=NOW) == 2
    held = await take(db)
    assert [claim.attempts for claim in held] == [1, 1]
    async with db.write() as tx:
        await queue.bury(tx, held[0], error="no")
        assert await queue.drop(tx, kind="k") == 1


async def test_concurrent_workers_share_the_jobs_without_duplicates(db: Database) -> None:
    await put(db, *(job(payload={"n": n}) for n in range(200)))
    seen: list[int] = []

    async def work() -> None:
        while held := await take(db, limit=7):
            seen.extend(claim.payload["n"] for claim in held)
            async with db.write() as tx:
                await queue.finish_many(tx, held)

    await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(seen) == list(range(200))
