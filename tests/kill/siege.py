"""Killing an instance's processes, again and again, while a test makes it work.

An instance runs as two processes over one database, one that answers and one that works, because then a kill
of either leaves the other in the middle of things. A round: some tasks begin, each of which repeats itself
until it is answered, as a peer's or client's queue would; at a random moment a process is killed, and started
again; the tasks are waited for. The random moments come from a seed that a failure can be repeated with as
far as processes can be.

A job that a killed worker held is free again when its lease runs out, after a minute or two. Tests do not
wait for that: after each kill the leases of the dead are ended, which is what the passing of time would do.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from sqlalchemy import func, select, update

from fedi.context import Context
from fedi.models import Job, JobState
from tests.peers.server_process import Instance, Running, eventually

__all__ = ["LATER", "VICTIMS", "Siege", "Task", "besieged"]

VICTIMS = ("web", "worker", "both")
"""Whom a round may kill; `both` is the power cut, and what a kill of a plain `fedi serve` is."""

TASKS_AT_ONCE = 6
"""Threads that send; more only fight for the same two cores."""

KILL_AFTER_S_MAX = 0.6
"""A kill comes within this many seconds after a round began: about as long as its tasks take."""

DRAIN_S_MAX = 60.0
"""For what is left to be worked off after the last kill."""

PATIENCE = 200
"""How often a task tries before the test gives up on it, with `PAUSE_S` between: longer than any restart."""

PAUSE_S = 0.1
"""Between two tries of a task."""

Task = Callable[[], int]
"""Sends once and returns the status of the answer, or raises `httpx.TransportError`."""

LATER = frozenset({500, 503})
"""Answers after which a client tries again."""


@dataclass(slots=True)
class Siege:
    """An instance under attack.

    Attributes:
        instance: whose processes.
        rng: where the random moments come from.
        web: the process that answers.
        worker: the process that does jobs.
        kills: how many there were, by kind of process.
        outcomes: of tries: `answered`, `refused` (nobody listened), `broken` (while it was being answered),
            `later` (500 or 503); and `interrupted`, the jobs that were held by a worker when it was killed.
    """

    instance: Instance
    rng: random.Random
    web: Running
    worker: Running
    kills: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def round(self, tasks: Sequence[Task], *, victim: str | None) -> None:
        """Let some tasks be done, and kill a process meanwhile.

        Args:
            tasks: each is repeated until it is answered.
            victim: as for `kill`; None for a quiet round.
        """
        with ThreadPoolExecutor(TASKS_AT_ONCE) as pool:
            running: list[Future[None]] = [pool.submit(self._insist, task) for task in tasks]
            if victim is not None:
                threading.Event().wait(self.rng.uniform(0.0, KILL_AFTER_S_MAX))
                self.kill(victim)
            for one in running:
                one.result()

    def kill(self, victim: str) -> None:
        """Kill a process with SIGKILL, and start it again where nobody else does.

        Args:
            victim: `web`, `worker`, `both` at once, or `engine`, which is a child of the worker's.
        """
        if victim == "engine":
            eventually(self.worker.kill_child, "an engine to kill", DRAIN_S_MAX)
        if victim in {"web", "both"}:
            self.web.kill()
        if victim in {"worker", "both"}:
            self.worker.kill()
            self.outcomes["interrupted"] += self.instance.with_context(_end_leases)
            self.worker = self.instance.start("worker")
        if victim in {"web", "both"}:
            self.web = self.instance.start("serve", "--no-worker")
        self.kills[victim] += 1

    def drain(self) -> None:
        """Wait until there is nothing left to do, without the pauses between attempts.

        Raises:
            AssertionError: something is left, or was given up.
        """
        eventually(
            lambda: self.instance.with_context(_hurry) == 0, "the end of all jobs", DRAIN_S_MAX, poll_s=0.5
        )
        dead = self.instance.with_context(_dead)
        assert dead == [], f"jobs were given up\n{self.instance.logs()}"

    def require_hits(self, kills: int) -> None:
        """Check that processes were killed often enough, and in the middle of something.

        Raises:
            AssertionError: the test killed idle processes and proves nothing.
        """
        print(f"kills {dict(self.kills)}, outcomes {dict(self.outcomes)}")  # noqa: T201 - pytest shows it on demand
        assert self.kills.total() >= kills
        assert self.outcomes["interrupted"] > 0, "no worker was killed while it held a job"
        assert self.outcomes["broken"] + self.outcomes["refused"] > 0, "no request met a dead process"

    def _insist(self, task: Task) -> None:
        pause = threading.Event()
        for _ in range(PATIENCE):
            try:
                status = task()
            except httpx.ConnectError:
                self.outcomes["refused"] += 1
            except httpx.TransportError:
                self.outcomes["broken"] += 1
            else:
                self.outcomes["later" if status in LATER else "answered"] += 1
                if status not in LATER:
                    return
            pause.wait(PAUSE_S)
        raise AssertionError(f"no answer after {PATIENCE} tries\n{self.instance.logs()}")


@contextmanager
def besieged(instance: Instance, seed: int) -> Iterator[Siege]:
    """Start an instance's two processes, and end them afterwards."""
    web = instance.start("serve", "--no-worker")
    siege = Siege(instance=instance, rng=random.Random(seed), web=web, worker=instance.start("worker"))
    try:
        yield siege
    finally:
        siege.web.kill()
        siege.worker.kill()


async def _end_leases(ctx: Context) -> int:
    """Let the time pass after which the jobs of a dead worker are free; return how many it held."""
    async with ctx.db.write() as tx:
        past = ctx.clock() - timedelta(seconds=1)
        ended = (
            update(Job).where(Job.claimed_until > ctx.clock()).values(claimed_until=past).returning(Job.id)
        )
        return len((await tx.execute(ended)).scalars().all())


HOUSEKEEPING = ("forget", "shrink", "sweep")
"""Kinds of jobs of which the next one always waits for its day."""


async def _hurry(ctx: Context) -> int:
    """Let the time pass until the next attempt of everything; return how much there is left to do."""
    async with ctx.db.write() as tx:
        to_do = Job.state == JobState.READY, Job.kind.not_in(HOUSEKEEPING)
        waiting = Job.claimed_until.is_(None), Job.run_at > ctx.clock()
        await tx.execute(update(Job).where(*to_do, *waiting).values(run_at=ctx.clock()))
        left = select(func.count()).select_from(Job).where(*to_do)
        return int((await tx.execute(left)).scalar_one())


async def _dead(ctx: Context) -> list[tuple[str, str | None]]:
    async with ctx.db.read() as tx:
        rows = await tx.execute(select(Job.kind, Job.last_error).where(Job.state == JobState.DEAD))
        return [(row.kind, row.last_error) for row in rows]
