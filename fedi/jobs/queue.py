"""The job table's verbs: enqueue, claim in batches, finish, try again, bury.

`enqueue` runs in the caller's transaction, so that work and the reason for it are committed together or
not at all. `claim` takes many jobs in one statement (SKIP LOCKED on PostgreSQL; the SQLite dialect drops
that clause and its single writer makes it unnecessary). Every later verb is fenced by the claim token: a
worker whose lease ran out gets `LeaseLostError` and its whole transaction is rolled back, which is what
makes an effect happen once.
"""

import functools
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, and_, bindparam, case, delete, exists, func, or_, select, update

from fedi.db import Id, Instant, Tx, insert, on_commit, prepared
from fedi.errors import LeaseLostError
from fedi.jobs.wake import Wake
from fedi.lean import run
from fedi.models import Job, JobState

__all__ = [
    "Claim", "NewJob", "bury", "claim", "dead", "drop", "enqueue", "enqueue_for", "extend", "extend_many",
    "finish", "finish_many", "hasten", "release", "retry", "revive", "status",
]  # fmt: skip

CANDIDATES_PER_JOB = 8
"""Rows looked at per job claimed: enough that one slow host at the head does not hide the others."""

ERROR_CHARACTERS_MAX = 500
"""Of an error kept with its job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work to be done; the fields are those of `models.Job`."""

    queue: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    run_at: datetime | None = None
    host: str | None = None
    order_key: str | None = None
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that this worker holds until `until`."""

    id: int
    queue: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    host: str | None
    order_key: str | None
    token: str
    until: datetime


async def enqueue(tx: Tx, wake: Wake, jobs: Sequence[NewJob], *, now: datetime) -> None:
    """Write jobs into the caller's transaction; one whose `dedupe_key` exists already is left out."""
    if not jobs:
        return
    await tx.execute(_insert(tx), [_columns(job, now) for job in jobs])
    await _announce(tx, wake, jobs)


async def enqueue_for(tx: Tx, wake: Wake, jobs: Mapping[int, NewJob], *, of: Any, now: datetime) -> None:
    """Write the jobs whose row exists, for who inserted rows that may have been there before.

    To have the database tell which rows are new costs more than to insert them: the driver then builds one
    long statement for every batch.

    Args:
        tx: a writing transaction.
        wake: tells the workers.
        jobs: by the id of the row that they are about; they have no `dedupe_key`.
        of: the model of these rows.
        now: the present.
    """
    if not jobs:
        return
    rows = [
        {f"new_{name}": value for name, value in _columns(job, now).items()} | {"row_id": row_id}
        for row_id, job in jobs.items()
    ]
    connection = await tx.connection()
    await connection.execute(_insert_for(of), rows)
    await _announce(tx, wake, list(jobs.values()))


def _columns(job: NewJob, now: datetime) -> dict[str, Any]:
    return {
        "queue": job.queue,
        "kind": job.kind,
        "payload": dict(job.payload),
        "run_at": job.run_at or now,
        "host": job.host,
        "order_key": job.order_key,
        "dedupe_key": job.dedupe_key,
        "created_at": now,
    }


async def _announce(tx: Tx, wake: Wake, jobs: Sequence[NewJob]) -> None:
    queues = frozenset(job.queue for job in jobs)
    await wake.announce(tx, queues)
    on_commit(tx, lambda: wake.set(queues))


@functools.cache
def _insert_for(model: Any) -> Any:
    table: Any = Job.__table__
    names = ("queue", "kind", "payload", "run_at", "host", "order_key", "created_at")
    values = [bindparam(f"new_{name}", type_=table.c[name].type) for name in names]
    wanted = exists().where(model.id == bindparam("row_id", type_=Id))
    return table.insert().from_select(list(names), select(*values).where(wanted))


@prepared
def _insert(tx: Tx) -> Any:
    table = Job.__table__
    return insert(tx, table).on_conflict_do_nothing(index_elements=[table.c.dedupe_key])


_TABLE: Any = Job.__table__  # not the model: these statements run all the time, and there is no object
_TAKEN = ("id", "queue", "kind", "payload", "attempts", "host", "order_key")
_DUE = and_(
    _TABLE.c.queue == bindparam("of_queue"),
    _TABLE.c.state == JobState.READY,
    _TABLE.c.run_at <= bindparam("now"),
    or_(_TABLE.c.claimed_until.is_(None), _TABLE.c.claimed_until < bindparam("now", type_=Instant())),
)
# Only the first unfinished job of an order key may run, even while it waits for its next attempt; a dead one
# no longer holds up the rest.
_EARLIER = _TABLE.alias()
_FIRST_OF_ITS_KEY = or_(
    _TABLE.c.order_key.is_(None),
    ~exists().where(
        _EARLIER.c.order_key == _TABLE.c.order_key,
        _EARLIER.c.id < _TABLE.c.id,
        _EARLIER.c.state == JobState.READY,
    ),
)
_FIRST = (
    select(_TABLE.c.id)
    .where(_DUE, _FIRST_OF_ITS_KEY)
    .order_by(_TABLE.c.run_at, _TABLE.c.id)
    .limit(bindparam("looked_at", type_=Integer))
)
_WITH_HOSTS = _FIRST.add_columns(_TABLE.c.host).where(
    or_(_TABLE.c.host.is_(None), _TABLE.c.host.not_in(bindparam("full", expanding=True)))
)
_CHOSEN = select(_TABLE.c.id).where(_TABLE.c.id.in_(bindparam("ids", expanding=True)), _DUE)


