"""Update: somebody elsewhere changed a post or their profile.

A profile in the activity is only a hint: the actor is fetched anew from where it lives, since its keys and
addresses are nothing that a copy may change. A post is changed when it is known, theirs, and the copy newer.
One that is not known here is taken for new while it is: its Create may have been lost, or it has come to
mention somebody here. It is fetched then, for an Update is no proof of what was published.
"""

from datetime import timedelta

from activitypub.activities import Update
from activitypub.objects.note import Note
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers import create
from fedi.inbound.received import Effect, Ignored, Received, nothing
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import quoting, receiving, revising

__all__ = ["handle"]

NEW_FOR = timedelta(days=1)
"""How long a post that we have not got is taken for new, as on Mastodon; what is older is of no use here."""


async def handle(ctx: Context, received: Received[Update]) -> Effect:
    """Take in the new version of a profile or a post."""
    activity = received.activity
    if activity.object_id == activity.actor:
        return await _profile(ctx, received)
    async with ctx.db.read() as tx:
        author = await find_account.by_iri(tx, activity.actor)
        known = await find_post.by_iri(tx, activity.object_id)
    note = await create.trusted_note(ctx, received)
    if known is None or author is None:
        return await _new(ctx, received, note)
    quotation = await resolve.quotation(ctx, note, budget=received.budget)

    async def effect(tx: Tx) -> None:
        post = await revising.update_note(ctx, tx, author=author, note=note)
        if post is None:
            raise Ignored("not theirs, or older than what is here")
        await quoting.receive_quotation(ctx, tx, post=post, quotation=quotation)

    return effect


async def _profile(ctx: Context, received: Received[Update]) -> Effect:
    async with ctx.db.read() as tx:
        known = await find_account.by_iri(tx, received.activity.actor)
    if known is None:
        raise Ignored("its actor is not known here")
    await resolve.actor(ctx, received.activity.actor, fresh=True, budget=received.budget)
    return nothing


async def _new(ctx: Context, received: Received[Update], said: Note) -> Effect:
    """Keep a post that we have not got, as its server serves it, when it is new and of use here."""
    _require_new(ctx, said)
    async with ctx.db.read() as tx:
        if not await receiving.is_relevant(tx, said):
            raise Ignored("nobody here has to do with it")
    note = said
    if received.activity.object_doc is not None:  # or it was fetched just now
        data = (await document(ctx, said.id, budget=received.budget)).data
        note = create.trusted(received.activity.actor, data)
    if note.id != said.id or note.is_vote:
        raise Ignored("its server serves something else")
    _require_new(ctx, note)
    return await create.keep(ctx, received, note)


def _require_new(ctx: Context, note: Note) -> None:
    if note.published is None or ctx.clock() - note.published > NEW_FOR:
        raise Ignored("not known here, and not new")
