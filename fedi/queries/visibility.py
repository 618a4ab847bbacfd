"""Who may see what: the single predicate.

Everything that shows posts goes through `visible_clause` or its twin `can_see`: pages, API, documents for
other servers. A second place that decides this would be the place that leaks.
"""

from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState, Mention, Post, PostState

__all__ = ["can_see", "public_clause", "visible_clause"]

OPEN = ("public", "unlisted")
"""Visibilities that need no relation to the author."""


def public_clause() -> ColumnElement[bool]:
    """Return the condition for what a stranger may see."""
    return visible_clause(None)


def visible_clause(viewer_id: int | BindParameter[int] | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what this viewer may see; None is a stranger.

    Of a boost both must be visible, the wrapper and what it holds: a boost would otherwise bring back what
    a suspended person wrote. A parameter in place of the id serves statements that are built once.
    """
    held = exists().where(_BOOSTED.id == Post.reblog_of_id, _visible(viewer_id, _BOOSTED, _OF_BOOSTED))
    return and_(_visible(viewer_id, Post, _OF_POST), or_(Post.reblog_of_id.is_(None), held))


def _visible(
    viewer_id: int | BindParameter[int] | None, post: Any, related: "_Related"
) -> ColumnElement[bool]:
    """Return the condition over `Post` or an alias of it, whatever else the statement selects from."""
    author, follow, mention = related
    in_good_standing = exists().where(author.id == post.account_id, author.suspended_at.is_(None))
    is_open = post.visibility.in_(OPEN)
    if viewer_id is None:
        return and_(post.state == PostState.PUBLISHED, is_open, in_good_standing)
    follows = exists().where(
        follow.account_id == viewer_id,
        follow.target_id == post.account_id,
        follow.state == FollowState.ACCEPTED,
    )
    mentioned = exists().where(mention.post_id == post.id, mention.account_id == viewer_id)
    reachable = or_(is_open, mentioned, and_(post.visibility == "private", follows))
    return or_(
        post.account_id == viewer_id, and_(post.state == PostState.PUBLISHED, in_good_standing, reachable)
    )


class _Related(NamedTuple):
    """What the condition asks about beside the post, under names that no caller uses."""

    author: type[Account]
    follow: type[Follow]
    mention: type[Mention]


# Made once: an alias learns its columns at its first use, which takes milliseconds.
_BOOSTED = aliased(Post)
_OF_POST = _Related(aliased(Account), aliased(Follow), aliased(Mention))
_OF_BOOSTED = _Related(aliased(Account), aliased(Follow), aliased(Mention))


async def can_see(tx: Tx, viewer_id: int | None, post: Post) -> bool:
    """Tell whether this viewer may see this post."""
    found = await tx.execute(select(Post.id).where(Post.id == post.id, visible_clause(viewer_id)))
    return found.first() is not None
