"""The worker: claims jobs and runs them.

One loop per queue claims a batch, runs it concurrently and waits for news when there is nothing to do. A
runner finishes its own job, in the transaction of its effects; what happens when it cannot is decided
here, once: try again, give up, or give back on a graceful stop.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx

from activitypub.errors import ActivityPubError, FetchError, UnreachableError
from fedi.context import Context
from fedi.db import AWAY
from fedi.errors import LeaseLostError, Refused
from fedi.inbound import dispatch, forward
from fedi.jobs import queue, retry
from fedi.jobs.queue import Claim
from fedi.log import get
from fedi.memory import PEERS_MAX, Remembered
from fedi.outbound import audience, deliver, forgetting
from fedi.services import (
    answering,
    attaching,
    backfilling,
    blocking,
    caching,
    domain_rules,
    drawing,
    leaving,
    linking,
    moving,
    muting,
    pruning,
    pushing,
    quoting,
    renewing,
    scheduling,
    sweeping,
    synchronising,
    tallying,
    visiting,
)

__all__ = ["JOBS", "QUEUES", "Queue", "Worker", "run_one"]

Runner = Callable[[Context, Claim], Awaitable[None]]

JOBS: Mapping[str, Runner] = {
    "inbox": dispatch.run,
    "carry": moving.carry,
    "fanout": audience.run,
    "deliver": deliver.run,
    "forget": forgetting.run,
    "forward": forward.run,
    "synchronise": synchronising.run,
    "generate": drawing.run,
    "ask": answering.run,
    "erase": attaching.erase,
    "backfill": backfilling.run,
    "prune": pruning.run,
    "push": pushing.run,
    "quote": quoting.run,
    "publish": scheduling.publish,
    "poll_tallies": tallying.tell,
    "poll_close": tallying.close,
    "rule": domain_rules.run,
    "sever": blocking.sever,
    "unmute": muting.expire,
    "visit": visiting.run,
    "announce_profile": renewing.announce,
    "admit_waiting": renewing.admit_waiting,
    "discard_pictures": renewing.discard_pictures,
    "verify_links": linking.run,
    "leave": leaving.run,
    "confirm_gone": pruning.confirm_gone,
    "shrink": caching.run,
    "sweep": sweeping.run,
}
"""What is done for each kind of job."""

POLL_S = 1.0
"""How often a queue is looked at without being woken, in seconds."""

STOP_S = 20.0
"""How long a graceful stop waits for work in flight, in seconds, before it gives the jobs back."""

CLAIMS_MAX = 50
"""Jobs claimed at once: batches are what makes a queue in a database fast."""


PROMPT_S = 2.0
"""A host whose job took less, in seconds, is prompt, and may have several at once; all others get one, so
that servers that never answer cannot hold all places with what waits for them."""

PROMPT_FOR_S = 60.0
"""How long a host is taken to be prompt, in seconds."""

LEASE_S = 15.0
"""How long a job is held without a sign of life from its worker, in seconds: so long it rests after a
worker was killed. Every third of it is a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How a queue is worked.

    Attributes:
        concurrency: jobs in flight in this process.
        per_host: jobs in flight for one other server; None where jobs have no host.
        ahead: jobs held beyond those in flight, so that they are claimed by the batch and not one by one as
            places become free. None for long work, which another worker could begin meanwhile.
    """

    concurrency: int
    per_host: int | None = None
    ahead: int = 0


def queues(delivery_concurrency: int) -> dict[str, Queue]:
    """Return the queues that a server works."""
    return {
        "inbox": Queue(concurrency=16, ahead=16),
        "deliver": Queue(concurrency=delivery_concurrency, per_host=4, ahead=delivery_concurrency // 4),
        "gpu": Queue(concurrency=1),
        "default": Queue(concurrency=2),
    }


QUEUES = frozenset(queues(1))

log = get(__name__)


class Worker:
    """Works some queues until told to stop.

    Args:
        ctx: the context.
        names: which queues; all when empty.
    """

    def __init__(self, ctx: Context, names: Sequence[str] = ()) -> None:
        self._ctx = ctx
        every = queues(ctx.settings.delivery_concurrency)
        self._queues = {name: every[name] for name in names or every}
        self._stopping = asyncio.Event()
        self._held: dict[asyncio.Task[None], Claim] = {}
        self._prompt: Remembered[str, bool] = Remembered(PEERS_MAX)
        """Hosts whose last job did not take long."""

    async def run(self) -> None:
        """Work until `stop`; then finish what is in flight, or give it back after `STOP_S`."""
        loops = [
            asyncio.create_task(self._work(name, how), name=f"queue {name}")
            for name, how in self._queues.items()
        ]
        beating = asyncio.create_task(self._beat(), name="lease heartbeat")
        try:
            await asyncio.gather(*loops)
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._settle()
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self._ctx.wake.set(self._queues)

    async def _work(self, name: str, how: Queue) -> None:
        mine: set[asyncio.Task[None]] = set()
        places = asyncio.Semaphore(how.concurrency)
        while not self._stopping.is_set():
            claims = await self._claim(name, how, mine)
            for job in claims:
                task = asyncio.create_task(self._run(job, places))
                self._held[task] = job
                mine.add(task)
                task.add_done_callback(self._forget)
                task.add_done_callback(mine.discard)
                task.add_done_callback(lambda _: self._ctx.wake.set([name]))
            if not claims:
                await self._ctx.wake.wait(name, POLL_S)

    async def _run(self, job: Claim, places: asyncio.Semaphore) -> None:
        async with places:
            began = time.monotonic()
            await run_one(self._ctx, job)
            if job.host is not None and time.monotonic() - began < PROMPT_S:
                self._prompt.put(job.host, value=True, now=self._ctx.clock(), ttl_s=PROMPT_FOR_S)

    def _is_prompt(self, host: str) -> bool:
        return self._prompt.get(host, self._ctx.clock()) is not None

    async def _claim(self, name: str, how: Queue, mine: set[asyncio.Task[None]]) -> list[Claim]:
        free = how.concurrency + how.ahead - len(mine)
        if free <= 0 or (mine and free < how.ahead):
            return []
        busy = Counter(self._held[task].host for task in mine if self._held[task].host is not None)
        try:
            async with self._ctx.db.write() as tx:
                return await queue.claim(
                    tx,
                    name,
                    limit=min(free, CLAIMS_MAX),
                    lease_s=LEASE_S,
                    now=self._ctx.clock(),
                    per_host=how.per_host,
                    busy_hosts={host: count for host, count in busy.items() if host is not None},
                    is_prompt=self._is_prompt,
                )
        except AWAY as trouble:
            log.warning("claim_failed", queue=name, error=_cause(trouble))
            await asyncio.sleep(POLL_S)
            return []

    async def _beat(self) -> None:
        """Say that we live, for all jobs held, in one transaction."""
        while True:
            await asyncio.sleep(LEASE_S / 3)
            if held := list(self._held.values()):
                until = self._ctx.clock() + timedelta(seconds=LEASE_S)
                try:
                    async with self._ctx.db.write() as tx:
                        await queue.extend_many(tx, held, until=until)
                except AWAY as trouble:
                    log.warning("heartbeat_failed", error=_cause(trouble))

    def _forget(self, task: asyncio.Task[None]) -> None:
        job = self._held.pop(task, None)
        trouble = None if task.cancelled() else task.exception()
        if trouble is not None and job is not None:  # its lease runs out, and then it is done again
            log.error("job_left", job=job.id, kind=job.kind, error=repr(trouble))

    async def _settle(self) -> None:
        held = dict(self._held)
        if held:
            _, late = await asyncio.wait(held, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            try:
                async with self._ctx.db.write() as tx:
                    await queue.release(tx, [held[task] for task in late])
            except AWAY as trouble:  # then they rest until their leases run out
                log.warning("release_failed", error=_cause(trouble))


async def run_one(ctx: Context, job: Claim, runner: Runner | None = None) -> None:
    """Run one claimed job, and decide what becomes of it when its runner fails.

    Args:
        ctx: the context.
        job: the job held.
        runner: what does it; the one for its kind when missing.
    """
    try:
        await (runner or JOBS[job.kind])(ctx, job)
    except LeaseLostError as lost:
        log.info("lease_lost", job=job.id, kind=job.kind, error=str(lost))
    except (UnreachableError, httpx.HTTPError, TimeoutError) as trouble:
        await _again(
            ctx, job, str(trouble) or type(trouble).__name__, getattr(trouble, "retry_after_s", None)
        )
    except (Refused, ActivityPubError) as refusal:
        await _give_up(ctx, job, str(refusal), keep=isinstance(refusal, FetchError))
    except Exception as mistake:  # a mistake in one job must not stop the others
        log.exception("job_failed", job=job.id, kind=job.kind)
        await _again(ctx, job, repr(mistake), None)


async def _again(ctx: Context, job: Claim, error: str, retry_after_s: float | None) -> None:
    if job.attempts >= retry.ATTEMPTS_MAX:
        await _give_up(ctx, job, error, keep=True)
        return
    later = retry.next_attempt(job.attempts, ctx.clock(), ctx.rng, retry_after_s=retry_after_s)
    if await _decide(ctx, job, lambda tx: queue.retry(tx, job, run_at=later, error=error)):
        until = later.isoformat()
        log.info("job_retried", job=job.id, kind=job.kind, attempt=job.attempts, until=until, error=error)


async def _give_up(ctx: Context, job: Claim, error: str, *, keep: bool) -> None:
    """End a job without success: kept for the operator when trying by hand may help, else removed."""
    log.warning("job_given_up", job=job.id, kind=job.kind, attempt=job.attempts, error=error)
    if keep:
        await _decide(ctx, job, lambda tx: queue.bury(tx, job, error=error))
    else:
        await _decide(ctx, job, lambda tx: queue.finish(tx, job))


async def _decide(ctx: Context, job: Claim, verb: Callable[..., Awaitable[None]]) -> bool:
    """Write what becomes of a job; False when that could not be done."""
    try:
        async with ctx.db.write() as tx:
            await verb(tx)
    except LeaseLostError:
        log.info("lease_lost", job=job.id, kind=job.kind)
    except AWAY as trouble:  # its lease runs out, and then it is tried again
        log.warning("job_undecided", job=job.id, kind=job.kind, error=_cause(trouble))
    else:
        return True
    return False


def _cause(trouble: Exception) -> str:
    """Return the driver's own words; SQLAlchemy adds the statement and its parameters."""
    cause = getattr(trouble, "orig", trouble)
    return str(cause) or type(cause).__name__
