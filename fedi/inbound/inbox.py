"""POST to an inbox: checked, written down, answered; understood later.

The answer 202 promises that the activity will be processed once, whatever is killed in between. So it is
given only after a commit that holds the activity's bytes and the job to process them. Accepts that arrive
together share that commit (`jobs.batch`). Nothing else happens before the answer but, at most, the fetch of a
key: cheap refusals come first, and a Delete by somebody unknown, of which the fediverse is full, costs one
look at the database.

Source: ActivityPub section 7; Mastodon's inbox for the statuses.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select, update
from starlette.requests import Request
from starlette.responses import Response

from activitypub import activities
from activitypub.activities import Activity as AnyActivity
from activitypub.activities import Announce, Delete, Follow, Like, Undo, Unknown
from activitypub.errors import ActivityPubError, MalformedError
from activitypub.limits import BODY_BYTES_MAX
from activitypub.normalise import media_type_allowed, normalise
from activitypub.origin import origin
from activitypub.verify import Signer
from fedi import context
from fedi.context import Context
from fedi.db import Tx, insert, prepared
from fedi.errors import Refused
from fedi.ids import IdMaker
from fedi.inbound import authority, guard
from fedi.inbound.documents import local_account
from fedi.jobs import queue
from fedi.jobs.wake import Wake
from fedi.log import get
from fedi.memory import Memory
from fedi.models import Account, Activity, ActivityState, Direction, Peer
from fedi.outbound.remote import IRI_BYTES_MAX
from fedi.outbound.synchronise import HEADER
from fedi.services import pruning, synchronising

__all__ = ["receive"]

BODY_TIMEOUT_S = 30.0
"""For the whole body to arrive, in seconds: a sender that drips holds a connection and nothing else."""

KIND_CHARACTERS_MAX = 100
"""Of an activity's type that is kept; ours have twelve at most."""

ORDER_KEY_BYTES_MAX = 1000
"""Of an order key as it is; longer ones are hashed, because an index entry has a limit."""

GONE_PAUSE_S = 300.0
"""Between two questions whether the same actor is gone, in seconds: anybody can claim it, unsigned."""

ARRIVALS_MAX = 6000
"""Activities taken from one server in a window: twenty in a second, for as long as it lasts. The busiest
servers send a small one some hundred in a minute."""

ARRIVALS_WINDOW_S = 300
"""Length of that window, in seconds."""

