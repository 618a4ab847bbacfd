"""Undo: somebody elsewhere takes back an Accept, Announce, Block, Follow, Like or reaction of their own.

What is taken back is found by its id and must be theirs; an embedded copy helps where the id is not known,
since some servers make a new id each time, and is needed for an Accept, of which no id is kept. What is not
known yet is remembered, so that it is not begun when it comes after all.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import select

from activitypub.activities import Accept, Announce, Block, EmojiReact, Follow, Like, Undo
from activitypub.origin import require_actor_is_signer, same_origin
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.handlers import block, emoji_react
from fedi.inbound.handlers.accept import find_ours
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account, Favourite, Post
from fedi.models import Follow as Relation
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import following, interacting, receiving

__all__ = ["handle"]

Embedded = Accept | Announce | Block | EmojiReact | Follow | Like | None
Taker = Callable[[Tx, Account, str | None, Embedded], Awaitable[bool]]


async def handle(ctx: Context, received: Received[Undo]) -> Effect:
    """Take something back."""
    activity = received.activity
    inner = activity.inner()
    if inner is not None:
        require_actor_is_signer(inner.actor or "", activity.actor)
    if inner is not None and not isinstance(inner, (Accept, Announce, Block, EmojiReact, Follow, Like)):
        raise Ignored(f"nothing of ours is undone by an Undo of {type(inner).__name__}")

    async def effect(tx: Tx) -> None:
        actor = await find_account.by_iri(tx, activity.actor)
        if actor is not None:
            for take in TAKERS:
                if await take(tx, actor, activity.object_id, inner):
                    return
        if activity.object_id is not None and same_origin(activity.actor, activity.object_id):
            await receiving.bury(ctx, tx, activity.object_id)

    return effect


async def _follow(tx: Tx, actor: Account, iri: str | None, inner: Embedded) -> bool:
    theirs = select(Relation, Account).join(Account, Account.id == Relation.target_id)
    theirs = theirs.where(Relation.account_id == actor.id, Account.domain == "")
    row = (await tx.execute(theirs.where(Relation.iri == iri))).first() if iri else None
    if row is None and isinstance(inner, Follow):
        row = (await tx.execute(theirs.where(Account.iri == inner.object_id))).first()
    if row is None:
        return False
    await following.receive_undo_follow(tx, relation=row[0], follower=actor, target=row[1])
    return True


async def _like(tx: Tx, actor: Account, iri: str | None, inner: Embedded) -> bool:
    theirs = select(Favourite, Post).join(Post, Post.id == Favourite.post_id)
    theirs = theirs.where(Favourite.account_id == actor.id)
    row = (await tx.execute(theirs.where(Favourite.iri == iri))).first() if iri else None
    if row is None and isinstance(inner, Like):
        row = (await tx.execute(theirs.where(Post.iri == inner.object_id))).first()
    if row is None:
        return False
    await interacting.receive_undo_like(tx, favour=row[0], account=actor, post=row[1])
    return True


async def _announce(tx: Tx, actor: Account, iri: str | None, inner: Embedded) -> bool:
    boost = await find_post.by_iri(tx, iri) if iri else None
    if boost is None and isinstance(inner, Announce):
        original = await find_post.by_iri(tx, inner.object_id)
        if original is not None:
            boosts = select(Post).where(Post.account_id == actor.id, Post.reblog_of_id == original.id)
            boost = (await tx.execute(boosts)).scalar_one_or_none()
    if boost is None or boost.account_id != actor.id or boost.reblog_of_id is None:
        return False
    post = await tx.get_one(Post, boost.reblog_of_id)
    await interacting.receive_undo_announce(tx, boost=boost, account=actor, post=post)
    return True


async def _accept(tx: Tx, actor: Account, iri: str | None, inner: Embedded) -> bool:  # noqa: ARG001 - a `Taker`
    if not isinstance(inner, Accept):
        return False
    await following.receive_undo_accept(tx, relation=await find_ours(tx, inner))
    return True


TAKERS: tuple[Taker, ...] = (_follow, emoji_react.take_back, _like, _announce, block.take_back, _accept)
"""Each finds one kind of thing, ends it and says whether it did; a Like with an emoji is a reaction first."""
