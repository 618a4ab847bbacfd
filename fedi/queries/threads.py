"""The thread around a post: what it answers, and what answers it.

Walks the chain of replies in one recursive statement each way, with a bound on depth and on number, and
shows only what the viewer may see: being mentioned in a reply opens nothing above it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select

from fedi.db import Tx
from fedi.models import Post
from fedi.queries.limited import unlimited_posts
from fedi.queries.page import Slice
from fedi.queries.visibility import visible_clause

__all__ = [
    "PEOPLE", "STRANGERS", "Bounds", "ancestors", "answers", "conversation", "count_answers",
    "count_conversation", "descendants",
]  # fmt: skip


class Bounds(NamedTuple):
    """How far a thread is shown.

    Attributes:
        above: posts that lead to it, nearest first.
        below: answers.
        levels: of answers.
    """

    above: int
    below: int
    levels: int


STRANGERS: Final = Bounds(above=40, below=60, levels=20)
"""Anybody may ask for this, so it is little; Mastodon's figures."""

PEOPLE: Final = Bounds(above=4096, below=4096, levels=4096)
"""For people here; Mastodon's figure."""


def _bounds(viewer_id: int | None) -> Bounds:
    return STRANGERS if viewer_id is None else PEOPLE


async def ancestors(tx: Tx, viewer_id: int | None, post: Post) -> list[int]:
    """Return ids of the posts that lead to this one, first to last."""
    if post.in_reply_to_id is None:
        return []
    chain = (
        select(Post.id.label("id"), Post.in_reply_to_id.label("parent"), literal(1).label("depth"))
        .where(Post.id == post.in_reply_to_id)
        .cte(recursive=True)
    )
    chain = chain.union_all(
        select(Post.id, Post.in_reply_to_id, chain.c.depth + 1).where(
            Post.id == chain.c.parent, chain.c.depth < _bounds(viewer_id).above
        )
    )
    statement = (
        select(chain.c.id)
        .join(Post, Post.id == chain.c.id)
        .where(visible_clause(viewer_id))
        .order_by(chain.c.depth.desc())
    )
    return list((await tx.execute(statement)).scalars())


async def descendants(tx: Tx, viewer_id: int | None, post: Post) -> list[int]:
    """Return ids of the answers to this post and the answers to those, each followed by its own."""
    bounds = _bounds(viewer_id)
    tree = (
        select(Post.id.label("id"), Post.in_reply_to_id.label("parent"), literal(1).label("depth"))
        .where(Post.in_reply_to_id == post.id)
        .cte(recursive=True)
    )
    tree = tree.union_all(
        select(Post.id, Post.in_reply_to_id, tree.c.depth + 1).where(
            Post.in_reply_to_id == tree.c.id, tree.c.depth < bounds.levels
        )
    )
    statement = (
        select(tree.c.id, tree.c.parent)
        .join(Post, Post.id == tree.c.id)
        .where(visible_clause(viewer_id), unlimited_posts(viewer_id))
        .order_by(tree.c.depth, tree.c.id)
        .limit(bounds.below)
    )
    rows = [(row.id, row.parent) for row in await tx.execute(statement)]
    return _depth_first(post.id, rows)


async def answers(
    tx: Tx, viewer_id: int | None, post_id: int, *, after: int, limit: int
) -> Slice[tuple[int, str]]:
    """Return the answers to a post that the viewer may see, oldest first, as pairs of id and IRI."""
    return await _oldest_first(tx, Post.in_reply_to_id == post_id, viewer_id, after, limit)


async def count_answers(tx: Tx, viewer_id: int | None, post_id: int) -> int:
    """Return how many answers to a post the viewer may see."""
    return await _count(tx, Post.in_reply_to_id == post_id, viewer_id)


async def conversation(tx: Tx, name: str, *, after: int, limit: int) -> Slice[tuple[int, str]]:
    """Return the posts of a conversation that everyone may see, oldest first, as pairs of id and IRI."""
    return await _oldest_first(tx, Post.conversation == name, None, after, limit)


async def count_conversation(tx: Tx, name: str) -> int:
    """Return how many posts of a conversation everyone may see."""
    return await _count(tx, Post.conversation == name, None)


async def _oldest_first(
    tx: Tx, chosen: ColumnElement[bool], viewer_id: int | None, after: int, limit: int
) -> Slice[tuple[int, str]]:
    statement = (
        select(Post.id, Post.iri)
        .where(chosen, Post.id > after, visible_clause(viewer_id))
        .order_by(Post.id)
        .limit(limit + 1)
    )
    rows = [(row.id, row.iri) for row in await tx.execute(statement)]
    return Slice(rows=rows[:limit], more=len(rows) > limit)


async def _count(tx: Tx, chosen: ColumnElement[bool], viewer_id: int | None) -> int:
    counted = select(func.count()).select_from(Post).where(chosen, visible_clause(viewer_id))
    return (await tx.execute(counted)).scalar_one()


def _depth_first(root: int, rows: Sequence[tuple[int, int]]) -> list[int]:
    """Order pairs of post and parent so that each post is followed by its answers.

    Answers to a post that is hidden stand where it would have stood.
    """
    shown = {post_id for post_id, _ in rows}
    answers: dict[int, list[int]] = defaultdict(list)
    for post_id, parent in rows:
        answers[parent if parent in shown else root].append(post_id)
    ordered: list[int] = []
    waiting = sorted(answers[root], reverse=True)
    while waiting:
        post_id = waiting.pop()
        ordered.append(post_id)
        waiting += sorted(answers[post_id], reverse=True)
    return ordered
