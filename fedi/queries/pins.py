"""What people show first on their profile: pinned posts and featured hashtags.

A featured hashtag is shown with how often its owner used it; only what everyone may see is counted, because
everyone sees the number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from fedi.db import Tx
from fedi.models import FeaturedTag, Pin, Post, PostTag
from fedi.queries.visibility import public_clause, visible_clause

__all__ = ["TagView", "favourite_tags", "pinned", "tag", "tags"]

PINNED_MAX = 20
"""Posts shown as pinned: more than anybody here or elsewhere may have."""

SUGGESTED_MAX = 10
"""Hashtags suggested for a profile; Mastodon's figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagView:
    """A featured hashtag and how its owner uses it."""

    tag: FeaturedTag
    posts: int
    last_at: datetime | None


async def pinned(tx: Tx, viewer_id: int | None, account_id: int) -> list[int]:
    """Return ids of the posts that an account pinned, as far as the viewer may see them, last first."""
    statement = (
        select(Pin.post_id)
        .join(Post, Post.id == Pin.post_id)
        .where(Pin.account_id == account_id, visible_clause(viewer_id))
        .order_by(Pin.created_at.desc(), Pin.post_id.desc())
        .limit(PINNED_MAX)
    )
    return list((await tx.execute(statement)).scalars())


async def tags(tx: Tx, account_id: int) -> list[TagView]:
    """Return the hashtags on a profile, the most used first."""
    return await _tags(tx, FeaturedTag.account_id == account_id)


async def tag(tx: Tx, account_id: int, tag_id: int) -> TagView | None:
    """Find one of somebody's featured hashtags."""
    found = await _tags(tx, (FeaturedTag.account_id == account_id) & (FeaturedTag.id == tag_id))
    return found[0] if found else None


async def favourite_tags(tx: Tx, account_id: int) -> Sequence[str]:
    """Return the hashtags that an account uses most and does not show on its profile yet."""
    shown = select(FeaturedTag.name).where(FeaturedTag.account_id == account_id)
    statement = (
        select(PostTag.name)
        .join(Post, Post.id == PostTag.post_id)
        .where(Post.account_id == account_id, public_clause(), PostTag.name.not_in(shown))
        .group_by(PostTag.name)
        .order_by(func.count().desc(), PostTag.name)
        .limit(SUGGESTED_MAX)
    )
    return (await tx.execute(statement)).scalars().all()


async def _tags(tx: Tx, chosen: ColumnElement[bool]) -> list[TagView]:
    rows = (await tx.execute(select(FeaturedTag).where(chosen).order_by(FeaturedTag.id))).scalars().all()
    if not rows:
        return []
    used = (
        select(PostTag.name, func.count(Post.id).label("posts"), func.max(Post.created_at).label("last_at"))
        .join(Post, Post.id == PostTag.post_id)
        .where(
            Post.account_id == rows[0].account_id,
            PostTag.name.in_([row.name for row in rows]),
            public_clause(),
        )
        .group_by(PostTag.name)
    )
    figures = {row.name: (row.posts, row.last_at) for row in await tx.execute(used)}
    views = [
        TagView(
            tag=row, posts=figures.get(row.name, (0, None))[0], last_at=figures.get(row.name, (0, None))[1]
        )
        for row in rows
    ]
    return sorted(views, key=lambda view: (-view.posts, view.tag.id))
