"""The worker: what becomes of a job, whatever its runner does, and of all jobs when the worker stops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from activitypub.errors import NotFoundError, SignatureError, UnreachableError
from fedi import worker
from fedi.context import Context
from fedi.errors import LeaseLostError, Refused
from fedi.jobs import queue, retry
from fedi.jobs.queue import Claim, NewJob
from fedi.jobs.wake import Wake
from fedi.models import Job, JobState
from fedi.worker import Runner, Worker, run_one
from tests.servers import Server

pytestmark = pytest.mark.anyio

PATIENCE_S = 10
"""How long a test waits for what should happen at once."""

DATABASE_AWAY = [ConnectionRefusedError("refused"), OperationalError("SELECT 1", {}, Exception("gone"))]


@pytest.fixture
def runners(monkeypatch: pytest.MonkeyPatch) -> dict[str, Runner]:
    """The table of runners, which a test fills."""
    table: dict[str, Runner] = {}
    monkeypatch.setattr(worker, "JOBS", table)
    return table


async def enqueue(server: Server, *jobs: NewJob) -> None:
    async with server.ctx.db.write() as tx:
        await queue.enqueue(tx, server.ctx.wake, jobs, now=server.ctx.clock())


async def rows(server: Server) -> list[Job]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Job).order_by(Job.id))).scalars())


async def held(server: Server, *, attempts: int = 1, **job: Any) -> Claim:
    """Return a job that is claimed for the given time."""
    await enqueue(server, NewJob(**{"queue": "inbox", "kind": "fake", **job}))
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Job).values(attempts=attempts - 1))
        (claim,) = await queue.claim(
            tx, job.get("queue", "inbox"), limit=1, lease_s=60, now=server.ctx.clock()
        )
    return claim


async def finish(ctx: Context, job: Claim) -> None:
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)


def raising(trouble: Exception) -> Runner:
    async def run(_ctx: Context, _job: Claim) -> None:
        raise trouble

    return run


def setting(event: asyncio.Event) -> Runner:
    async def run(ctx: Context, job: Claim) -> None:
        await finish(ctx, job)
        event.set()

    return run


def waiting(begun: asyncio.Event, until: asyncio.Event) -> Runner:
    async def run(ctx: Context, job: Claim) -> None:
        begun.set()
        await until.wait()
        await finish(ctx, job)

    return run


async def soon(event: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await event.wait()


@asynccontextmanager
async def working(server: Server, *names: str) -> AsyncIterator[tuple[Worker, "asyncio.Task[None]"]]:
    """Run a worker, and stop it at the end."""
    it = Worker(server.ctx, names)
    task = asyncio.create_task(it.run())
    try:
        yield it, task
    finally:
        it.stop()
        async with asyncio.timeout(PATIENCE_S):
            await task


# What becomes of one job


async def test_a_runner_that_finishes_its_job_leaves_nothing(server: Server) -> None:
    await run_one(server.ctx, await held(server), finish)
    assert await rows(server) == []


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (UnreachableError("no answer"), "no answer"),
        (httpx.ConnectError("refused"), "refused"),
        (TimeoutError(), "TimeoutError"),
        (RuntimeError("a mistake of ours"), "RuntimeError('a mistake of ours')"),
    ],
)
async def test_what_may_pass_is_tried_again_after_a_pause(
    server: Server, trouble: Exception, told: str
) -> None:
    job = await held(server, attempts=3)
    before = server.ctx.clock()
    await run_one(server.ctx, job, raising(trouble))
    after = server.ctx.clock()

    (row,) = await rows(server)
    pause_s = 3**4
    slack = timedelta(milliseconds=1)  # the database keeps milliseconds
    assert before + timedelta(seconds=pause_s) - slack <= row.run_at
    assert row.run_at <= after + timedelta(seconds=pause_s * (1 + retry.JITTER)) + slack
    assert (row.state, row.attempts, row.last_error) == (JobState.READY, 3, told)
    assert row.claim_token is None
    assert row.claimed_until is None


async def test_a_server_that_asks_for_time_is_given_it(server: Server) -> None:
    job = await held(server)
    before = server.ctx.clock()
    await run_one(server.ctx, job, raising(UnreachableError("503", retry_after_s=7200)))
    (row,) = await rows(server)
    assert row.run_at >= before + timedelta(seconds=7200, milliseconds=-1)
    assert row.run_at <= server.ctx.clock() + timedelta(seconds=7201)


@pytest.mark.parametrize("trouble", [UnreachableError("still no answer"), ValueError("still wrong")])
async def test_the_last_attempt_buries_the_job_where_the_operator_sees_it(
    server: Server, trouble: Exception
) -> None:
    await run_one(server.ctx, await held(server, attempts=retry.ATTEMPTS_MAX), raising(trouble))
    (row,) = await rows(server)
    assert (row.state, row.attempts) == (JobState.DEAD, retry.ATTEMPTS_MAX)
    assert "still" in (row.last_error or "")
    assert row.claim_token is None


async def test_the_attempt_before_the_last_is_not_the_last(server: Server) -> None:
    await run_one(
        server.ctx, await held(server, attempts=retry.ATTEMPTS_MAX - 1), raising(UnreachableError("no"))
    )
    (row,) = await rows(server)
    assert row.state == JobState.READY


@pytest.mark.parametrize("refusal", [Refused(403, "not allowed"), SignatureError("does not verify")])
async def test_a_refusal_ends_the_job_for_good(server: Server, refusal: Exception) -> None:
    job = await held(server)
    with structlog.testing.capture_logs() as lines:
        await run_one(server.ctx, job, raising(refusal))
    assert await rows(server) == []
    (line,) = lines
    assert (line["event"], line["error"], line["log_level"]) == ("job_given_up", str(refusal), "warning")


async def test_what_another_server_refused_is_kept_for_the_operator(server: Server) -> None:
    await run_one(server.ctx, await held(server), raising(NotFoundError("it said 404")))
    (row,) = await rows(server)
    assert (row.state, row.last_error) == (JobState.DEAD, "it said 404")


async def test_a_mistake_of_ours_is_logged_with_its_traceback(server: Server) -> None:
    job = await held(server)
    with structlog.testing.capture_logs() as lines:
        await run_one(server.ctx, job, raising(RuntimeError("a mistake of ours")))
    mistake = next(line for line in lines if line["event"] == "job_failed")
    assert (mistake["job"], mistake["kind"], mistake["log_level"]) == (job.id, "fake", "error")
    assert mistake["exc_info"]


async def test_a_kind_that_nobody_knows_is_tried_again_for_a_newer_version_may(server: Server) -> None:
    await run_one(server.ctx, await held(server, kind="of the future"))
    (row,) = await rows(server)
    assert (row.state, row.last_error) == (JobState.READY, "KeyError('of the future')")


async def test_a_job_whose_lease_was_lost_is_left_to_its_new_holder(server: Server) -> None:
    job = await held(server)
    await run_one(server.ctx, job, raising(LeaseLostError("somebody else holds it")))
    (row,) = await rows(server)
    assert (row.claim_token, row.attempts, row.last_error) == (job.token, 1, None)


@pytest.mark.parametrize("trouble", [UnreachableError("no"), Refused(403, "no"), ValueError("no")])
async def test_a_failure_after_the_lease_was_lost_changes_nothing(server: Server, trouble: Exception) -> None:
    job = await held(server)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Job).values(claim_token="another's"))
    await run_one(server.ctx, job, raising(trouble))
    (row,) = await rows(server)
    assert (row.claim_token, row.state, row.last_error) == ("another's", JobState.READY, None)


@pytest.mark.parametrize("away", DATABASE_AWAY, ids=["refused", "gone"])
async def test_a_verdict_that_cannot_be_written_is_left_to_the_lease(
    server: Server, monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    job = await held(server)

    async def fails(*_args: Any, **_kwargs: Any) -> None:
        raise away

    monkeypatch.setattr(queue, "retry", fails)
    with structlog.testing.capture_logs() as lines:
        await run_one(server.ctx, job, raising(UnreachableError("no answer")))
    (row,) = await rows(server)
    assert row.claim_token == job.token
    assert [line["event"] for line in lines] == ["job_undecided"]


# The worker's loops


async def test_jobs_of_all_queues_are_done(server: Server, runners: dict[str, Runner]) -> None:
    done = {name: asyncio.Event() for name in worker.QUEUES}
    for name, event in done.items():
        runners[name] = setting(event)
    await enqueue(server, *(NewJob(queue=name, kind=name) for name in done))
    async with working(server):
        for event in done.values():
            await soon(event)
    assert await rows(server) == []


async def test_the_worker_of_one_queue_leaves_the_others_alone(
    server: Server, runners: dict[str, Runner]
) -> None:
    done = asyncio.Event()
    runners["fake"] = setting(done)
    await enqueue(server, NewJob(queue="gpu", kind="fake"), NewJob(queue="inbox", kind="fake"))
    async with working(server, "inbox"):
        await soon(done)
    (row,) = await rows(server)
    assert (row.queue, row.attempts) == ("gpu", 0)


async def test_no_more_jobs_are_claimed_than_may_run_at_once(
    server: Server, runners: dict[str, Runner]
) -> None:
    begun, until, second = asyncio.Event(), asyncio.Event(), asyncio.Event()
    runners["first"], runners["second"] = waiting(begun, until), setting(second)
    await enqueue(server, NewJob(queue="gpu", kind="first"), NewJob(queue="gpu", kind="second"))
    async with working(server, "gpu"):
        await soon(begun)
        assert [row.attempts for row in await rows(server)] == [1, 0]
        until.set()
        await soon(second)
    assert await rows(server) == []


async def test_short_work_is_claimed_by_the_batch_and_no_more_of_it_runs_at_once(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    how = worker.queues(1)["inbox"]
    jobs, most, running, claims = how.concurrency * 6, 0, 0, 0
    all_done, claim = asyncio.Event(), queue.claim

    async def run(ctx: Context, job: Claim) -> None:
        nonlocal jobs, most, running
        running += 1
        most = max(most, running)
        await finish(ctx, job)
        running, jobs = running - 1, jobs - 1
        if not jobs:
            all_done.set()

    async def counted(*arguments: Any, **named: Any) -> list[Claim]:
        nonlocal claims
        found = await claim(*arguments, **named)
        claims += bool(found)
        return found

    runners["short"] = run
    monkeypatch.setattr(queue, "claim", counted)
    await enqueue(server, *(NewJob(queue="inbox", kind="short") for _ in range(jobs)))
    expected = jobs // how.ahead
    async with working(server, "inbox"):
        await soon(all_done)
    assert claims <= expected
    assert most <= how.concurrency


async def test_hosts_that_never_answer_hold_up_no_others(server: Server, runners: dict[str, Runner]) -> None:
    """Forty of them, with more waiting for each than one host may have at once."""
    hosts = [f"slow{number}.example" for number in range(40)]
    begun: list[str] = []
    full, until, quick = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def crawl(ctx: Context, job: Claim) -> None:
        begun.append(str(job.host))
        if len(begun) == len(hosts):
            full.set()
        await until.wait()
        await finish(ctx, job)

    runners["slow"], runners["quick"] = crawl, setting(quick)
    assert len(hosts) < worker.queues(server.settings.delivery_concurrency)["deliver"].concurrency
    waiting = [NewJob(queue="deliver", kind="slow", host=host) for host in hosts for _ in range(6)]
    await enqueue(server, *waiting)
    async with working(server, "deliver"):
        await soon(full)
        await enqueue(server, NewJob(queue="deliver", kind="quick", host="quick.example"))
        await soon(quick)
        assert sorted(begun) == sorted(hosts), "each has one place until it answers"
        until.set()
    assert {row.attempts for row in await rows(server)} <= {0}, "those in flight were finished"


async def test_a_host_that_answers_soon_may_have_several(server: Server, runners: dict[str, Runner]) -> None:
    per_host = worker.queues(32)["deliver"].per_host
    assert per_host is not None
    first, full, until = asyncio.Event(), asyncio.Event(), asyncio.Event()
    held: list[int] = []

    async def crawl(ctx: Context, job: Claim) -> None:
        held.append(job.id)
        if len(held) == per_host:
            full.set()
        await until.wait()
        await finish(ctx, job)

    runners["slow"], runners["quick"] = crawl, setting(first)
    await enqueue(server, NewJob(queue="deliver", kind="quick", host="one.example"))
    async with working(server, "deliver"):
        await soon(first)
        waiting = [NewJob(queue="deliver", kind="slow", host="one.example") for _ in range(per_host + 3)]
        await enqueue(server, *waiting)
        await soon(full)
        assert len(held) == per_host
        until.set()


async def test_a_queue_that_is_woken_is_worked_at_once(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 3600.0)
    idle, done = asyncio.Event(), asyncio.Event()
    runners["fake"] = setting(done)
    really_wait = Wake.wait

    async def wait(self: Wake, name: str, timeout_s: float) -> None:
        idle.set()
        await really_wait(self, name, timeout_s)

    monkeypatch.setattr(Wake, "wait", wait)
    async with working(server, "inbox"):
        await soon(idle)
        await enqueue(server, NewJob(queue="inbox", kind="fake"))
        await soon(done)


async def test_a_job_that_others_wrote_is_found_without_being_woken(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 0.02)
    done = asyncio.Event()
    runners["fake"] = setting(done)
    async with working(server, "inbox"):
        async with server.ctx.db.write() as tx:
            await queue.enqueue(tx, Wake(), [NewJob(queue="inbox", kind="fake")], now=server.ctx.clock())
        await soon(done)


@pytest.mark.parametrize("away", DATABASE_AWAY, ids=["refused", "gone"])
async def test_a_database_that_is_away_for_a_moment_does_not_end_the_worker(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    monkeypatch.setattr(worker, "POLL_S", 0.01)
    done = asyncio.Event()
    runners["fake"] = setting(done)
    monkeypatch.setattr(queue, "claim", _failing_once(queue.claim, away))
    await enqueue(server, NewJob(queue="inbox", kind="fake"))
    async with working(server, "inbox"):
        await soon(done)


async def test_a_mistake_in_a_loop_ends_the_worker_and_is_not_hidden(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "claim", _failing_once(queue.claim, RuntimeError("a mistake of ours")))
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        async with asyncio.timeout(PATIENCE_S):
            await Worker(server.ctx).run()


# Leases


async def test_the_lease_of_a_job_in_flight_is_extended(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LEASE_S", 0.3)
    first: list[Claim] = []
    begun, until, beats = asyncio.Event(), asyncio.Event(), _Beats(monkeypatch)

    async def long(ctx: Context, job: Claim) -> None:
        first.append(job)
        await waiting(begun, until)(ctx, job)

    runners["fake"] = long
    await enqueue(server, NewJob(queue="gpu", kind="fake"))
    async with working(server, "gpu"):
        await soon(begun)
        await beats.two()
        (row,) = await rows(server)
        assert row.claimed_until is not None
        assert row.claimed_until > first[0].until
        assert row.claim_token == first[0].token
        until.set()
    assert await rows(server) == [], "it was finished under its own token"


@pytest.mark.parametrize("away", DATABASE_AWAY, ids=["refused", "gone"])
async def test_a_heartbeat_that_fails_is_followed_by_another(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch, away: Exception
) -> None:
    monkeypatch.setattr(worker, "LEASE_S", 0.3)
    begun, until, beats = asyncio.Event(), asyncio.Event(), _Beats(monkeypatch, away)
    runners["fake"] = waiting(begun, until)
    await enqueue(server, NewJob(queue="gpu", kind="fake"))
    async with working(server, "gpu"):
        await beats.two()
        until.set()
    assert await rows(server) == []


# Stopping


async def test_a_graceful_stop_waits_for_work_in_flight_and_claims_nothing_more(
    server: Server, runners: dict[str, Runner]
) -> None:
    begun, until = asyncio.Event(), asyncio.Event()
    runners["fake"] = waiting(begun, until)
    await enqueue(server, NewJob(queue="gpu", kind="fake"))
    async with working(server, "gpu") as (it, task):
        await soon(begun)
        it.stop()
        await enqueue(server, NewJob(queue="gpu", kind="another"))
        assert not task.done()
        until.set()
    (row,) = await rows(server)
    assert (row.kind, row.attempts) == ("another", 0)


async def test_what_is_late_at_a_stop_is_given_back_with_its_attempt(
    server: Server, runners: dict[str, Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "STOP_S", 0.01)
    begun, never = asyncio.Event(), asyncio.Event()
    runners["fake"] = waiting(begun, never)
    await enqueue(server, NewJob(queue="inbox", kind="fake"))
    async with working(server, "inbox"):
        await soon(begun)
        assert [row.attempts for row in await rows(server)] == [1]
    (row,) = await rows(server)
    assert (row.state, row.attempts, row.claim_token, row.claimed_until) == (JobState.READY, 0, None, None)
    assert row.run_at <= server.ctx.clock()


class _Beats:
    """Counts the heartbeats; the first one may fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, trouble: Exception | None = None) -> None:
        self._second = asyncio.Event()
        self._count = 0
        really = queue.extend_many

        async def extend_many(*args: Any, **kwargs: Any) -> None:
            self._count += 1
            if self._count == 1 and trouble is not None:
                raise trouble
            await really(*args, **kwargs)
            if self._count >= 2:
                self._second.set()

        monkeypatch.setattr(queue, "extend_many", extend_many)

    async def two(self) -> None:
        """Wait for the second: the first is committed by then."""
        await soon(self._second)


def _failing_once(verb: Callable[..., Any], trouble: Exception) -> Callable[..., Any]:
    troubles = [trouble]

    async def fails_first(*args: Any, **kwargs: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return await verb(*args, **kwargs)

    return fails_first
