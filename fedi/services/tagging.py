"""Following hashtags: public posts with them come into the home timeline as they arrive (`homing`).

What came before is not brought in. When it ends, what only that hashtag brought goes.

Source: Mastodon's documentation, "tags API methods" and "Following hashtags".
"""

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, Follow, FollowedTag, FollowState, HomeEntry, Post, PostTag
from fedi.queries import tags

__all__ = ["TAGS_MAX", "follow", "unfollow"]

TAGS_MAX = 500
"""Hashtags that one person follows: each is asked for every public post."""

_OTHER, _THEIRS = aliased(FollowedTag), aliased(PostTag)


async def follow(ctx: Context, tx: Tx, *, account: Account, name: str) -> None:
    """Follow a hashtag; a second time changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        name: as `text.hashtag` gives it.

    Raises:
        Refused: 422, when there are too many.
    """
    if await tags.followed_among(tx, account.id, [name]):
        return
    if await tags.count_followed(tx, account.id) >= TAGS_MAX:
        raise Refused(422, f"Validation failed: You can follow {TAGS_MAX} hashtags at most")
    made = insert(tx, FollowedTag).values(
        id=ctx.ids.next(), account_id=account.id, name=name, created_at=ctx.clock()
    )
    await tx.execute(made.on_conflict_do_nothing(index_elements=[FollowedTag.account_id, FollowedTag.name]))


async def unfollow(tx: Tx, *, account: Account, name: str) -> None:
    """Follow a hashtag no longer; nothing happens when it was not followed."""
    mine = (FollowedTag.account_id == account.id, FollowedTag.name == name)
    if (await tx.execute(delete(FollowedTag).where(*mine).returning(FollowedTag.id))).first() is None:
        return
    followed = select(Follow.target_id).where(
        Follow.account_id == account.id, Follow.state == FollowState.ACCEPTED
    )
    by_others = exists().where(
        Post.id == HomeEntry.post_id, Post.account_id != account.id, Post.account_id.not_in(followed)
    )
    tagged = exists().where(PostTag.name == name, PostTag.post_id == HomeEntry.post_id)
    by_another_tag = exists().where(
        _OTHER.account_id == account.id, _OTHER.name == _THEIRS.name, _THEIRS.post_id == HomeEntry.post_id
    )
    brought = (HomeEntry.account_id == account.id, tagged, by_others, ~by_another_tag)
    await tx.execute(delete(HomeEntry).where(*brought).execution_options(synchronize_session=False))
