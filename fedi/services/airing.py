"""Telling open streams of posts: that one came out, was edited, or goes.

Who may see a post is looked up when the event is heard. Of a post that goes nothing will be there to look
up, so the event says whose it was and whom it was for; that is found out only while somebody listens.
"""

from sqlalchemy import select

from fedi.bus.events import EventKind, is_heard, publish
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Attachment, Mention, Post, PostState, PostTag

__all__ = ["came", "changed", "goes"]


async def came(ctx: Context, tx: Tx, post: Post) -> None:
    """Tell of a post or boost that is in the home timelines."""
    await publish(tx, EventKind.UPDATE, now=ctx.clock(), subject_id=post.id)


async def changed(ctx: Context, tx: Tx, post: Post) -> None:
    """Tell of a post that was edited."""
    await publish(tx, EventKind.STATUS_UPDATE, now=ctx.clock(), subject_id=post.id)


async def goes(ctx: Context, tx: Tx, post: Post) -> None:
    """Tell of a post or boost before it is deleted."""
    now = ctx.clock()
    if not is_heard(tx, now):
        return
    named = await tx.execute(select(Mention.account_id).where(Mention.post_id == post.id))
    tags = await tx.execute(select(PostTag.name).where(PostTag.post_id == post.id))
    picture = await tx.execute(select(Attachment.id).where(Attachment.post_id == post.id).limit(1))
    detail = {
        "author": post.account_id,
        "visibility": post.visibility,
        "published": post.state == PostState.PUBLISHED,
        "local": post.local,
        "boost": post.reblog_of_id is not None,
        "named": list(named.scalars()),
        "tags": list(tags.scalars()),
        "media": picture.first() is not None,
    }
    await publish(tx, EventKind.DELETE, now=now, subject_id=post.id, detail=detail)
