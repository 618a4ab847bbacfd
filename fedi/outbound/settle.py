"""What is written down after deliveries: many ends, and what they say of their hosts, in one transaction.

A success removes its job; that is all it usually costs, because what is known of a host is written only when
it is news. Failures put the job back and move the host's standing (`breaker`). All of it is fenced by the
claim: a worker that lost its lease changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from activitypub.signatures.message import Scheme
from fedi.db import Tx
from fedi.errors import LeaseLostError
from fedi.jobs import queue
from fedi.jobs.wake import Wake
from fedi.log import get
from fedi.memory import Memory
from fedi.models import Peer
from fedi.outbound import forgetting
from fedi.outbound.breaker import CLEAR, Standing, after_failure, after_refusal

__all__ = ["PEER_TTL_S", "End", "Known", "Outcome", "read", "settle"]

SCHEME_REMEMBERED = timedelta(days=7)
"""How long a host is greeted with the signature scheme that it took last."""

SUCCESS_NOTED_EVERY = timedelta(hours=1)
"""How often the time of the last success is written down for a host with which nothing is wrong."""

PEER_TTL_S = 5.0
"""How long what we know of a host is used without asking the database, in seconds."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we know of a host."""

    standing: Standing = CLEAR
    scheme: Scheme = Scheme.CAVAGE
    noted_at: datetime | None = None
    """When its last success was written down."""


class End(StrEnum):
    """What becomes of a delivery's job."""

    DONE = "done"
    RETRY = "retry"
    POSTPONE = "postpone"
    """As retry, but nothing was tried, so the attempt does not count."""
    BURY = "bury"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is written down after a delivery.

    Attributes:
        job: the delivery.
        end: what becomes of it.
        now: when it ended.
        run_at: of the next attempt.
        error: why it did not succeed.
        alive: True after a success, False when the host failed, None when this says nothing about the host.
        refused: the host answered 403.
        scheme: the signature scheme that was taken.
        inbox_gone: the inbox answered that it is not there.
    """

    job: queue.Claim
    end: End
    now: datetime
    wake: Wake
    memory: Memory
    run_at: datetime | None = None
    error: str = ""
    alive: bool | None = None
    refused: bool = False
    scheme: Scheme | None = None
    inbox_gone: bool = False


def read(peer: Peer | Any | None, now: datetime) -> Known:
    """Read what we have of a host, the object or its row; None is a host that we have not met."""
    if peer is None:
        return Known()
    fresh = peer.scheme_until is not None and peer.scheme_until > now
    return Known(
        standing=Standing(
            failures=peer.failures,
            failure_days=peer.failure_days,
            last_failure_on=peer.last_failure_on,
            paused_until=peer.paused_until,
            refusals=peer.refusals,
            refused_at=peer.refused_at,
        ),
        scheme=Scheme(peer.scheme) if fresh and peer.scheme else Scheme.CAVAGE,
        noted_at=peer.last_success_at,
    )


async def settle(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Write down how some deliveries ended: a `jobs.batch.Writer`."""
    await queue.finish_many(tx, [outcome.job for outcome in outcomes if outcome.end is End.DONE])
    for outcome in outcomes:
        try:
            await _put_back(tx, outcome)
        except LeaseLostError:
            log.info("lease_lost", job=outcome.job.id, kind=outcome.job.kind)
    by_host: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if (outcome.alive is not None or outcome.refused) and outcome.job.host:
            by_host.setdefault(outcome.job.host, []).append(outcome)
    for host in sorted(by_host):  # in one order everywhere, so that two processes cannot wait for each other
        await _note(tx, host, by_host[host])
    await _prune(tx, outcomes)


async def _put_back(tx: Tx, outcome: Outcome) -> None:
    match outcome.end:
        case End.RETRY | End.POSTPONE:
            assert outcome.run_at is not None
            await queue.retry(
                tx,
                outcome.job,
                run_at=outcome.run_at,
                error=outcome.error,
                refund=outcome.end is End.POSTPONE,
            )
        case End.BURY:
            await queue.bury(tx, outcome.job, error=outcome.error)
        case End.DONE:
            pass


async def _note(tx: Tx, host: str, outcomes: Sequence[Outcome]) -> None:
    """Write down what some deliveries say about their host, if it is news."""
    now, memory = outcomes[-1].now, outcomes[-1].memory
    if all(outcome.alive for outcome in outcomes) and not _is_news(
        memory.peers.get(host, now), outcomes, now
    ):
        return
    peer = await tx.get(Peer, host, with_for_update=True)
    if peer is None:
        peer = Peer(host=host, first_seen_at=now, failures=0, failure_days=0, refusals=0)
        tx.add(peer)
        await queue.enqueue(tx, outcomes[-1].wake, [forgetting.later(now)], now=now)
    before = standing = read(peer, now).standing
    for outcome in outcomes:
        standing = _after(standing, outcome)
        if outcome.alive:
            peer.last_success_at = outcome.now
        if outcome.scheme is not None:
            peer.scheme, peer.scheme_until = outcome.scheme, outcome.now + SCHEME_REMEMBERED
    _write(peer, standing)
    await tx.flush()
    if before.paused_until is not None and standing.paused_until is None:
        await queue.hasten(tx, outcomes[-1].wake, [host], now=now)
    memory.peers.put(host, read(peer, now), now=now, ttl_s=PEER_TTL_S)


def _after(standing: Standing, outcome: Outcome) -> Standing:
    if outcome.refused:
        return after_refusal(standing, outcome.now)
    return CLEAR if outcome.alive else after_failure(standing, outcome.now)


def _is_news(known: Known | None, outcomes: Sequence[Outcome], now: datetime) -> bool:
    if known is None or known.standing != CLEAR or known.noted_at is None:
        return True
    return now - known.noted_at > SUCCESS_NOTED_EVERY or any(
        entry.scheme is not known.scheme for entry in outcomes
    )


def _write(peer: Peer, standing: Standing) -> None:
    peer.failures = standing.failures
    peer.failure_days = standing.failure_days
    peer.last_failure_on = standing.last_failure_on
    peer.paused_until = standing.paused_until
    peer.refusals = standing.refusals
    peer.refused_at = standing.refused_at


async def _prune(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Have those looked at whose inbox is gone: they may have moved, or been deleted."""
    for outcome in outcomes:
        if outcome.inbox_gone:
            inbox = outcome.job.payload["inbox"]
            job = queue.NewJob(
                queue="inbox",
                kind="prune",
                host=outcome.job.host,
                payload={"inbox": inbox},
                dedupe_key=f"prune:{inbox}",
            )
            await queue.enqueue(tx, outcome.wake, [job], now=outcome.now)
