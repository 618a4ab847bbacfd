"""Delivering: one activity to one inbox, signed at the moment it is sent.

A delivery that succeeds costs no transaction of its own: its end is committed together with others
(`ctx.commits`), and what it needs to know is remembered for a moment. A delivery that fails is tried again
with growing pauses, given up when the other server will never take it, and postponed untried while that
server is being left alone (`breaker`). A killed process repeats a delivery at worst; receivers know the
activity by its id.

Source: reference behaviour of Mastodon's delivery worker; RFC 9110 section 10.2.3 (Retry-After).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from activitypub import client
from activitypub.auth import SignatureAuth
from activitypub.client import DeliveryResult, Verdict
from activitypub.keys import PrivateKey
from activitypub.signatures.message import Scheme
from fedi import iris
from fedi.context import Context
from fedi.http import RefusedAddressError
from fedi.jobs import queue
from fedi.jobs.retry import ATTEMPTS_MAX, next_attempt
from fedi.log import get
from fedi.models import Account, Activity, Peer
from fedi.outbound import synchronise
from fedi.outbound.breaker import FAILURE_DAYS_MAX, Standing, after_failure, is_gone, is_refusing
from fedi.outbound.settle import PEER_TTL_S, End, Known, Outcome, read, settle

__all__ = ["run"]

OUTGOING_TTL_S = 60.0
"""The same for an activity, which never changes; it only must not fill the memory."""

POSTPONED_SPREAD_S = 10.0
"""Deliveries postponed to the end of a pause are spread over so many seconds."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowersOf:
    """Whose followers a post is for."""

    account_id: int
    followers: str
    url: str
    """Where another server finds which of its people these are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What every delivery of one activity needs."""

    body: bytes
    key_id: str
    key: PrivateKey
    for_followers_of: FollowersOf | None = None
    """Whose followers it is for, when it is for nobody else."""


async def run(ctx: Context, job: queue.Claim) -> None:
    """Deliver one activity to one inbox, or decide when to try again."""
    outgoing = await _outgoing(ctx, job.payload["activity_id"], job.payload.get("sender_id"))
    outcome = await _attempt(ctx, job, outgoing) if outgoing else _outcome(ctx, job, End.DONE)
    await ctx.commits.add(ctx.db, settle, outcome)


async def _attempt(ctx: Context, job: queue.Claim, outgoing: Outgoing) -> Outcome:
    """Send it, unless its host is left alone."""
    if (await ctx.rules.now()).of_iris(job.payload["inbox"]).suspended:
        log.info("delivery_dropped", host=job.host, why="the server is suspended here")
        return _outcome(ctx, job, End.DONE)
    host, now = job.host or "", ctx.clock()
    known = await _known(ctx, host)
    if _why_not(known.standing, now):
        # What is dropped is lost, so what another process may have learnt this second counts.
        ctx.memory.peers.forget(host)
        known = await _known(ctx, host)
    if why := _why_not(known.standing, now):
        log.info("delivery_dropped", host=host, why=why)
        return _outcome(ctx, job, End.DONE)
    paused_until = known.standing.paused_until
    if paused_until is not None and paused_until > now:
        later = paused_until + timedelta(seconds=POSTPONED_SPREAD_S * ctx.rng.random())
        return _outcome(ctx, job, End.POSTPONE, run_at=later, error="the server is left alone for a while")
    auth = SignatureAuth(key_id=outgoing.key_id, key=outgoing.key, clock=ctx.clock, first=known.scheme)
    result = await client.deliver(
        ctx.courier,
        job.payload["inbox"],
        outgoing.body,
        auth=auth,
        extra=await _extra(ctx, job.payload["inbox"], outgoing.for_followers_of),
        http_allowed=ctx.settings.allow_http_peers,
        clock=ctx.clock,
    )
    return _judged(ctx, job, known.standing, result)


async def _extra(ctx: Context, inbox: str, whose: FollowersOf | None) -> dict[str, str]:
    """Return the headers that go with what is for followers only."""
    if whose is None:
        return {}
    claim = await synchronise.header(
        ctx, account_id=whose.account_id, followers=whose.followers, url=whose.url, inbox=inbox
    )
    return {synchronise.HEADER: str(claim)}


def _why_not(standing: Standing, now: datetime) -> str | None:
    """Say why a server gets nothing at all, if so."""
    if is_gone(standing, now.date()):
        return "the server has been away for days"
    return "the server takes nothing from us" if is_refusing(standing, now) else None


