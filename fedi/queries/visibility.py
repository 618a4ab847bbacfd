"""Who may see what: the single predicate.

Everything that shows posts goes through `visible_clause` or its twin `can_see`: pages, API, documents for
other servers. A second place that decides this would be the place that leaks.
"""

from sqlalchemy import ColumnElement, and_, exists, or_

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState, Mention, Post, PostState

__all__ = ["can_see", "public_clause", "visible_clause"]

OPEN = ("public", "unlisted")
"""Visibilities that need no relation to the author."""


def public_clause() -> ColumnElement[bool]:
    """Return the condition for what a stranger may see."""
    author_in_good_standing = exists().where(Account.id == Post.account_id, Account.suspended_at.is_(None))
    return and_(Post.state == PostState.PUBLISHED, Post.visibility.in_(OPEN), author_in_good_standing)


def visible_clause(viewer_id: int | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what this viewer may see; None is a stranger."""
    if viewer_id is None:
        return public_clause()
    follows = exists().where(
        Follow.account_id == viewer_id, Follow.target_id == Post.account_id, Follow.state == FollowState.ACCEPTED
    )
    mentioned = exists().where(Mention.post_id == Post.id, Mention.account_id == viewer_id)
    published = and_(
        Post.state == PostState.PUBLISHED, or_(mentioned, and_(Post.visibility == "private", follows))
    )
    return or_(public_clause(), Post.account_id == viewer_id, published)


async def can_see(tx: Tx, viewer_id: int | None, post: Post) -> bool:
    """Tell whether this viewer may see this post."""
    found = await tx.execute(Post.__table__.select().with_only_columns(Post.id).where(Post.id == post.id, visible_clause(viewer_id)))
    return found.first() is not None
