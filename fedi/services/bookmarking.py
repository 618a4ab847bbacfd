"""Bookmarks: posts that somebody wants to find again. Nobody else hears of them, so nothing is sent."""

from sqlalchemy import delete

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Bookmark, Post
from fedi.outbound import indexing
from fedi.queries.visibility import can_see

__all__ = ["bookmark", "unbookmark"]


async def bookmark(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Keep a post; a second time changes nothing.

    Raises:
        Refused: 404, when the account may not see it.
    """
    if not await can_see(tx, account.id, post):
        raise Refused(404, "Record not found")
    made = insert(tx, Bookmark).values(
        id=ctx.ids.next(), account_id=account.id, post_id=post.id, created_at=ctx.clock()
    )
    await tx.execute(made.on_conflict_do_nothing(index_elements=[Bookmark.account_id, Bookmark.post_id]))
    await indexing.remember(tx, post)


async def unbookmark(_ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Keep a post no longer; nothing happens when it was not kept."""
    kept = (Bookmark.account_id == account.id, Bookmark.post_id == post.id)
    await tx.execute(delete(Bookmark).where(*kept))
