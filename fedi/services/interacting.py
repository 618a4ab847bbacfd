"""Favours and boosts, by people here and elsewhere.

Both are rows that exist once per person and post. What somebody here does goes out as Like or Announce, and
its end as Undo with the same activity inside; what others do comes in through the `receive_` verbs, whose
callers have checked who speaks.
"""

from datetime import datetime

from sqlalchemy import select

from fedi import iris
from fedi.context import Context
from fedi.db import Tx, insert, step
from fedi.errors import Refused
from fedi.models import Account, Favourite, Post, PostState
from fedi.outbound import indexing, translate
from fedi.outbound.outbox import Audience, record
from fedi.queries.visibility import can_see
from fedi.services import airing
from fedi.services.homing import fan_out_home
from fedi.services.moving import require_present
from fedi.services.notifying import notify, retract

__all__ = [
    "boost", "favourite", "receive_announce", "receive_like", "receive_undo_announce", "receive_undo_like",
    "unboost", "unfavourite",
]  # fmt: skip

OPEN = ("public", "unlisted")
"""Visibilities that may be passed on."""


async def favourite(ctx: Context, tx: Tx, *, account: Account, post: Post) -> Favourite:
    """Favour a post; a second time changes nothing.

    Raises:
        Refused: 404, when the account may not see it.
    """
    if not await can_see(tx, account.id, post):
        raise Refused(404, "Record not found")
    favour, is_new = await _favour(ctx, tx, account, post, iri=None)
    author = await _author(tx, post)
    if is_new and not author.is_local:
        like = translate.like(favour, account, post)
        audience = Audience(account_ids=(author.id,))
        await record(ctx, tx, sender=account, activity=like, audience=audience, order_on=favour.iri)
    return favour


