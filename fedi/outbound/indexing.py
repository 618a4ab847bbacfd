"""The index of words: which posts can be searched for, kept in the transaction that changes them.

A post can be searched for by its author, by who had to do with it (liked, boosted, bookmarked, answered,
voted in it or is mentioned by it) and, when it is public and its author says `indexable`, by everyone here.
So the posts of people here are indexed as they are written, those of others when one of these becomes true,
and all the rest never. Who may find what is asked again at each search (`queries.fulltext`): the index
alone gives nobody a right.

The two databases index in their own ways: a virtual table of FTS5, and a `tsvector`. The words in both are
those of `text.searchable`, so the same search finds the same posts.
"""

from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, column, exists, or_, select, table
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased

from fedi import text
from fedi.db import Database, Id, Tx, prepared
from fedi.models import (
    Account,
    Attachment,
    Bookmark,
    Favourite,
    Mention,
    Poll,
    PollVote,
    Post,
    PostState,
)  # fmt: skip

__all__ = ["index", "index_consenting", "rebuild", "reindex", "remember"]

BATCH_POSTS = 500
"""Posts indexed in one transaction: some tenths of a second."""

_SQLITE = table("post_search", column("rowid", Id), column("words", String))
_POSTGRES = table("post_search", column("post_id", Id), column("words", String))


async def index(tx: Tx, post: Post) -> None:
    """Write the words of a post, which is written itself with all that hangs on it."""
    if post.reblog_of_id is not None or post.state != PostState.PUBLISHED:
        return
    described = select(Attachment.description).where(
        Attachment.post_id == post.id, Attachment.description.is_not(None)
    )
    said = [post.spoiler_text, text.html_to_text(post.content), *(await tx.execute(described)).scalars()]
    for options in (await tx.execute(select(Poll.options).where(Poll.post_id == post.id))).scalars():
        said += options
    values = {"key": post.id, "said": text.searchable(" ".join(filter(None, said)))}
    connection = await tx.connection()
    await connection.execute(_forget(tx), values)
    await connection.execute(_write(tx), values)


async def index_consenting(tx: Tx, post: Post, author: Account) -> None:
    """Write the words of another server's post, when its author lets everyone search for it."""
    if post.visibility == "public" and author.indexable:
        await index(tx, post)


async def remember(tx: Tx, post: Post) -> None:
    """Write the words of a post that somebody here has to do with from now on, unless they are there."""
    if not await _is_indexed(tx, post.id):
        await index(tx, post)


async def reindex(tx: Tx, post: Post) -> None:
    """Write the words of a post anew after an edit, if it is indexed."""
    if await _is_indexed(tx, post.id):
        await index(tx, post)


async def rebuild(db: Database) -> int:
    """Index all posts anew that somebody may search for, and return how many; opens its own transactions.

    For databases whose rows came other than one by one, from a backup or from another database: the index is
    no table of the models, and is not among them.
    """
    done, after = 0, -1
    while True:
        async with db.write() as tx:
            some = select(Post).where(Post.id > after, _is_searched_for()).order_by(Post.id)
            posts = (await tx.execute(some.limit(BATCH_POSTS))).scalars().all()
            for post in posts:
                await index(tx, post)
        if not posts:
            return done
        done, after = done + len(posts), posts[-1].id


def _is_searched_for() -> ColumnElement[bool]:
    """Return the condition over `Post` for what the ways above would have indexed."""
    author, liker, voter, named = (aliased(Account) for _ in range(4))
    boost, reply = aliased(Post), aliased(Post)
    return and_(
        Post.state == PostState.PUBLISHED,
        Post.reblog_of_id.is_(None),
        or_(
            Post.local,
            and_(Post.visibility == "public", exists().where(author.id == Post.account_id, author.indexable)),
            exists().where(
                Favourite.post_id == Post.id, liker.id == Favourite.account_id, liker.domain == ""
            ),
            exists().where(Bookmark.post_id == Post.id),
            exists().where(Mention.post_id == Post.id, named.id == Mention.account_id, named.domain == ""),
            exists().where(boost.reblog_of_id == Post.id, boost.local),
            exists().where(reply.in_reply_to_id == Post.id, reply.local),
            exists().where(
                Poll.post_id == Post.id,
                PollVote.poll_id == Poll.id,
                voter.id == PollVote.account_id,
                voter.domain == "",
            ),
        ),
    )


async def _is_indexed(tx: Tx, post_id: int) -> bool:
    connection = await tx.connection()
    return (await connection.execute(_find(tx), {"key": post_id})).first() is not None


def _key(tx: Tx) -> Any:
    return _SQLITE.c.rowid if _is_sqlite(tx) else _POSTGRES.c.post_id


@prepared
def _find(tx: Tx) -> Any:
    return select(_key(tx)).where(_key(tx) == bindparam("key", type_=Id))


@prepared
def _forget(tx: Tx) -> Any:
    key = _key(tx)
    return key.table.delete().where(key == bindparam("key", type_=Id))


@prepared
def _write(tx: Tx) -> Any:
    if _is_sqlite(tx):
        return sql("INSERT INTO post_search (rowid, words) VALUES (:key, :said)")
    return sql(
        "INSERT INTO post_search (post_id, words) "
        "VALUES (:key, to_tsvector('simple', CAST(:said AS text))) ON CONFLICT (post_id) DO NOTHING"
    )


def _is_sqlite(tx: Tx) -> bool:
    return tx.get_bind().dialect.name == "sqlite"
