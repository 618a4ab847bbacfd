"""Telling those who want to hear of each post of somebody whom they follow.

Only what came into their home timeline rings: it was decided there what of that person they get. This runs
for every post that comes in, so its statement is built once.

Source: Mastodon's `notify` of a follow, and its notifications of the kind `status`.
"""

from sqlalchemy import and_, bindparam, select

from fedi.context import Context
from fedi.db import Id, Tx
from fedi.lean import run
from fedi.models import Follow, FollowState, HomeEntry, Post
from fedi.services.notifying import notify

__all__ = ["ring"]

_WATCHERS = (
    select(Follow.account_id)
    .join(
        HomeEntry,
        and_(HomeEntry.account_id == Follow.account_id, HomeEntry.post_id == bindparam("post", type_=Id)),
    )
    .where(
        Follow.target_id == bindparam("author", type_=Id),
        Follow.state == FollowState.ACCEPTED,
        Follow.notify,
    )
    .order_by(Follow.account_id)
)


async def ring(ctx: Context, tx: Tx, *, post: Post) -> None:
    """Tell of a post that was just put into home timelines; boosts and answers to others are no news."""
    if post.reblog_of_id is not None or post.visibility == "direct":
        return
    if post.in_reply_to_iri is not None and post.in_reply_to_account_id != post.account_id:
        return
    watchers = await run(tx, _WATCHERS, {"author": post.account_id, "post": post.id})
    for (account_id,) in watchers.rows:
        await notify(
            ctx,
            tx,
            account_id=account_id,
            from_account_id=post.account_id,
            kind="status",
            post_id=post.id,
        )
