"""Pinning: a few posts that somebody shows first on their profile.

Here and elsewhere it is one row. What people here pin goes out as Add to their own collection `featured`,
and Remove; followers learn of it, everyone else reads the collection.

Source: ActivityPub sections 6.6, 6.7, 7.8 and 7.9; Mastodon's rules for what can be pinned.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Pin, Post, PostState
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record

__all__ = [
    "PINS_MAX", "REMOTE_PINS_MAX", "is_pinnable", "pin", "receive_pin", "receive_unpin", "replace", "unpin",
]  # fmt: skip

PINS_MAX = 5
"""Posts that somebody here may pin; Mastodon's figure."""

REMOTE_PINS_MAX = 10
"""Pinned posts of somebody elsewhere that are kept: twice what Mastodon lets its people pin."""

PINNABLE = ("public", "unlisted", "private")
"""Visibilities that a pinned post may have: a profile shows no letters."""


def is_pinnable(account: Account, post: Post) -> bool:
    """Tell whether this is a post of their own that a profile may show."""
    return post.account_id == account.id and post.reblog_of_id is None and post.visibility in PINNABLE


async def pin(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Show a post first on the profile of its author, who lives here; a second time changes nothing.

    Raises:
        Refused: 422 with a sentence for the person.
    """
    if post.account_id != account.id:
        raise Refused(422, "Validation failed: Someone else's post cannot be pinned")
    if post.reblog_of_id is not None:
        raise Refused(422, "Validation failed: A boost cannot be pinned")
    if post.visibility not in PINNABLE or post.state != PostState.PUBLISHED:
        raise Refused(
            422, "Validation failed: Posts that are only visible to mentioned users cannot be pinned"
        )
    # Held, so that two requests at once do not both find room for one more.
    await tx.execute(select(Account.id).where(Account.id == account.id).with_for_update())
    if await tx.get(Pin, post.id) is not None:
        return
    if await _count(tx, account.id) >= PINS_MAX:
        raise Refused(422, "Validation failed: You have already pinned the maximum number of posts")
    await _add(tx, account.id, post.id, ctx.clock())
    said = translate.pin(ctx.ids.next(), account, post)
    audience = Audience(followers_of=account.id)
    await record(ctx, tx, sender=account, activity=said, audience=audience, order_on=post.iri)


async def unpin(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Show a post first no longer; nothing happens when it was not."""
    if not await _remove(tx, account.id, post.id):
        return
    said = translate.unpin(ctx.ids.next(), account, post)
    audience = Audience(followers_of=account.id)
    await record(ctx, tx, sender=account, activity=said, audience=audience, order_on=post.iri)


async def receive_pin(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Take it that somebody elsewhere pinned a post of theirs; the oldest pins make room."""
    assert post.account_id == account.id, "the caller compares author and actor"
    await _add(tx, account.id, post.id, ctx.clock())
    newest = select(Pin.post_id).where(Pin.account_id == account.id)
    newest = newest.order_by(Pin.created_at.desc(), Pin.post_id.desc()).limit(REMOTE_PINS_MAX)
    kept = list((await tx.execute(newest)).scalars())
    await tx.execute(delete(Pin).where(Pin.account_id == account.id, Pin.post_id.not_in(kept)))


async def receive_unpin(tx: Tx, *, account: Account, post: Post) -> bool:
    """Take it that somebody elsewhere unpinned a post; False when it was not pinned."""
    return await _remove(tx, account.id, post.id)


async def replace(ctx: Context, tx: Tx, *, account: Account, post_ids: Sequence[int]) -> None:
    """Take over which posts somebody elsewhere pins, in the order in which their server lists them."""
    mine = select(Post.id).where(
        Post.id.in_(post_ids), Post.account_id == account.id, Post.reblog_of_id.is_(None)
    )
    theirs = set((await tx.execute(mine)).scalars())
    await tx.execute(delete(Pin).where(Pin.account_id == account.id))
    listed = [post_id for post_id in post_ids if post_id in theirs][:REMOTE_PINS_MAX]
    now = ctx.clock()
    for place, post_id in enumerate(listed):
        await _add(tx, account.id, post_id, now - timedelta(milliseconds=place))


async def _add(tx: Tx, account_id: int, post_id: int, moment: datetime) -> None:
    await tx.execute(
        insert(tx, Pin)
        .values(post_id=post_id, account_id=account_id, created_at=moment)
        .on_conflict_do_nothing(index_elements=[Pin.post_id])
    )


async def _remove(tx: Tx, account_id: int, post_id: int) -> bool:
    gone = delete(Pin).where(Pin.account_id == account_id, Pin.post_id == post_id).returning(Pin.post_id)
    return (await tx.execute(gone)).first() is not None


async def _count(tx: Tx, account_id: int) -> int:
    return (
        await tx.execute(select(func.count()).select_from(Pin).where(Pin.account_id == account_id))
    ).scalar_one()