CLEARED_TTL_S = 60.0
"""How long a server that sent something is not looked up again to hold nothing against it, in seconds."""

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One activity to be written down."""

    iri: str
    kind: str
    signer: Signer
    signer_origin: str
    host: str
    order_on: str
    raw: bytes
    now: datetime
    ids: IdMaker
    wake: Wake
    memory: Memory


async def receive(request: Request) -> Response:
    """Take an activity in; the same for all inboxes, since an activity says itself for whom it is.

    Raises:
        Refused: 400 malformed, 401 not signed as it must be, 403 signed by a suspended server, 404 nobody's
            inbox, 408 too slow, 413 too large, 415 wrong type or encoded, 429 too many from one server, 503
            the signature's key cannot be had now.
    """
    ctx = context.of(request)
    _require_type(request)
    if "name" in request.path_params:
        await local_account(ctx, request)
    body = await _read(request)
    try:
        doc = normalise(body)
        activity = activities.parse(doc)
        if activity.actor is None:
            raise MalformedError("actor is missing")
        origin(activity.actor)
    except ActivityPubError as refusal:
        raise Refused(refusal.status_hint, refusal.message) from refusal
    unwelcome = (await ctx.rules.now()).of_iris(activity.actor).suspended
    if isinstance(activity, Delete) and not unwelcome and not await _is_known(ctx, activity.actor):
        return _taken("delete_of_unknown_actor", activity.actor)
    try:
        signer = await guard.require_signer(ctx, request, body)
    except Refused as refusal:
        if isinstance(activity, Delete) and refusal.error in {guard.KEY_GONE, guard.KEY_UNKNOWN}:
            return await _bereft(ctx, activity, refusal)
        raise
    _require_moderation(ctx, signer)
    if unwelcome:  # passed on by somebody who did not know; a refusal would look like one of them
        return _taken("actor_on_a_suspended_server", activity.actor)
    if authority.claimed(activity, doc, signer) is authority.Basis.NONE:
        return _taken("forwarded_without_proof", activity.actor)
    await ctx.commits.add(ctx.db, write, _accepted(ctx, activity, body, signer))
    if (told := request.headers.get(HEADER)) is not None and activity.actor == signer.actor_iri:
        await synchronising.offer(ctx, actor_iri=signer.actor_iri, value=told)
    return Response(status_code=202)


def _require_moderation(ctx: Context, signer: Signer) -> None:
    """Count an activity against the server that signed it, which nobody else can use up.

    Raises:
        Refused: 429, when it is one too many; its sender tries again later.
    """
    if not ctx.settings.rate_limits:
        return
    now = ctx.clock()
    window, into_s = divmod(int(now.timestamp()), ARRIVALS_WINDOW_S)
    key = (origin(signer.actor_iri).authority, window)
    count = (ctx.memory.arrivals.get(key, now) or 0) + 1
    ctx.memory.arrivals.put(key, count, now=now, ttl_s=ARRIVALS_WINDOW_S)
    if count > ARRIVALS_MAX:
        wait_s = ARRIVALS_WINDOW_S - into_s
        raise Refused(429, "That is more than this server can take in.", headers={"Retry-After": str(wait_s)})


async def _bereft(ctx: Context, activity: Delete, refusal: Refused) -> Response:
    """Take a Delete that nobody can check any more: whoever deletes themselves takes their key along.

    Their server is asked, later and at most once in a while, whether they are gone; anything else that is
    said to be deleted so is not believed.
    """
    now = ctx.clock()
    asked = f"gone:{activity.actor}"
    itself = activity.object_id == activity.actor and refusal.error == guard.KEY_GONE
    if itself and not ctx.memory.refreshed.get(asked, now):
        ctx.memory.refreshed.put(asked, value=True, now=now, ttl_s=GONE_PAUSE_S)
        async with ctx.db.write() as tx:
            await pruning.ask_whether_gone(ctx, tx, iri=activity.actor)
    return _taken("delete_with_gone_key", activity.actor)


def _taken(why: str, actor: str) -> Response:
    """Answer 202 to what we have no use for: an error would only be delivered again."""
    log.info("inbox_dropped", why=why, actor=actor)
    return Response(status_code=202)


def _require_type(request: Request) -> None:
    # A signed body may come as ld+json without its profile: its sender vouches for it.
    if not media_type_allowed(request.headers.get("content-type"), profile_required=False):
        raise Refused(415, "Send application/activity+json.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "Send the body without an encoding.", headers={"Accept-Encoding": "identity"})


async def _read(request: Request) -> bytes:
    """Read the body within its limit, whatever Content-Length says."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and (len(length) > 10 or int(length) > BODY_BYTES_MAX):
        raise Refused(413, f"An activity may have {BODY_BYTES_MAX} bytes at most.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise Refused(413, f"An activity may have {BODY_BYTES_MAX} bytes at most.")
    except TimeoutError:
        raise Refused(408, "The body took too long to arrive.") from None
    return bytes(body)


async def _is_known(ctx: Context, actor_iri: str) -> bool:
    async with ctx.db.read() as tx:
        return (await tx.execute(select(exists().where(Account.iri == actor_iri)))).scalar_one()


def _accepted(ctx: Context, activity: AnyActivity | Unknown, body: bytes, signer: Signer) -> Accepted:
    iri = activity.id
    if iri is None or len(iri.encode()) > IRI_BYTES_MAX:
        iri = f"sha256:{hashlib.sha256(body).hexdigest()}"
    home = origin(signer.actor_iri)
    signer_origin = f"{home.scheme}://{home.authority}"
    kind = activity.type if isinstance(activity, Unknown) else type(activity).__name__
    return Accepted(
        iri=iri,
        kind=kind[:KIND_CHARACTERS_MAX],
        signer=signer,
        signer_origin=signer_origin,
        host=home.authority,
        order_on=_order_on(activity, iri, signer_origin),
        raw=body,
        now=ctx.clock(),
        ids=ctx.ids,
        wake=ctx.wake,
        memory=ctx.memory,
    )


def _order_on(activity: AnyActivity | Unknown, iri: str, signer_origin: str) -> str:
    """Return the key of what must be processed in order: the same thing, by the same server.

    Create, Update and Delete are about their object. A Follow, Like or Announce, and the Undo of it, is about
    who does it to what: somebody who follows, unfollows and follows again means the last of these. Without
    the server in the key, anyone could hold up what others send about a thing by sending something about it
    that cannot be processed.
    """
    key = f"in|{signer_origin}|{_thing(activity) or iri}"
    return key if len(key.encode()) <= ORDER_KEY_BYTES_MAX else hashlib.sha256(key.encode()).hexdigest()


def _thing(activity: AnyActivity | Unknown | None) -> str | None:
    if activity is None or isinstance(activity, Unknown):
        return None
    if isinstance(activity, (Announce, Follow, Like)):
        return f"{type(activity).__name__} {activity.actor} {activity.object_id}"
    if isinstance(activity, Undo):
        try:
            return _thing(activity.inner()) or activity.object_id
        except MalformedError:  # it will be refused for that when it is processed
            return activity.object_id
    return activity.object_id


async def write(tx: Tx, accepted: Sequence[Accepted]) -> None:
    """Write down some activities and their jobs: a `jobs.batch.Writer`.

    One that the same server sent before is passed over, so that a repeated delivery has one effect.
    """
    rows = {one.ids.next(): one for one in accepted}
    jobs = {
        key: queue.NewJob(queue="inbox", kind="inbox", payload={"activity_id": key}, order_key=one.order_on)
        for key, one in rows.items()
    }
    connection = await tx.connection()
    await connection.execute(_insert(tx), [_row(key, one) for key, one in rows.items()])
    # A repetition has no row of this id, and gets no job.
    await queue.enqueue_for(tx, accepted[-1].wake, jobs, of=Activity, now=accepted[-1].now)
    await _clear_peers(tx, accepted)


def _row(activity_id: int, one: Accepted) -> dict[str, Any]:
    return {
        "id": activity_id,
        "direction": Direction.IN,
        "iri": one.iri,
        "kind": one.kind,
        "signer_origin": one.signer_origin,
        "signer": one.signer.actor_iri,
        "key_id": one.signer.key_id,
        "scheme": one.signer.scheme,
        "raw": one.raw,
        "state": ActivityState.RECEIVED,
        "created_at": one.now,
    }


async def _clear_peers(tx: Tx, accepted: Sequence[Accepted]) -> None:
    """Hold nothing against servers that just sent us something: they are there again."""
    memory, now = accepted[-1].memory, accepted[-1].now
    hosts = sorted({one.host for one in accepted if not memory.cleared.get(one.host, now)})
    if not hosts:
        return
    held_against = or_(Peer.failures > 0, Peer.failure_days > 0, Peer.refusals > 0)
    paused = select(Peer.host).where(Peer.host.in_(hosts), Peer.paused_until.is_not(None))
    if back := list((await tx.execute(paused)).scalars()):
        await queue.hasten(tx, accepted[-1].wake, back, now=now)
    await tx.execute(
        update(Peer)
        .where(Peer.host.in_(hosts), held_against)
        .values(
            failures=0, failure_days=0, last_failure_on=None, paused_until=None, refusals=0, refused_at=None
        )
        .execution_options(synchronize_session=False)
    )
    for host in hosts:
        memory.cleared.put(host, value=True, now=now, ttl_s=CLEARED_TTL_S)
        memory.peers.forget(host)


@prepared
def _insert(tx: Tx) -> Any:
    table = Activity.__table__  # not the model: the ORM's bulk insert costs more, and there is no object
    return insert(tx, table).on_conflict_do_nothing(
        index_elements=[table.c.direction, table.c.signer_origin, table.c.iri]
    )
