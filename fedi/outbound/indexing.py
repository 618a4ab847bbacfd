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

from sqlalchemy import String, bindparam, column, select, table
from sqlalchemy import text as sql

from fedi import text
from fedi.db import Id, Tx, prepared
from fedi.models import Account, Attachment, Poll, Post, PostState

__all__ = ["index", "index_consenting", "reindex", "remember"]

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
