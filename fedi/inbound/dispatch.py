"""From an accepted activity to its effects: the table of what is handled, and the job that does it.

`run` reads the bytes again, makes sure that the actor said them, lets the handler ask other servers for what
it needs, and then writes the effects, the activity's end and the job's end in one transaction. What is
malformed, without authority or of no use ends with its reason in the activity's row; what cannot be decided
because a server does not answer is left to the queue to try again.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from activitypub import activities
from activitypub.activities import (
    Accept,
    Add,
    Announce,
    AnnounceRequest,
    Block,
    Create,
    Delete,
    EmojiReact,
    Flag,
    Follow,
    Like,
    LikeRequest,
    Move,
    QuoteRequest,
    Reject,
    Remove,
    ReplyRequest,
    Undo,
    Unknown,
    Update,
)
from activitypub.errors import ActivityPubError, ForbiddenError, UnreachableError
from activitypub.normalise import normalise
from activitypub.read import as_list, http_iri
from activitypub.signatures.message import Scheme
from activitypub.verify import Signer
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.inbound import authority, forward, journal
from fedi.inbound.handlers import (
    accept,
    add,
    announce,
    announce_request,
    block,
    create,
    delete,
    emoji_react,
    flag,
    follow,
    like,
    like_request,
    move,
    quote_request,
    reject,
    remove,
    reply_request,
    undo,
    update,
)  # fmt: skip
from fedi.inbound.received import Effect, Handler, Ignored, Received
from fedi.jobs import queue
from fedi.lean import ask
from fedi.log import get
from fedi.models import Account, Activity, ActivityState
from fedi.outbound.fetch import Budget, is_ours
from fedi.queries import accounts as find_account

__all__ = ["HANDLERS", "IGNORED", "run"]

HANDLERS: Final[Mapping[type, Handler]] = {
    Accept: accept.handle,
    Add: add.handle,
    Announce: announce.handle,
    AnnounceRequest: announce_request.handle,
    Block: block.handle,
    Create: create.handle,
    Delete: delete.handle,
    EmojiReact: emoji_react.handle,
    Flag: flag.handle,
    Follow: follow.handle,
    Like: like.handle,
    LikeRequest: like_request.handle,
    Move: move.handle,
    QuoteRequest: quote_request.handle,
    Reject: reject.handle,
    Remove: remove.handle,
    ReplyRequest: reply_request.handle,
    Undo: undo.handle,
    Update: update.handle,
}
"""What is handled; every other type stands in `IGNORED`, and a test holds the two to the union of all."""

IGNORED: Final[Mapping[type, str]] = {
    Unknown: "a type that we do not know",
}
"""What is recorded and otherwise ignored, and why."""

ALLOWED_WHEN_SUSPENDED: Final = (Delete, Reject, Undo)
"""What a suspended account may still do: take back and end."""

log = get(__name__)


async def run(ctx: Context, job: queue.Claim) -> None:
    """Process one accepted activity.

    Raises:
        UnreachableError: a server that must be asked does not answer; try again later.
    """
    row, by = await ask(ctx.db, journal.find(job.payload["activity_id"])) or (None, None)
    if row is None or row.state != ActivityState.RECEIVED:
        async with ctx.db.write() as tx:
            await queue.finish(tx, job)
        return
    try:
        effect = await _understand(ctx, row, by)
        async with ctx.db.write() as tx:
            await effect(tx)
            await _end(tx, job, row.id, ActivityState.DONE, None)
    except UnreachableError:
        raise
    except IntegrityError as conflict:
        # Somebody or something that it needs was deleted between asking and writing. Next time that is known.
        raise UnreachableError("what it is about changed meanwhile", iri=row.iri) from conflict
    except Ignored as verdict:
        await _close(ctx, job, row, ActivityState.IGNORED, str(verdict))
    except (ActivityPubError, Refused) as refusal:
        await _close(ctx, job, row, ActivityState.REFUSED, str(refusal))


async def _understand(ctx: Context, row: Activity, by: Account | None) -> Effect:
    """Return what follows from an activity, having asked other servers for what that needs.

    Args:
        ctx: the context.
        row: the activity.
        by: the account of its signer, who nearly always is its actor.
    """
    activity = activities.parse(normalise(row.raw))
    if type(activity) in IGNORED:
        raise Ignored(IGNORED[type(activity)])
    assert not isinstance(activity, Unknown), "Unknown is ignored above"
    assert row.signer is not None, "incoming activities have a signer"
    assert row.key_id is not None, "as above"
    signer = Signer(actor_iri=row.signer, key_id=row.key_id, scheme=Scheme(row.scheme or Scheme.CAVAGE))
    if is_ours(ctx.settings, activity.actor):
        raise ForbiddenError("one of our own actors does not act from elsewhere", iri=activity.actor)
    await _require_welcome(ctx, row.key_id, activity)
    budget = Budget()
    activity = await authority.require(ctx, activity, raw=row.raw, signer=signer, budget=budget)
    actor = by if by is not None and by.iri == activity.actor else await _account(ctx, activity.actor)
    if (
        actor is not None
        and actor.suspended_at is not None
        and not isinstance(activity, ALLOWED_WHEN_SUSPENDED)
        and not _may_end_suspension(actor, activity)
    ):
        raise Ignored("the account is suspended here")
    received = Received(activity=activity, budget=budget, actor=actor)
    effect = await HANDLERS[type(activity)](ctx, received)
    return await forward.passed_on(ctx, effect, activity, row)


def _may_end_suspension(actor: Account, activity: activities.Activity) -> bool:
    """Tell whether an account's server, which suspended it, has something new to say of it."""
    is_profile = isinstance(activity, Update) and activity.object_id == activity.actor
    return actor.suspended_by_origin and is_profile


async def _require_welcome(ctx: Context, key_id: str, activity: activities.Activity) -> None:
    """Leave what has to do with a suspended server: it may have been accepted before that was decided."""
    named = [key_id, activity.actor, activity.object_id or "", *_said_in(activity.object_doc or {})]
    if (await ctx.rules.now()).of_iris(*named).suspended:
        raise Ignored("it has to do with a server that is suspended here")


def _said_in(doc: Mapping[str, Any]) -> list[str]:
    """Return whose a thing is said to be."""
    return [iri for iri in map(http_iri, as_list(doc.get("attributedTo"))) if iri is not None]


async def _account(ctx: Context, iri: str) -> Account | None:
    async with ctx.db.read() as tx:
        return await find_account.by_iri(tx, iri)


async def _close(ctx: Context, job: queue.Claim, row: Activity, state: ActivityState, reason: str) -> None:
    log.info("activity_closed", state=state, kind=row.kind, signer=row.signer, iri=row.iri, reason=reason)
    async with ctx.db.write() as tx:
        await _end(tx, job, row.id, state, reason)


async def _end(tx: Tx, job: queue.Claim, row_id: int, state: ActivityState, reason: str | None) -> None:
    await journal.close(tx, row_id, state, reason)
    await queue.finish(tx, job)
