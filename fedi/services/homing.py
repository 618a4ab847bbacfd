"""Writing a post into the home timelines of the local people who should see it there (fan-out on write).

This runs for every post that comes in, so its statements are built once: making the expressions takes ten
times as long as the database needs for them.

Who follows a hashtag gets public posts with it, whoever wrote them, unless their author is limited; what the
reader wants nothing of is left out when the timeline is read.

Source: Mastodon's rule for replies (its `feed_manager.rb`); its documentation, "Following hashtags".
"""

import functools
from typing import Any, NamedTuple

from sqlalchemy import Select, String, and_, bindparam, exists, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx, insert
from fedi.lean import run_later
from fedi.models import Account, Follow, FollowedTag, FollowState, HomeEntry, Mention, Post, PostTag
from fedi.services import listing

__all__ = ["fan_out_home"]


class _Kind(NamedTuple):
    """What decides whose home a post comes into."""

    is_local: bool
    for_followers: bool
    is_boost: bool
    is_reply: bool
    """To somebody else."""
    for_named: bool
    for_everyone: bool
    """So that who follows one of its hashtags gets it."""
    has_language: bool
    """So that it may be one that a follower does not want."""


async def fan_out_home(tx: Tx, post: Post) -> None:
    """Write a post into the home timelines of the local people who should see it there.

    Followers get it unless it is direct; of a reply only those who follow the person answered as well, as
    on Mastodon; and of the languages that somebody wants of its author, only those. The author gets it in
    any case, and whom it names when it is not for everyone. Who has the author on an exclusive list reads it
    there only.
    """
    kind = _Kind(
        is_local=post.local,
        for_followers=post.visibility != "direct",
        is_boost=post.reblog_of_id is not None,
        is_reply=post.reblog_of_id is None and post.in_reply_to_account_id not in {None, post.account_id},
        for_named=post.visibility in {"direct", "private"},
        for_everyone=post.visibility == "public" and post.reblog_of_id is None,
        has_language=post.reblog_of_id is None and bool(post.language),
    )
    values = {
        "author": post.account_id,
        "post": post.id,
        "answered": post.in_reply_to_account_id,
        "language": f"|{(post.language or '').partition('-')[0].lower()}|",
    }
    await run_later(tx, _into_home(tx, _rows(kind)), values)
    await listing.fan_out(tx, post)


_POST, _AUTHOR = bindparam("post", type_=Id), bindparam("author", type_=Id)
_ANSWERED = bindparam("answered", type_=Id)
_LANGUAGE = bindparam("language", type_=String)
_FOLLOWER, _WRITER, _ANSWERED_FOLLOW = aliased(Account), aliased(Account), aliased(Follow)

_made: dict[tuple[str, int], Any] = {}


def _into_home(tx: Tx, rows: Select[int, int]) -> Any:
    """Return the INSERT of some rows, made once per database."""
    key = (tx.get_bind().dialect.name, id(rows))
    if key not in _made:
        table = HomeEntry.__table__  # of a model, values would be rows to insert
        # WHERE is there for SQLite, whose parser takes ON CONFLICT after a bare SELECT for a join.
        statement = insert(tx, table).from_select(["account_id", "post_id"], rows.where(literal(value=True)))
        _made[key] = statement.on_conflict_do_nothing(index_elements=[table.c.account_id, table.c.post_id])
    return _made[key]


@functools.cache
def _rows(kind: _Kind) -> Select[int, int]:
    """Return who gets a post of this kind, as a statement that gives rows of account and post."""
    chosen: list[Select[int, int]] = []
    if kind.is_local:
        chosen.append(select(_AUTHOR.label("account_id"), _POST.label("post_id")))
    if kind.for_followers:
        followers = (
            select(Follow.account_id, _POST.label("post_id"))
            .join(_FOLLOWER, and_(_FOLLOWER.id == Follow.account_id, _FOLLOWER.domain == ""))
            .where(
                Follow.target_id == _AUTHOR,
                Follow.state == FollowState.ACCEPTED,
                Follow.account_id.not_in(listing.keeping_from_home(_AUTHOR)),
            )
        )
        if kind.is_boost:
            followers = followers.where(Follow.show_reblogs)
        elif kind.is_reply:
            follows_the_answered = exists().where(
                _ANSWERED_FOLLOW.account_id == Follow.account_id,
                _ANSWERED_FOLLOW.target_id == _ANSWERED,
                _ANSWERED_FOLLOW.state == FollowState.ACCEPTED,
            )
            followers = followers.where(or_(Follow.account_id == _ANSWERED, follows_the_answered))
        if kind.has_language:
            wanted = Follow.languages.contains(_LANGUAGE, autoescape=False)
            followers = followers.where(or_(Follow.languages == "", wanted))
        chosen.append(followers)
    if kind.for_named:
        chosen.append(
            select(Mention.account_id, _POST.label("post_id"))
            .join(_FOLLOWER, and_(_FOLLOWER.id == Mention.account_id, _FOLLOWER.domain == ""))
            .where(Mention.post_id == _POST)
        )
    if kind.for_everyone:
        unlimited = exists().where(_WRITER.id == _AUTHOR, _WRITER.silenced_at.is_(None))
        chosen.append(
            select(FollowedTag.account_id, _POST.label("post_id"))
            .join(PostTag, PostTag.name == FollowedTag.name)
            .where(PostTag.post_id == _POST, unlimited)
        )
    rows = union_all(*chosen).subquery()  # one statement: a turn in the database's thread costs more
    return select(rows.c.account_id, rows.c.post_id)