def _taking(chosen: Any) -> Any:
    """Return the statement that takes jobs, but for those that somebody else has taken meanwhile."""
    picked = chosen.with_for_update(skip_locked=True, of=_TABLE).cte("picked")
    return (
        update(_TABLE)
        .where(_TABLE.c.id == picked.c.id)
        .values(
            claim_token=bindparam("token"),
            claimed_until=bindparam("until", type_=Instant()),
            attempts=_TABLE.c.attempts + 1,
        )
        .returning(*(_TABLE.c[name] for name in _TAKEN))
    )


_TAKE_FIRST, _TAKE_CHOSEN = _taking(_FIRST), _taking(_CHOSEN)


async def claim(
    tx: Tx,
    queue: str,
    *,
    limit: int,
    lease_s: float,
    now: datetime,
    per_host: int | None = None,
    busy_hosts: Mapping[str, int] | None = None,
    is_prompt: Callable[[str], bool] | None = None,
) -> list[Claim]:
    """Take up to `limit` jobs of a queue that are due, for `lease_s` seconds.

    Args:
        tx: a writing transaction of its own; commit it before the work begins.
        queue: which queue.
        limit: at most so many jobs.
        lease_s: how long nobody else may take them, in seconds.
        now: the present.
        per_host: at most so many jobs for one host at once, counting `busy_hosts`.
        busy_hosts: jobs that this worker holds already, per host.
        is_prompt: tells which hosts may have so many; all others get one, since they may take long. All
            may, when missing.
    """
    until = now + timedelta(seconds=lease_s)
    values: dict[str, Any] = {"of_queue": queue, "now": now, "until": until, "token": secrets.token_hex(8)}
    if per_host is None:
        rows = await tx.execute(_TAKE_FIRST, values | {"looked_at": limit})
    else:
        shares = _Shares(most=per_host, is_prompt=is_prompt, held=dict(busy_hosts or {}))
        ids = await _spread_over_hosts(tx, values, limit=limit, shares=shares)
        if not ids:
            return []
        rows = await tx.execute(_TAKE_CHOSEN, values | {"ids": ids})
    return [_held(row, values["token"], until) for row in sorted(rows, key=lambda row: row.id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shares:
    """How many jobs each host has, and may have."""

    most: int
    is_prompt: Callable[[str], bool] | None
    held: dict[str, int]

    def has_room(self, host: str) -> bool:
        most = self.most if self.is_prompt is None or self.is_prompt(host) else 1
        return self.held.get(host, 0) < most


async def _spread_over_hosts(tx: Tx, values: Mapping[str, Any], *, limit: int, shares: _Shares) -> list[int]:
    """Choose among the first due jobs so that no host gets more than its share."""
    full = [host for host in shares.held if not shares.has_room(host)]
    looked_at = {"looked_at": limit * CANDIDATES_PER_JOB, "full": full}
    ids: list[int] = []
    for identifier, host in await tx.execute(_WITH_HOSTS, {**values, **looked_at}):
        if len(ids) == limit:
            break
        if host is not None:
            if not shares.has_room(host):
                continue
            shares.held[host] = shares.held.get(host, 0) + 1
        ids.append(identifier)
    return ids


def _held(row: Row[Any], token: str, until: datetime) -> Claim:
    return Claim(
        id=row.id, queue=row.queue, kind=row.kind, payload=row.payload, attempts=row.attempts, host=row.host,
        order_key=row.order_key, token=token, until=until,
    )  # fmt: skip


_MANY_HELD_AND_DONE = delete(_TABLE).where(
    _TABLE.c.id.in_(bindparam("ids", expanding=True)), _TABLE.c.claim_token == bindparam("token")
)
_HELD_AND_DONE = delete(_TABLE).where(
    _TABLE.c.id == bindparam("job_id"), _TABLE.c.claim_token == bindparam("token")
)


async def finish(tx: Tx, job: Claim) -> None:
    """Remove a job that is done, in the transaction of its effects.

    Raises:
        LeaseLostError: somebody else holds it by now.
    """
    _require_one(await run(tx, _HELD_AND_DONE, {"job_id": job.id, "token": job.token}), job)


async def finish_many(tx: Tx, jobs: Sequence[Claim]) -> None:
    """Remove jobs whose effect lies outside of the database; lost leases are passed over."""
    by_token: dict[str, list[int]] = {}
    for job in jobs:
        by_token.setdefault(job.token, []).append(job.id)
    for token, ids in by_token.items():
        await tx.execute(_MANY_HELD_AND_DONE, {"ids": ids, "token": token})


async def retry(tx: Tx, job: Claim, *, run_at: datetime, error: str, refund: bool = False) -> None:
    """Give a job back for another attempt.

    Args:
        tx: a writing transaction.
        job: the job held.
        run_at: not before.
        error: what went wrong, for the operator.
        refund: the attempt does not count, because nothing was tried.

    Raises:
        LeaseLostError: somebody else holds it by now.
    """
    values: dict[str, Any] = {
        "run_at": run_at, "claim_token": None, "claimed_until": None,
        "last_error": error[:ERROR_CHARACTERS_MAX],
    }  # fmt: skip
    if refund:
        values["attempts"] = Job.attempts - 1
    done = await tx.execute(update(Job).where(Job.id == job.id, Job.claim_token == job.token).values(values))
    _require_one(done, job)


async def hasten(tx: Tx, wake: Wake, hosts: Collection[str], *, now: datetime) -> None:
    """Make what waits for its next attempt with some hosts due at once: they are there again."""
    waiting = update(Job).where(
        Job.host.in_(hosts), Job.state == JobState.READY, Job.run_at > now, Job.claim_token.is_(None)
    )
    rows = await tx.execute(
        waiting.values(run_at=now).returning(Job.queue).execution_options(synchronize_session=False)
    )
    if queues := frozenset(rows.scalars()):
        await wake.announce(tx, queues)
        on_commit(tx, lambda: wake.set(queues))


async def bury(tx: Tx, job: Claim, *, error: str) -> None:
    """Give a job up; the row stays for the operator.

    Raises:
        LeaseLostError: somebody else holds it by now.
    """
    values = {
        "state": JobState.DEAD, "claim_token": None, "claimed_until": None, "dedupe_key": None,
        "last_error": error[:ERROR_CHARACTERS_MAX],
    }  # fmt: skip
    done = await tx.execute(update(Job).where(Job.id == job.id, Job.claim_token == job.token).values(values))
    _require_one(done, job)


async def extend(tx: Tx, job: Claim, *, until: datetime) -> None:
    """Hold a job longer: the heartbeat of long work.

    Raises:
        LeaseLostError: somebody else holds it by now.
    """
    done = await tx.execute(
        update(Job).where(Job.id == job.id, Job.claim_token == job.token).values(claimed_until=until)
    )
    _require_one(done, job)


async def extend_many(tx: Tx, jobs: Sequence[Claim], *, until: datetime) -> None:
    """Hold jobs longer; those that somebody else holds by now are passed over."""
    by_token: dict[str, list[int]] = {}
    for job in jobs:
        by_token.setdefault(job.token, []).append(job.id)
    for token, ids in by_token.items():
        await tx.execute(
            update(Job).where(Job.id.in_(ids), Job.claim_token == token).values(claimed_until=until)
        )


async def release(tx: Tx, jobs: Sequence[Claim]) -> None:
    """Give jobs back untouched, when a worker is told to stop; the attempt does not count."""
    for job in jobs:
        await tx.execute(
            update(Job)
            .where(Job.id == job.id, Job.claim_token == job.token)
            .values(claim_token=None, claimed_until=None, attempts=Job.attempts - 1)
        )


async def status(tx: Tx, *, now: datetime) -> list[Row[Any]]:
    """Count the jobs per queue, kind and state: rows of queue, kind, state, count, held, oldest."""
    held = func.sum(case((Job.claimed_until > now, 1), else_=0))
    rows = await tx.execute(
        select(
            Job.queue,
            Job.kind,
            Job.state,
            func.count().label("count"),
            held.label("held"),
            func.min(Job.created_at).label("oldest"),
        )
        .group_by(Job.queue, Job.kind, Job.state)
        .order_by(Job.queue, Job.kind, Job.state)
    )
    return list(rows)


async def dead(tx: Tx, *, limit: int) -> Sequence[Row[int, str, int, str | None, str | None]]:
    """Return the jobs that were given up last: rows of id, kind, attempts, host, last_error."""
    rows = await tx.execute(
        select(Job.id, Job.kind, Job.attempts, Job.host, Job.last_error)
        .where(Job.state == JobState.DEAD)
        .order_by(Job.id.desc())
        .limit(limit)
    )
    return rows.all()


async def revive(tx: Tx, wake: Wake, *, kind: str | None, now: datetime) -> int:
    """Make dead jobs ready again, with their attempts forgotten; return how many."""
    chosen = [Job.state == JobState.DEAD] + ([Job.kind == kind] if kind else [])
    queues = frozenset((await tx.execute(select(Job.queue).where(*chosen).distinct())).scalars())
    done = await tx.execute(update(Job).where(*chosen).values(state=JobState.READY, attempts=0, run_at=now))
    await wake.announce(tx, queues)
    on_commit(tx, lambda: wake.set(queues))
    return _count(done)


async def drop(tx: Tx, *, kind: str | None) -> int:
    """Delete dead jobs; return how many."""
    chosen = [Job.state == JobState.DEAD] + ([Job.kind == kind] if kind else [])
    return _count(await tx.execute(delete(Job).where(*chosen)))


def _count(result: Any) -> int:
    return int(result.rowcount)


def _require_one(result: Any, job: Claim) -> None:
    if _count(result) != 1:
        raise LeaseLostError(f"job {job.id} ({job.kind}) is held by another worker")
