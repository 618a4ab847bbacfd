"""What comes into lists, and what goes when a follow ends.

A list holds the posts of its members as they arrive, as a home timeline does; which answers it shows is asked
when it is read (`queries.lists`), since that may be changed. The statements that run for every post are built
once.

Source: Mastodon's documentation, "Managing timeline lists".
"""

from typing import Any

from sqlalchemy import Select, String, bindparam, delete, exists, select
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx, insert, prepared
from fedi.lean import run_later
from fedi.models import AccountList, Follow, ListEntry, ListMember, Post, PostState

__all__ = ["catch_up", "drop", "fan_out", "keeping_from_home"]

CATCH_UP_MAX = 40
"""Earlier posts of somebody that appear in a list to which they are added; as at home."""

SHARED = ("public", "unlisted", "private")
"""Visibilities of what comes into lists; direct messages do not."""

_OWNER, _FOLLOW = aliased(AccountList), aliased(Follow)
_POST, _AUTHOR = bindparam("post", type_=Id), bindparam("author", type_=Id)
_LANGUAGE = bindparam("language", type_=String)


async def fan_out(tx: Tx, post: Post) -> None:
    """Write a post into the lists on which its author is, unless its owner does not want its language."""
    if post.visibility not in SHARED:
        return
    spoken = (post.language or "").partition("-")[0].lower() if post.reblog_of_id is None else ""
    values = {"post": post.id, "author": post.account_id, "language": f"|{spoken}|" if spoken else "|"}
    await run_later(tx, _into_lists(tx), values)


@prepared
def _into_lists(tx: Tx) -> Any:
    unwanted = exists().where(
        _FOLLOW.account_id == _OWNER.account_id,
        _FOLLOW.target_id == ListMember.account_id,
        _FOLLOW.languages != "",
        ~_FOLLOW.languages.contains(_LANGUAGE, autoescape=False),
    )
    rows = (
        select(ListMember.list_id, _POST.label("post_id"))
        .join(_OWNER, _OWNER.id == ListMember.list_id)
        .where(ListMember.account_id == _AUTHOR, ~unwanted)
    )
    return _insert(tx, rows)


async def catch_up(tx: Tx, *, owner_id: int, member_id: int) -> None:
    """Put the last posts of somebody into the lists of one person on which they are."""
    lists = select(ListMember.list_id).join(AccountList, AccountList.id == ListMember.list_id)
    mine = lists.where(AccountList.account_id == owner_id, ListMember.account_id == member_id)
    shown = Post.state == PostState.PUBLISHED, Post.visibility.in_(SHARED)
    last = select(Post.id).where(Post.account_id == member_id, *shown).order_by(Post.id.desc())
    posts = last.limit(CATCH_UP_MAX).subquery()
    for list_id in (await tx.execute(mine)).scalars().all():
        rows = select(bindparam("list", list_id, type_=Id).label("list_id"), posts.c.id.label("post_id"))
        await tx.execute(_insert(tx, rows.where(posts.c.id.is_not(None))))


async def drop(tx: Tx, *, owner_id: int, member_id: int, list_id: int | None = None) -> None:
    """Take somebody off one list of a person, or off all of them, with their posts."""
    mine = select(AccountList.id).where(AccountList.account_id == owner_id)
    if list_id is not None:
        mine = mine.where(AccountList.id == list_id)
    theirs = select(Post.id).where(Post.account_id == member_id)
    gone = delete(ListMember).where(ListMember.account_id == member_id, ListMember.list_id.in_(mine))
    if (await tx.execute(gone.returning(ListMember.id))).first() is not None:
        await tx.execute(delete(ListEntry).where(ListEntry.list_id.in_(mine), ListEntry.post_id.in_(theirs)))


def keeping_from_home(author_id: Any) -> Select[int]:
    """Return the statement for the owners of exclusive lists on which an author is."""
    return (
        select(AccountList.account_id)
        .join(ListMember, ListMember.list_id == AccountList.id)
        .where(ListMember.account_id == author_id, AccountList.exclusive)
    )


def _insert(tx: Tx, rows: Select[int, int]) -> Any:
    table = ListEntry.__table__  # of a model, values would be rows to insert
    statement = insert(tx, table).from_select(["list_id", "post_id"], rows)
    return statement.on_conflict_do_nothing(index_elements=[table.c.list_id, table.c.post_id])
