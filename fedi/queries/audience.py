"""Who of many sees a post: one statement for all who wait for it, rather than one for each.

It asks `visibility` the same question as every timeline does, with a column in the place of the viewer. It
also tells who sees the post as others do, so that it is rendered once for them: with whom it makes a
difference (their filters, what they did with it) is told apart.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from fedi.db import Id, Instant, Tx
from fedi.lean import among, run
from fedi.models import (
    Account,
    Attachment,
    Bookmark,
    Favourite,
    Filter,
    Follow,
    FollowState,
    HomeEntry,
    ListMember,
    Poll,
    PollVote,
    Post,
    PostState,
    PostTag,
    Reaction,
    ThreadMute,
)  # fmt: skip
from fedi.queries.limited import unlimited_posts
from fedi.queries.visibility import visible_clause, wanted_clause

__all__ = ["Facts", "Hearer", "facts", "followers_among", "hearers", "lists_of"]


_VIEWER = aliased(Account, name="viewer")
_WHOSE: Any = literal_column("viewer.id", Id)
"""The viewer's id as text: of a column, SQLAlchemy would put its table into each condition again that stands
two levels deep, where it would mean any viewer instead of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What decides in which streams a post appears."""

    post_id: int
    author_id: int
    is_public: bool
    """Whether everyone may see it, and it belongs into public timelines."""
    local: bool
    has_media: bool
    is_boost: bool
    in_thread: bool
    """Whether it answers somebody else: then it is in streams of hashtags only."""
    quoted_id: int | None
    """What it quotes, or what it boosts does: not everyone who sees the one sees the other."""
    tags: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearer:
    """Somebody who sees a post."""

    account_id: int
    at_home: bool
    """Whether it is in their home timeline."""
    meets: bool
    """Whether they meet its author where they did not look for them (`queries.limited`)."""
    alike: tuple[bool, bool] | None
    """Those with the same value see the same; None when nobody else may see it as they do."""


async def facts(tx: Tx, post_id: int) -> Facts | None:
    """Return where a post belongs; None when it is gone."""
    row = (await tx.execute(_facts(), {"post": post_id})).first()
    if row is None:
        return None
    is_open = row.visibility == "public" and row.state == PostState.PUBLISHED and row.reblog_of_id is None
    tags = await tx.execute(select(PostTag.name).where(PostTag.post_id == post_id)) if is_open else None
    return Facts(
        post_id=post_id,
        author_id=row.account_id,
        is_public=is_open,
        local=row.local,
        has_media=row.has_media,
        is_boost=row.reblog_of_id is not None,
        in_thread=row.in_reply_to_iri is not None and row.in_reply_to_account_id != row.account_id,
        quoted_id=row.quoted_id,
        tags=frozenset(tags.scalars()) if tags is not None else frozenset(),
    )


async def hearers(
    tx: Tx,
    post: Facts,
    *,
    anyway: Collection[int],
    at_home: Collection[int],
    now: datetime,
    is_new: bool = False,
) -> list[Hearer]:
    """Return who of some people sees a post, and wants to.

    Args:
        tx: a transaction.
        post: the post.
        anyway: people who are asked about wherever it is.
        at_home: people who are asked about only when it is in their home timeline.
        now: the present.
        is_new: whether it came out just now.
    """
    statement = _hearers(tx.get_bind().dialect.name, is_new=is_new and not post.is_boost)
    viewers = sorted({*anyway, *at_home})
    given = {"post": post.post_id, "now": now, "viewers": viewers, "anyway": sorted(anyway)}
    rows = (await run(tx, statement, given)).rows
    quoted = await _seen(tx, post.quoted_id, [row[0] for row in rows])
    return [
        Hearer(
            account_id=account_id,
            at_home=bool(home),
            meets=bool(meets),
            alike=None if special else (bool(follows), account_id in quoted),
        )
        for account_id, home, follows, special, meets in rows
    ]


async def _seen(tx: Tx, post_id: int | None, viewers: Collection[int]) -> set[int]:
    """Return who of some people may see a post."""
    if post_id is None or not viewers:
        return set()
    statement = select(_VIEWER.id).join(Post, Post.id == post_id)
    asked = among(tx.get_bind().dialect.name, _VIEWER.id, "viewers")
    rows = await tx.execute(statement.where(asked, visible_clause(_WHOSE)), {"viewers": list(viewers)})
    return set(rows.scalars())


async def lists_of(tx: Tx, account_id: int, lists: Collection[int]) -> set[int]:
    """Return on which of some lists somebody is."""
    rows = await tx.execute(
        select(ListMember.list_id).where(ListMember.account_id == account_id, ListMember.list_id.in_(lists))
    )
    return set(rows.scalars())


async def followers_among(tx: Tx, author_id: int, people: Collection[int]) -> set[int]:
    """Return who of some people follows somebody."""
    rows = await tx.execute(
        select(Follow.account_id).where(
            Follow.target_id == author_id,
            among(tx.get_bind().dialect.name, Follow.account_id, "people"),
            Follow.state == FollowState.ACCEPTED,
        ),
        {"people": list(people)},
    )
    return set(rows.scalars())


@functools.cache
def _facts() -> Select[*tuple[Any, ...]]:
    picture = exists().where(Attachment.post_id == Post.id).label("has_media")
    held = aliased(Post)
    names = ("account_id", "visibility", "state", "local", "reblog_of_id", "in_reply_to_iri")
    columns = [getattr(Post, name) for name in (*names, "in_reply_to_account_id")]
    quoted = func.coalesce(held.quote_of_id, Post.quote_of_id).label("quoted_id")
    statement = select(*columns, picture, quoted).outerjoin(held, held.id == Post.reblog_of_id)
    return statement.where(Post.id == bindparam("post", type_=Id))


@functools.cache
def _hearers(dialect: str, *, is_new: bool) -> Select[*tuple[Any, ...]]:
    """Build the statement; of a new post, nobody did anything with it yet."""
    viewer, held, whose = _VIEWER, aliased(Post), _WHOSE
    shown = func.coalesce(Post.reblog_of_id, Post.id)
    shown_author = func.coalesce(held.account_id, Post.account_id)
    at_home = exists().where(HomeEntry.account_id == whose, HomeEntry.post_id == Post.id)
    follows = exists().where(
        Follow.account_id == whose, Follow.target_id == shown_author, Follow.state == FollowState.ACCEPTED
    )
    special = or_(
        whose.in_((Post.account_id, shown_author)),
        exists().where(
            Filter.account_id == whose,
            or_(Filter.expires_at.is_(None), Filter.expires_at > bindparam("now", type_=Instant())),
        ),
        exists().where(
            ThreadMute.account_id == whose,
            ThreadMute.thread == func.coalesce(held.conversation, Post.conversation),
        ),
        *(() if is_new else _did(whose, shown)),
    )
    return (
        select(viewer.id, at_home.label("at_home"), follows.label("follows"), special.label("special"))
        .add_columns(unlimited_posts(whose).label("meets"))
        .select_from(viewer)
        .join(Post, Post.id == bindparam("post", type_=Id))
        .outerjoin(held, held.id == Post.reblog_of_id)
        .where(
            among(dialect, viewer.id, "viewers"),
            or_(at_home, among(dialect, viewer.id, "anyway")),
            visible_clause(whose),
            wanted_clause(whose),
        )
    )


def _did(whose: Any, shown: Any) -> list[Any]:
    """Return the conditions under which somebody did something with a post that is shown with it."""
    mine = aliased(Post)
    return [
        exists().where(Favourite.account_id == whose, Favourite.post_id == shown),
        exists().where(Bookmark.account_id == whose, Bookmark.post_id == shown),
        exists().where(Reaction.account_id == whose, Reaction.post_id == shown),
        exists().where(mine.account_id == whose, mine.reblog_of_id == shown),
        exists().where(
            Poll.post_id == shown, and_(PollVote.poll_id == Poll.id, PollVote.account_id == whose)
        ),
    ]
