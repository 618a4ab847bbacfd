"""What is talked about lately: hashtags and posts, by how many had to do with them.

Nothing is written for it: a few statements over the days that count, which their callers remember for some
minutes. Only public posts count whose authors let themselves be discovered and are not limited, and none that
are sensitive; one person counts once for a hashtag, so that nobody trends alone.

Source: Mastodon's documentation, "trends API methods" and "Tag entity".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import distinct, exists, func, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.ids import first_id_at
from fedi.models import Account, Post, PostState, PostTag
from fedi.queries.visibility import visible_clause, wanted_clause

__all__ = ["DAYS", "Trend", "Use", "history", "popular", "tags", "wanted"]

DAYS = 7
"""Days of a hashtag's history; Mastodon's figure, which clients draw."""

TAGS_OVER = timedelta(days=2)
"""How far back a hashtag counts as talked about now."""

POSTS_OVER = timedelta(days=3)
"""How far back a post does."""

ACCOUNTS_MIN = 2
"""People who must use a hashtag before it counts: one alone is no trend."""

FAVOURS_MIN = 2
"""Likes and boosts that a post must have, for the same reason."""

TAGS_MAX = 40
"""Hashtags whose days are counted: two pages, and each costs a look at all of its posts of a week."""

POSTS_MAX = 100
"""Posts that are remembered as popular; nobody turns so many pages."""

_AUTHOR = aliased(Account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a hashtag was used on one day, which begins at `day` in UTC."""

    day: datetime
    posts: int = 0
    accounts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A hashtag with its last days, today first."""

    name: str
    uses: Sequence[Use]


async def tags(tx: Tx, *, now: datetime) -> list[Trend]:
    """Return hashtags that several people use, the most talked about first."""
    accounts = func.count(distinct(Post.account_id))
    used = (
        select(PostTag.name)
        .join(Post, Post.id == PostTag.post_id)
        .where(PostTag.post_id >= first_id_at(now - TAGS_OVER), *_counts())
        .group_by(PostTag.name)
        .having(accounts >= ACCOUNTS_MIN)
        .order_by(accounts.desc(), func.count().desc(), PostTag.name)
        .limit(TAGS_MAX)
    )
    names = list((await tx.execute(used)).scalars())
    found = await history(tx, names, now=now)
    return [Trend(name=name, uses=found[name]) for name in names]


async def history(tx: Tx, names: Sequence[str], *, now: datetime) -> dict[str, list[Use]]:
    """Return how some hashtags were used on each of the last days, today first."""
    today = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    days = [today - timedelta(days=back) for back in range(DAYS)]
    found: dict[str, list[Use]] = {name: [] for name in names}
    for day in days if names else ():
        counted = (
            select(PostTag.name, func.count().label("posts"), func.count(distinct(Post.account_id)))
            .join(Post, Post.id == PostTag.post_id)
            .where(
                PostTag.name.in_(names),
                PostTag.post_id >= first_id_at(day),
                PostTag.post_id < first_id_at(day + timedelta(days=1)),
                *_counts(),
            )
            .group_by(PostTag.name)
        )
        used = {row[0]: Use(day=day, posts=row[1], accounts=row[2]) for row in await tx.execute(counted)}
        for name in names:
            found[name].append(used.get(name, Use(day=day)))
    return found


async def popular(tx: Tx, *, now: datetime) -> list[int]:
    """Return ids of posts that were liked and boosted most lately."""
    favours = Post.favourites_count + Post.reblogs_count
    liked = (
        select(Post.id)
        .where(
            Post.id >= first_id_at(now - POSTS_OVER),
            Post.in_reply_to_iri.is_(None),
            favours >= FAVOURS_MIN,
            *_counts(),
        )
        .order_by(favours.desc(), Post.id.desc())
        .limit(POSTS_MAX)
    )
    return list((await tx.execute(liked)).scalars())


async def wanted(tx: Tx, ids: Sequence[int], *, viewer_id: int | None) -> list[int]:
    """Return those of some posts that a viewer may see and does not mute, in their order."""
    shown = select(Post.id).where(Post.id.in_(ids), visible_clause(viewer_id), wanted_clause(viewer_id))
    kept = set((await tx.execute(shown)).scalars())
    return [one for one in ids if one in kept]


def _counts() -> list[Any]:
    """Return the conditions over `Post` for what counts."""
    author = exists().where(
        _AUTHOR.id == Post.account_id,
        _AUTHOR.discoverable,
        _AUTHOR.silenced_at.is_(None),
        _AUTHOR.suspended_at.is_(None),
    )
    return [
        Post.visibility == "public",
        Post.state == PostState.PUBLISHED,
        Post.reblog_of_id.is_(None),
        Post.sensitive.is_(False),
        author,
    ]
