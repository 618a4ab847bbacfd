"""Undo from a client: found by the id that the deed went out under, which was in the answer to it.

An embedded activity without its id is understood too, by type and object, since a client may have thrown
the id away.

Source: ActivityPub section 6.10.
"""

from collections.abc import Mapping

from activitypub import read
from fedi.api import errors
from fedi.api.c2s.deed import Deed, Effect
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post
from fedi.queries import accounts as find_account
from fedi.queries import deeds
from fedi.queries import posts as find_post
from fedi.services import blocking, following, interacting, reacting

__all__ = ["UNDOABLE", "undo"]

UNDOABLE = ("Announce", "Block", "Follow", "Like")


async def undo(ctx: Context, deed: Deed) -> Effect:
    """Take back what was done."""
    inner = deed.doc.get("object")
    iri = read.http_iri(inner)
    doc: read.Doc = inner if isinstance(inner, Mapping) else {}
    kind, object_iri = next(iter(read.types(doc)), None), read.http_iri(doc.get("object"))
    if iri is None and (kind not in UNDOABLE or object_iri is None):
        raise Refused(422, f"object must be the id of what you did, or an embedded {', '.join(UNDOABLE)}")

    async def effect(tx: Tx, me: Account) -> str:
        since = ctx.ids.next()
        undone = (iri is not None and await _by_iri(ctx, tx, deed, me, iri)) or (
            kind in UNDOABLE
            and object_iri is not None
            and await _by_object(ctx, tx, deed, me, kind=kind, object_iri=object_iri)
        )
        if not undone:
            raise errors.not_found()
        return await deeds.last_sent(tx, account_id=me.id, since=since) or f"{me.iri}#undos/{since}"

    return effect


async def _by_iri(ctx: Context, tx: Tx, deed: Deed, me: Account, iri: str) -> bool:
    """Take back what went out under this id; False when nothing did."""
    if (relation := await deeds.follow(tx, account_id=me.id, iri=iri)) is not None:
        target = await tx.get_one(Account, relation.target_id)
        await _unfollow(ctx, tx, deed, me, target)
    elif (favour := await deeds.favour(tx, account_id=me.id, iri=iri)) is not None:
        await _unlike(ctx, tx, deed, me, await tx.get_one(Post, favour.post_id))
    elif (boost := await deeds.boost(tx, account_id=me.id, iri=iri)) is not None:
        await _unboost(ctx, tx, deed, me, boost)
    elif (reaction := await deeds.reaction(tx, account_id=me.id, iri=iri)) is not None:
        deed.require("write:favourites")
        post = await tx.get_one(Post, reaction.post_id)
        await reacting.unreact(ctx, tx, account=me, post=post, name=reaction.name)
    elif (made := await deeds.block(tx, account_id=me.id, iri=iri)) is not None:
        await _unblock(ctx, tx, deed, me, await tx.get_one(Account, made.target_id))
    else:
        return False
    return True


async def _by_object(
    ctx: Context, tx: Tx, deed: Deed, me: Account, *, kind: str | None, object_iri: str
) -> bool:
    """Take back what was done to this; False when it is not known."""
    if kind in {"Block", "Follow"}:
        target = await find_account.by_iri(tx, object_iri)
        if target is None:
            return False
        await (_unfollow if kind == "Follow" else _unblock)(ctx, tx, deed, me, target)
        return True
    post = await find_post.by_iri(tx, object_iri)
    if post is None:
        return False
    await (_unlike if kind == "Like" else _unboost)(ctx, tx, deed, me, post)
    return True


async def _unfollow(ctx: Context, tx: Tx, deed: Deed, me: Account, target: Account) -> None:
    deed.require("write:follows")
    await following.unfollow(ctx, tx, follower=me, target=target)


async def _unblock(ctx: Context, tx: Tx, deed: Deed, me: Account, target: Account) -> None:
    deed.require("write:blocks")
    await blocking.unblock(ctx, tx, account=me, target=target)


async def _unlike(ctx: Context, tx: Tx, deed: Deed, me: Account, post: Post) -> None:
    deed.require("write:favourites")
    await interacting.unfavourite(ctx, tx, account=me, post=post)


async def _unboost(ctx: Context, tx: Tx, deed: Deed, me: Account, post: Post) -> None:
    deed.require("write:statuses")
    await interacting.unboost(ctx, tx, account=me, post=post)
