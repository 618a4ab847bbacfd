"""Announce: somebody elsewhere passes a post on.

It matters here when the post is ours, or when somebody here follows who passes it on; for anything else
nothing is fetched. The post itself comes from the database or from where it lives, never out of the activity,
and only what its author made public is passed on; to their own followers people may pass on their own.
"""

from activitypub.activities import PARSERS, Announce
from activitypub.addressing import visibility_of
from activitypub.errors import ForbiddenError
from activitypub.read import one_id, types
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound import resolve
from fedi.outbound.remote import require_storable
from fedi.queries import posts as find_post
from fedi.queries.visibility import are_apart, can_see
from fedi.services import interacting, receiving

__all__ = ["handle"]


async def handle(ctx: Context, received: Received[Announce]) -> Effect:
    """Keep a boost, and the post that it is of."""
    activity = received.activity
    iri = activity.id or f"{activity.actor}#announces/{activity.object_id}"
    require_storable(iri)
    post_iri = _post_iri(activity)
    async with ctx.db.read() as tx:
        known = await find_post.by_iri(tx, post_iri)
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        is_ours = known is not None and known.local
        if not is_ours and not await receiving.is_followed_here(tx, activity.actor):
            raise Ignored("nobody here has to do with it")
    post = known or await resolve.note(ctx, post_iri, budget=received.budget)
    booster = await resolve.actor(ctx, activity.actor, budget=received.budget, known=received.actor)
    now = ctx.clock()
    own_private = post.account_id == booster.id and post.visibility == "private"
    said = visibility_of(activity.to, activity.cc, followers=booster.followers)
    visibility = "private" if own_private else said

    async def effect(tx: Tx) -> None:
        if post.reblog_of_id is not None or not (own_private or await can_see(tx, None, post)):
            raise ForbiddenError("the post is not for passing on", iri=activity.object_id)
        if await are_apart(tx, booster.id, post.account_id):
            raise Ignored("its author and who passes it on have nothing to do with each other")
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        await interacting.receive_announce(
            ctx,
            tx,
            account=booster,
            post=post,
            iri=iri,
            visibility=visibility,
            at=min(activity.published or now, now),
        )

    return effect


def _post_iri(activity: Announce) -> str:
    """Return the id of the post that is passed on; of an embedded Create, that of what it made.

    A group passes on whatever its members do, by embedding it (FEP-1b12). The copy is a hint where to look.

    Raises:
        Ignored: it passes on something other than a post.
    """
    kinds = set(types(activity.object_doc)) if activity.object_doc is not None else set()
    if activity.object_doc is None or not kinds & PARSERS.keys():
        return activity.object_id
    made = one_id(activity.object_doc.get("object")) if kinds & resolve.MAKING else None
    if made is None:
        raise Ignored("it passes on something other than a post")
    return made
