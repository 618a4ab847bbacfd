"""May an activity be believed? The one place that compares who signed with who is said to act.

Whoever signed the request may speak for themselves. A server that forwards an activity of somebody else (the
author of a thread passes replies on to followers) is not believed, but the activity may prove itself: by a
proof inside it, or by asking the server of its actor. Nothing of a forwarded copy is used but addresses: what
is processed is the copy that was verified or fetched.

Source: FEP-fe34; ActivityPub section 7.1.2 (forwarding); FEP-8b32; Fedify GHSA-39gj-rchc-q5m3.
"""

import contextlib
import dataclasses
from enum import StrEnum

from activitypub import activities
from activitypub.activities import Activity, Announce, Create, Delete, Unknown, Update
from activitypub.errors import ForbiddenError, GoneError, NotFoundError, SignatureError
from activitypub.normalise import parse
from activitypub.origin import require_actor_is_signer, require_same_origin
from activitypub.read import Doc
from activitypub.signatures import proof
from activitypub.verify import Signer
from fedi.context import Context
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget, document

__all__ = ["Basis", "claimed", "require", "require_proof"]


KEY_TTL_S = 600.0
"""How long the key of a proof is used without asking for it again, in seconds."""


class Basis(StrEnum):
    """On what an activity might be believed."""

    SIGNER = "signer"
    """Its actor signed the request."""
    PROOF = "proof"
    """It carries a proof by its actor."""
    FETCH = "fetch"
    """Its object, or itself, can be asked for at its actor's server."""
    NONE = "none"


def claimed(activity: Activity | Unknown, doc: Doc, signer: Signer) -> Basis:
    """Tell on what an activity might be believed, without any work: whether it is worth keeping."""
    if activity.actor == signer.actor_iri:
        return Basis.SIGNER
    if isinstance(activity, Unknown):
        return Basis.NONE
    if isinstance(doc.get("proof"), dict):
        return Basis.PROOF
    return Basis.FETCH if isinstance(activity, (Announce, Create, Delete, Update)) else Basis.NONE


async def require(
    ctx: Context, activity: Activity, *, raw: bytes, signer: Signer, budget: Budget
) -> Activity:
    """Return an activity whose actor is sure to have said it.

    Args:
        ctx: the context.
        activity: as it was parsed from `raw`.
        raw: the bytes that came.
        signer: who signed the request.
        budget: what may be fetched.

    Raises:
        ForbiddenError: nothing shows that its actor said it.
        UnreachableError: the server that could tell does not answer now.
        ActivityPubError: what it tells cannot be believed.
    """
    if activity.id is not None:
        require_same_origin(activity.actor, activity.id)
    if activity.actor == signer.actor_iri:
        return activity
    doc = parse(raw)
    basis = claimed(activity, doc, signer)
    if basis is Basis.PROOF:
        try:
            await require_proof(ctx, activity.actor, doc)
        except SignatureError:
            # A server on the way may have written the document anew, which breaks a proof and harms nobody.
            basis = claimed(activity, {}, signer)
        else:
            return activity
    if basis is Basis.FETCH:
        return await _fetched(ctx, activity, budget)
    raise ForbiddenError("nothing shows that its actor said it", iri=activity.actor)


async def require_proof(ctx: Context, actor_iri: str, doc: Doc) -> None:
    """Refuse a document that does not prove that an actor said it.

    Args:
        ctx: the context.
        actor_iri: who is said to have said it.
        doc: the document as parsed, keys untouched.

    Raises:
        SignatureError: it has no proof by this actor, or one that does not verify.
        UnreachableError: the key's server does not answer now.
        ActivityPubError: the key cannot be had.
    """
    claim = proof.read_proof(doc, now=ctx.clock())
    method, now = claim.verification_method, ctx.clock()
    known = ctx.memory.keys.get(method, now)
    if known is not None and known.owner == actor_iri and known.signs_documents:
        with contextlib.suppress(SignatureError):  # it may have been renewed
            proof.require_valid(claim, known.public_key)
            return
    key = await resolve.key(ctx, method)
    require_actor_is_signer(actor_iri, key.owner)
    if not key.signs_documents:
        raise SignatureError("the proof's key is not one that its owner signs documents with", iri=method)
    proof.require_valid(claim, key.public_key)
    ctx.memory.keys.put(method, key, now=now, ttl_s=key.keep_for_s(now, KEY_TTL_S))


async def _fetched(ctx: Context, activity: Activity, budget: Budget) -> Activity:
    """Ask the actor's own server, and return the activity as it tells it."""
    assert activity.object_id is not None, "these four have an object with an id"
    if isinstance(activity, Announce):
        return await _fetched_announce(ctx, activity, budget)
    require_same_origin(activity.actor, activity.object_id)
    if isinstance(activity, Delete):
        try:
            await document(ctx, activity.object_id, budget=budget)
        except (GoneError, NotFoundError):
            return activity
        raise ForbiddenError("what is said to be deleted is still there", iri=activity.object_id)
    # Whose it is stays to be seen: the handler compares author and actor, as it does for a direct one.
    data = (await document(ctx, activity.object_id, budget=budget)).data
    found = dataclasses.replace(activity, object_id=data["id"], object_doc=data)
    # What else the forwarded copy embeds was not fetched, so nobody said it.
    return dataclasses.replace(found, others=()) if isinstance(found, Create) else found


async def _fetched_announce(ctx: Context, activity: Announce, budget: Budget) -> Activity:
    if activity.id is None:
        raise ForbiddenError("a forwarded Announce has no id to ask for", iri=activity.actor)
    found = activities.parse((await document(ctx, activity.id, budget=budget)).data)
    if not isinstance(found, Announce):
        raise ForbiddenError("its server tells another activity", iri=activity.id)
    require_same_origin(found.actor, found.id or "")
    return found
