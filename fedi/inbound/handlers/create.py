"""Create: somebody elsewhere published a post, or voted.

An embedded copy is used only when it lives where its author does and names the author who signed; one that is
not embedded is fetched. Posts that nobody here has to do with are not kept, and nothing is fetched for them.
A vote looks like a post without text; GoToSocial sends all of one voter in one activity.
"""

from activitypub.activities import Create, Update
from activitypub.errors import ForbiddenError
from activitypub.objects.note import NOTE_TYPES, Note
from activitypub.origin import require_same_origin
from activitypub.read import Doc, types
from activitypub.vocab import ACTOR_TYPES
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.lean import ask
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from fedi.queries import polls as find_poll
from fedi.queries import posts as find_post
from fedi.services import polling, quoting, receiving

__all__ = ["handle", "keep", "trusted", "trusted_note"]


async def handle(ctx: Context, received: Received[Create]) -> Effect:
    """Keep a post, if somebody here has to do with it."""
    note = await trusted_note(ctx, received)
    if note.is_vote:
        return await _votes(ctx, received, note)
    return await keep(ctx, received, note)


async def keep(ctx: Context, received: Received[Create] | Received[Update], note: Note) -> Effect:
    """Keep a post that its author's server vouches for, if somebody here has to do with it."""
    is_gone, is_followed = await ask(ctx.db, receiving.look(note))
    if is_gone:
        raise Ignored("it was deleted before it came")
    if not is_followed:
        async with ctx.db.read() as tx:
            if not await receiving.is_relevant(tx, note):
                raise Ignored("nobody here has to do with it")
    author = await resolve.actor(ctx, note.attributed_to, budget=received.budget, known=received.actor)
    quotation = await resolve.quotation(ctx, note, budget=received.budget)

    async def effect(tx: Tx) -> None:
        post = await receiving.store_note(ctx, tx, author=author, note=note)
        if post is None:
            raise Ignored("it was deleted before it came")
        await quoting.receive_quotation(ctx, tx, post=post, quotation=quotation)

    return effect


async def _votes(ctx: Context, received: Received[Create], first: Note) -> Effect:
    """Count votes in a poll of ours. What is embedded beside the first is held to the same conditions."""
    votes = [first, *(trusted(received.activity.actor, doc) for doc in received.activity.others)]
    assert first.in_reply_to is not None, "or it is no vote"
    question = first.in_reply_to
    async with ctx.db.read() as tx:
        post = await find_post.by_iri(tx, question)
        if post is None or not post.local or await find_poll.by_post(tx, post.id) is None:
            raise Ignored("a vote in no poll of ours")
    voter = await resolve.actor(ctx, received.activity.actor, budget=received.budget, known=received.actor)
    names = [(vote.name or "", vote.id) for vote in votes if vote.is_vote and vote.in_reply_to == question]

    async def effect(tx: Tx) -> None:
        post = await find_post.by_iri(tx, question)
        if post is None or not await polling.receive_votes(ctx, tx, voter=voter, post=post, votes=names):
            raise Ignored("they voted before, or for what is not to be chosen")

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
    return trusted(activity.actor, doc)


def trusted(actor: str, doc: Doc) -> Note:
    """Read a post in a copy that counts if it is the actor's own and lives where they do."""
    kinds = set(types(doc))
    if not NOTE_TYPES & kinds or ACTOR_TYPES & kinds:
        raise Ignored(f"not a post: {', '.join(types(doc))[:100]}")
    note = Note.from_json(doc)
    if note.attributed_to != actor:
        raise ForbiddenError("the post is attributed to somebody else", iri=note.id)
    require_same_origin(actor, note.id)
    return note
