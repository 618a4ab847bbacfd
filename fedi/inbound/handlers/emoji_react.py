"""EmojiReact: somebody elsewhere reacts to a post of somebody here with an emoji; a Like with one does too.

It is counted here, one per person and emoji, whatever another server says of its numbers. A custom emoji
counts when its picture comes along. Who may not see a post cannot react to it, and is told nothing that they
could not know.
"""

from sqlalchemy import select

from activitypub.activities import EmojiReact, Like
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account, Post, Reaction
from fedi.outbound import resolve
from fedi.outbound.remote import require_storable
from fedi.queries import posts as find_post
from fedi.queries.domains import host_of
from fedi.queries.visibility import can_see
from fedi.services import interacting, reacting

__all__ = ["handle", "take_back"]


async def handle(ctx: Context, received: Received[EmojiReact] | Received[Like]) -> Effect:
    """Take a reaction to a local post; a Like whose emoji cannot be used is still a Like."""
    activity = received.activity
    iri = activity.id or f"{activity.actor}#likes/{activity.object_id}"
    require_storable(iri)
    async with ctx.db.read() as tx:
        post = await find_post.by_iri(tx, activity.object_id)
    if post is None or not post.local:
        raise Ignored("no post of ours")
    account = await resolve.actor(ctx, activity.actor, budget=received.budget, known=received.actor)
    emoji, rules = activity.emoji, await ctx.rules.now()
    if emoji is not None and rules.withhold(emoji.icon_url, host_of(activity.actor)):
        emoji = None
    read = reacting.named(activity.content or "", emoji, account.domain)
    if read is None and isinstance(activity, EmojiReact):
        raise Ignored("no emoji that could be shown")

    async def effect(tx: Tx) -> None:
        if not await can_see(tx, account.id, post):
            raise Ignored("no post of ours that they can see")
        if await find_post.is_tombstoned(tx, iri):
            raise Ignored("it was taken back before it came")
        if read is None:
            await interacting.receive_like(ctx, tx, account=account, post=post, iri=iri)
        else:
            name, url = read
            await reacting.receive(ctx, tx, account=account, post=post, iri=iri, name=name, url=url)

    return effect


async def take_back(tx: Tx, actor: Account, iri: str | None, inner: object) -> bool:
    """End the reaction that an Undo is about, and say whether there was one."""
    theirs = (
        select(Reaction, Post).join(Post, Post.id == Reaction.post_id).where(Reaction.account_id == actor.id)
    )
    row = (await tx.execute(theirs.where(Reaction.iri == iri))).first() if iri else None
    if row is None and isinstance(inner, EmojiReact | Like) and inner.content:
        read = reacting.named(inner.content, inner.emoji, actor.domain)
        name = read[0] if read is not None else None
        row = (await tx.execute(theirs.where(Post.iri == inner.object_id, Reaction.name == name))).first()
    if row is None:
        return False
    await reacting.receive_undo(tx, reaction=row[0], account=actor, post=row[1])
    return True
