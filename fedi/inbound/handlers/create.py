"""Create: somebody elsewhere published a post.

An embedded copy is used only when it lives where its author does and names the author who signed; one that is
not embedded is fetched. Posts that nobody here has to do with are not kept, and nothing is fetched for them.
"""

from activitypub.activities import Create, Update
from activitypub.errors import ForbiddenError
from activitypub.objects.note import NOTE_TYPES, Note
from activitypub.origin import require_same_origin
from activitypub.read import types
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from fedi.queries import posts as find_post
from fedi.services import receiving

__all__ = ["handle", "trusted_note"]


async def handle(ctx: Context, received: Received[Create]) -> Effect:
    """Keep a post, if somebody here has to do with it."""
    note = await trusted_note(ctx, received)
    if note.is_vote:
        raise Ignored("polls are not held here")
    async with ctx.db.read() as tx:
        if await find_post.is_tombstoned(tx, note.id):
            raise Ignored("it was deleted before it came")
        if not await receiving.is_relevant(tx, note):
            raise Ignored("nobody here has to do with it")
    author = await resolve.actor(ctx, note.attributed_to, budget=received.budget)

    async def effect(tx: Tx) -> None:
        if await receiving.store_note(ctx, tx, author=author, note=note) is None:
            raise Ignored("it was deleted before it came")

    return effect


async def trusted_note(ctx: Context, received: Received[Create] | Received[Update]) -> Note:
    """Return the post that an activity is about, in a copy that its author's server vouches for.

    Raises:
        ForbiddenError: it lives elsewhere, or is somebody else's.
        Ignored: it is no post.
        ActivityPubError: it cannot be read or fetched.
    """
    activity = received.activity
    require_same_origin(activity.actor, activity.object_id)
    doc = activity.object_doc
    if doc is None:
        doc = (await document(ctx, activity.object_id, budget=received.budget)).data
    if not NOTE_TYPES & set(types(doc)):
        raise Ignored(f"not a post: {', '.join(types(doc))[:100]}")
    note = Note.from_json(doc)
    if note.attributed_to != activity.actor:
        raise ForbiddenError("the post is attributed to somebody else", iri=note.id)
    require_same_origin(activity.actor, note.id)
    return note