def _judged(ctx: Context, job: queue.Claim, standing: Standing, result: DeliveryResult) -> Outcome:
    """Turn what the other server answered into what becomes of the job."""
    if result.delivered:
        return _outcome(ctx, job, End.DONE, alive=True, scheme=result.scheme)
    error = f"{result.status or 'no answer'}: {result.detail}"
    log.info("delivery_failed", host=job.host, attempt=job.attempts, verdict=result.verdict, error=error)
    if result.status is None and result.detail == RefusedAddressError.__name__:
        return _outcome(ctx, job, End.BURY, error="not an address that we talk to")
    if result.verdict is not Verdict.RETRY:
        return _outcome(
            ctx,
            job,
            End.DONE,
            error=error,
            refused=result.status == 403,
            inbox_gone=result.verdict is Verdict.INBOX_GONE,
        )
    # 401, 408, 429 and their like come from a server that is there.
    alive = False if result.status is None or result.status >= 500 else None
    then = standing if alive is None else after_failure(standing, ctx.clock())
    if job.attempts >= ATTEMPTS_MAX or then.failure_days >= FAILURE_DAYS_MAX:
        return _outcome(ctx, job, End.BURY, error=error, alive=alive)
    later = next_attempt(job.attempts, ctx.clock(), ctx.rng, retry_after_s=result.retry_after_s)
    return _outcome(ctx, job, End.RETRY, run_at=later, error=error, alive=alive)


def _outcome(
    ctx: Context,
    job: queue.Claim,
    end: End,
    *,
    run_at: datetime | None = None,
    error: str = "",
    alive: bool | None = None,
    refused: bool = False,
    scheme: Scheme | None = None,
    inbox_gone: bool = False,
) -> Outcome:
    return Outcome(
        job=job,
        end=end,
        now=ctx.clock(),
        wake=ctx.wake,
        memory=ctx.memory,
        run_at=run_at,
        error=error,
        alive=alive,
        refused=refused,
        scheme=scheme,
        inbox_gone=inbox_gone,
    )


async def _outgoing(ctx: Context, activity_id: int, sender_id: int | None) -> Outgoing | None:
    """Find the bytes and the key; None when the activity or its sender is no longer there.

    What others said and we pass on is sent by somebody here, always the same for one activity.
    """
    found: Outgoing | None = ctx.memory.outgoing.get(activity_id, ctx.clock())
    if found is not None:
        return found
    # Its deliveries begin together: one of them looks, the others wait for it.
    return await ctx.memory.in_flight.share(
        ("outgoing", activity_id), lambda: _load(ctx, activity_id, sender_id)
    )


async def _load(ctx: Context, activity_id: int, sender_id: int | None) -> Outgoing | None:
    sender = Activity.account_id if sender_id is None else sender_id
    async with ctx.db.read() as tx:
        row = (
            await tx.execute(
                select(Activity.raw, Account)
                .join(Account, Account.id == sender)
                .where(Activity.id == activity_id)
            )
        ).first()
    if row is None or row.Account.private_key_pem is None:
        return None
    account: Account = row.Account
    key_id = iris.key(account.iri)
    found = Outgoing(
        body=row.raw,
        key_id=key_id,
        key=ctx.keys.get(key_id, row.Account.private_key_pem),
        for_followers_of=_for_followers_of(account, row.raw) if sender_id is None else None,
    )
    ctx.memory.outgoing.put(activity_id, found, now=ctx.clock(), ttl_s=OUTGOING_TTL_S)
    return found


def _for_followers_of(account: Account, body: bytes) -> FollowersOf | None:
    followers = account.followers
    if followers is None or account.followers_count >= synchronise.FOLLOWERS_MAX:
        return None
    if not synchronise.for_followers_only(msgspec.json.decode(body), followers):
        return None
    url = iris.followers_synchronization(account.iri)
    return FollowersOf(account_id=account.id, followers=followers, url=url)


_PEERS: Any = Peer.__table__  # not the model: nothing is changed here
_THEIR_ROWS = select(_PEERS).where(_PEERS.c.host.in_(bindparam("hosts", expanding=True)))


async def _known(ctx: Context, host: str) -> Known:
    """Return what we know of a host; deliveries that begin together ask for theirs in one statement."""
    while True:
        known: Known | None = ctx.memory.peers.get(host, ctx.clock())
        if known is not None:
            return known
        ctx.memory.unread_peers.add(host)
        await ctx.memory.in_flight.share("peers", lambda: _read_peers(ctx))


async def _read_peers(ctx: Context) -> None:
    await asyncio.sleep(0)  # the others that begin now come first
    hosts = set(ctx.memory.unread_peers)
    ctx.memory.unread_peers.clear()
    async with ctx.db.read() as tx:
        rows = {row.host: row for row in await tx.execute(_THEIR_ROWS, {"hosts": sorted(hosts)})}
    now = ctx.clock()
    for host in hosts:
        ctx.memory.peers.put(host, read(rows.get(host), now), now=now, ttl_s=PEER_TTL_S)