async def unfavourite(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Take a favour back; nothing happens when there was none."""
    favour = await _find_favour(tx, account, post)
    if favour is None:
        return
    author = await _author(tx, post)
    await receive_undo_like(tx, favour=favour, account=account, post=post)
    if not author.is_local:
        undo = translate.undo_like(favour, account, post)
        audience = Audience(account_ids=(author.id,))
        await record(ctx, tx, sender=account, activity=undo, audience=audience, order_on=favour.iri)


async def boost(ctx: Context, tx: Tx, *, account: Account, post: Post, visibility: str = "public") -> Post:
    """Pass a post on to one's followers; a second time changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        post: what to pass on; of a boost, the boosted post is meant.
        visibility: public, unlisted or private; never wider than the post's own.

    Raises:
        Refused: 404 when the account may not see it, 422 when it is not for passing on, 403 when the account
            has moved.
    """
    require_present(account)
    post = await _original(tx, post)
    if not await can_see(tx, account.id, post):
        raise Refused(404, "Record not found")
    own_private = post.visibility == "private" and post.account_id == account.id
    if post.visibility not in OPEN and not own_private:
        raise Refused(422, "This post is not for passing on.")
    if own_private or visibility not in (*OPEN, "private"):
        visibility = "private"
    known = await _find_boost(tx, account, post)
    if known is not None:
        return known
    boost_id = ctx.ids.next()
    made = Post(
        id=boost_id,
        iri=f"{iris.note(account.iri, boost_id)}/activity",
        visibility=visibility,
        created_at=ctx.clock(),
    )
    await _pass_on(ctx, tx, account, post, made)
    author = await _author(tx, post)
    await record(
        ctx,
        tx,
        sender=account,
        activity=translate.announce(made, account, post, author),
        audience=Audience(followers_of=account.id, account_ids=(author.id,)),
        order_on=made.iri,
    )
    return made


async def unboost(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Take a boost back; nothing happens when there was none."""
    post = await _original(tx, post)
    made = await _find_boost(tx, account, post)
    if made is None:
        return
    author = await _author(tx, post)
    undo = translate.undo_announce(made, account, post, author)
    order_on = made.iri
    await airing.goes(ctx, tx, made)
    await receive_undo_announce(tx, boost=made, account=account, post=post)
    audience = Audience(followers_of=account.id, account_ids=(author.id,))
    await record(ctx, tx, sender=account, activity=undo, audience=audience, order_on=order_on)


async def receive_like(ctx: Context, tx: Tx, *, account: Account, post: Post, iri: str) -> Favourite:
    """Take it that somebody elsewhere favours a post."""
    favour, _ = await _favour(ctx, tx, account, post, iri=iri)
    return favour


async def receive_undo_like(tx: Tx, *, favour: Favourite, account: Account, post: Post) -> None:
    """Take it that a favour ends."""
    await tx.delete(favour)
    await tx.flush()
    await step(tx, Post, post.id, favourites_count=-1)
    await retract(
        tx, account_id=post.account_id, from_account_id=account.id, kind="favourite", post_id=post.id
    )


async def receive_announce(
    ctx: Context, tx: Tx, *, account: Account, post: Post, iri: str, visibility: str, at: datetime
) -> Post:
    """Take it that somebody elsewhere passes a post on.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: who passes it on.
        post: what; the caller has seen that it may be passed on.
        iri: id of the Announce.
        visibility: as it was addressed.
        at: when, not later than now.
    """
    known = await _find_boost(tx, account, post)
    if known is not None:
        return known
    made = Post(id=ctx.ids.next(), iri=iri, visibility=visibility, created_at=at)
    await _pass_on(ctx, tx, account, post, made)
    return made


async def receive_undo_announce(tx: Tx, *, boost: Post, account: Account, post: Post) -> None:
    """Take it that a boost ends."""
    await tx.delete(boost)
    await tx.flush()
    await step(tx, Post, post.id, reblogs_count=-1)
    await step(tx, Account, account.id, statuses_count=-1)
    await retract(tx, account_id=post.account_id, from_account_id=account.id, kind="reblog", post_id=post.id)


async def _favour(
    ctx: Context, tx: Tx, account: Account, post: Post, *, iri: str | None
) -> tuple[Favourite, bool]:
    """Write a favour and tell the author; return it and whether it is new."""
    favour_id = ctx.ids.next()
    statement = insert(tx, Favourite).values(
        id=favour_id,
        account_id=account.id,
        post_id=post.id,
        iri=iri or f"{account.iri}#likes/{favour_id}",
        created_at=ctx.clock(),
    )
    statement = statement.on_conflict_do_nothing(index_elements=[Favourite.account_id, Favourite.post_id])
    is_new = (await tx.execute(statement.returning(Favourite.id))).first() is not None
    if is_new:
        if account.is_local:
            await indexing.remember(tx, post)
        await step(tx, Post, post.id, favourites_count=1)
        await notify(
            ctx, tx, account_id=post.account_id, from_account_id=account.id, kind="favourite", post_id=post.id
        )
    favour = await _find_favour(tx, account, post)
    assert favour is not None
    return favour, is_new


async def _pass_on(ctx: Context, tx: Tx, account: Account, post: Post, made: Post) -> None:
    """Write a boost, put it into home timelines and tell the author."""
    made.account_id, made.reblog_of_id = account.id, post.id
    made.local, made.state, made.emojis = account.is_local, PostState.PUBLISHED, []
    tx.add(made)
    await tx.flush()
    if account.is_local:
        await indexing.remember(tx, post)
    await step(tx, Post, post.id, reblogs_count=1)
    await step(tx, Account, account.id, statuses_count=1)
    await fan_out_home(tx, made)
    await airing.came(ctx, tx, made)
    await notify(
        ctx, tx, account_id=post.account_id, from_account_id=account.id, kind="reblog", post_id=post.id
    )


async def _find_favour(tx: Tx, account: Account, post: Post) -> Favourite | None:
    statement = select(Favourite).where(Favourite.account_id == account.id, Favourite.post_id == post.id)
    return (await tx.execute(statement)).scalar_one_or_none()


async def _find_boost(tx: Tx, account: Account, post: Post) -> Post | None:
    statement = select(Post).where(Post.account_id == account.id, Post.reblog_of_id == post.id)
    return (await tx.execute(statement)).scalar_one_or_none()


async def _original(tx: Tx, post: Post) -> Post:
    if post.reblog_of_id is None:
        return post
    return await tx.get_one(Post, post.reblog_of_id)


async def _author(tx: Tx, post: Post) -> Account:
    return await tx.get_one(Account, post.account_id)
