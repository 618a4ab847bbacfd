"""What a request for leave asks for, in a copy that counts.

A request names what is to be allowed (its `instrument`): a quoting post, an answer, a Like, an Announce. It
may embed it. The copy counts when it lives where the requester does and is the requester's own; one that is
not embedded is fetched. It has to be about the very post that the request is about: a leave that is valid for
something else is what two of Mastodon's advisories are about.

Source: FEP-044f; https://docs.gotosocial.org/en/latest/federation/interaction_controls/; Mastodon
GHSA-q4g8-82c5-9h33 and GHSA-8h43-rcqj-wpc6.
"""

from typing import Any

from activitypub import activities
from activitypub.activities import AnnounceRequest, LikeRequest, QuoteRequest, ReplyRequest, Request
from activitypub.errors import ForbiddenError
from activitypub.objects.note import Note
from activitypub.origin import require_actor_is_signer, require_same_origin
from activitypub.read import Doc, http_iri
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget, document
from fedi.outbound.remote import require_storable
from fedi.queries import posts as find_post
from fedi.queries.visibility import OPEN, can_see
from fedi.services import permitting

__all__ = ["find_target", "handle", "requested_note", "requester_of"]


async def handle(
    ctx: Context, received: Received[AnnounceRequest] | Received[LikeRequest] | Received[ReplyRequest]
) -> Effect:
    """Answer a request for leave to like, answer or pass on a post of ours."""
    activity = received.activity
    post, author = await find_target(ctx, activity)
    requester = await requester_of(ctx, received, post)
    if await _may(ctx, activity, post, author, requester):
        doc = await _instrument(ctx, activity, received.budget)
        if isinstance(activity, ReplyRequest):
            about = _own_note(activity, doc).in_reply_to
        else:
            wanted = "Like" if isinstance(activity, LikeRequest) else "Announce"
            about = _own_activity(activity, doc, wanted)
        _require_about(activity, about)

    async def effect(tx: Tx) -> None:
        await permitting.receive_request(ctx, tx, request=activity, requester=requester, post=post)

    return effect


async def find_target(ctx: Context, activity: Request) -> tuple[Post, Account]:
    """Return the post that a request is about, and who wrote it.

    Raises:
        Ignored: it is none of ours.
    """
    require_storable(activity.instrument, activity.id or "")
    require_same_origin(activity.actor, activity.instrument)
    async with ctx.db.read() as tx:
        post = await find_post.by_iri(tx, activity.object_id)
        if post is None or not post.local or post.reblog_of_id is not None:
            raise Ignored("no post of ours")
        return post, await tx.get_one(Account, post.account_id)


async def requester_of(ctx: Context, received: Received[Any], post: Post) -> Account:
    """Return who asks.

    Raises:
        Ignored: they cannot know of the post, and are not told of it.
    """
    requester = await resolve.actor(
        ctx, received.activity.actor, budget=received.budget, known=received.actor
    )
    async with ctx.db.read() as tx:
        if post.visibility not in OPEN and not await can_see(tx, requester.id, post):
            raise Ignored("no post of ours that they can see")
    return requester


async def requested_note(
    ctx: Context, received: Received[QuoteRequest], post: Post, author: Account, requester: Account
) -> Note | None:
    """Return the post for which leave to quote is asked; None, unfetched, when there will be no leave.

    Raises:
        ForbiddenError: it is somebody else's, or quotes another post.
        ActivityPubError: it cannot be read or fetched.
    """
    activity = received.activity
    if not await _may(ctx, activity, post, author, requester):
        return None
    note = _own_note(activity, await _instrument(ctx, activity, received.budget))
    _require_about(activity, note.quote)
    return note


async def _may(ctx: Context, activity: Request, post: Post, author: Account, requester: Account) -> bool:
    kind = permitting.KINDS[type(activity)]
    async with ctx.db.read() as tx:
        return await permitting.is_allowed(tx, kind, post=post, author=author, requester=requester)


async def _instrument(ctx: Context, activity: Request, budget: Budget) -> Doc:
    if activity.instrument_doc is not None:
        return activity.instrument_doc
    return (await document(ctx, activity.instrument, budget=budget)).data


def _own_note(activity: Request, doc: Doc) -> Note:
    note = Note.from_json(doc)
    require_actor_is_signer(note.attributed_to, activity.actor)
    if note.id != activity.instrument:
        raise ForbiddenError("its server serves something else", iri=activity.instrument)
    return note


def _own_activity(activity: Request, doc: Doc, kind: str) -> str | None:
    said = activities.parse(doc)
    if type(said).__name__ != kind or said.id != activity.instrument:
        raise ForbiddenError(f"what is asked for is no {kind}", iri=activity.instrument)
    require_actor_is_signer(said.actor or "", activity.actor)
    return http_iri(doc.get("object"))


def _require_about(activity: Request, about: str | None) -> None:
    if about != activity.object_id:
        raise ForbiddenError("what is asked for is about another post", iri=activity.instrument)
