"""Searching posts by their words, and by what they are: `from:anna has:media before:2026-01-01 "red boat"`.

A search finds what the viewer wrote, what they had to do with (liked, boosted, bookmarked, answered, voted
in, or are mentioned by), and public posts of people who let everyone search theirs (`indexable`). Beyond
that holds what holds everywhere: nobody finds what they may not see, nor whom they mute. Newest first.

Source: Mastodon's documentation, "search API methods" and its search syntax.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.orm import aliased

from fedi import text
from fedi.db import Id, Tx
from fedi.ids import first_id_at
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
from fedi.queries.limited import unlimited_posts
from fedi.queries.visibility import visible_clause, wanted_clause

__all__ = ["Extent", "Wish", "find", "parse"]

LATE = timedelta(days=7)
"""How much later than its date a post may have come here to be found by the date: ids tell when it came, and
a range of ids spares looking at all the others."""

LAST_YEAR = 3000
"""Dates from here on are no dates of posts."""

TERMS_MAX = 20
"""Words, phrases and conditions of one search; what follows is passed over."""

_TERM = re.compile(r'(?P<no>-?)(?:(?P<name>[a-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))', re.IGNORECASE)
_MINE, _BOOST, _ANSWER = aliased(Account), aliased(Post), aliased(Post)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One `name:value`, or its opposite."""

    name: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is searched for: phrases of searchable words, wanted and unwanted, and conditions."""

    wanted: Sequence[str] = ()
    unwanted: Sequence[str] = ()
    conditions: Sequence[Condition] = field(default_factory=tuple)

    @property
    def is_narrow(self) -> bool:
        """Whether an index can answer it: by words, or by an author."""
        return bool(self.wanted) or any(one.name == "from" and not one.negated for one in self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Which of the posts that are found are wanted."""

    limit: int
    offset: int = 0
    account_id: int | None = None
    max_id: int | None = None
    min_id: int | None = None


def parse(words: str) -> Wish:
    """Read a search as it was typed; a condition that is not known is words.

    >>> parse('"red boat" -sail from:anna').unwanted
    ['sail']
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    conditions: list[Condition] = []
    for match in list(_TERM.finditer(words))[:TERMS_MAX]:
        name, negated = (match["name"] or "").lower(), bool(match["no"])
        value = match["phrase"] if match["phrase"] is not None else match["word"]
        if name in CONDITIONS:
            conditions.append(Condition(name=name, value=value, negated=negated))
        elif said := text.searchable(f"{name} {value}"):
            (unwanted if negated else wanted).append(said)
    return Wish(wanted=wanted, unwanted=unwanted, conditions=conditions)


async def find(tx: Tx, wish: Wish, *, viewer_id: int, extent: Extent) -> list[int]:
    """Return the ids of the posts that a person finds; none for a search that would read everything."""
    if not wish.is_narrow and extent.account_id is None:
        return []
    dialect = tx.get_bind().dialect.name
    statement = select(Post.id).where(
        Post.state == PostState.PUBLISHED,
        Post.reblog_of_id.is_(None),
        or_(_in_library(viewer_id), _in_public()),
        visible_clause(viewer_id),
        wanted_clause(viewer_id),
        unlimited_posts(viewer_id),
    )
    key: Any = Post.id
    if wish.wanted:
        index = _index(dialect)
        statement = statement.join(index, index.c[0] == Post.id)
        statement = statement.where(_matches(index, wish.wanted, dialect))
        # By the index's own column, or SQLite goes through the posts and asks the index about each.
        key = index.c[0]
    for phrase in wish.unwanted:
        other = _index(dialect)
        met = exists().where(other.c[0] == Post.id, _matches(other, [phrase], dialect))
        statement = statement.where(~met)
    for one in wish.conditions:
        holds = CONDITIONS[one.name](one.value, viewer_id)
        statement = statement.where(not_(holds) if one.negated else holds)
    if extent.account_id is not None:
        statement = statement.where(Post.account_id == extent.account_id)
    if extent.max_id is not None:
        statement = statement.where(key < extent.max_id)
    if extent.min_id is not None:
        statement = statement.where(key > extent.min_id)
    page = statement.order_by(key.desc()).limit(extent.limit).offset(extent.offset)
    return list((await tx.execute(page)).scalars())


def _index(dialect: str) -> Any:
    """Return the index under a name of its own; its first column is the id of the post."""
    if dialect == "sqlite":  # a hidden column of the table's name stands for all of its words
        return table("post_search", column("rowid", Id), column("post_search")).alias()
    return table("post_search", column("post_id", Id), column("words")).alias()


def _matches(index: Any, phrases: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Return whether all phrases are there, each with its words one after the other; they have no quotes."""
    if dialect == "sqlite":  # in one MATCH: of several the second would be looked up for each row
        words = " AND ".join(f'"{phrase}"' for phrase in phrases)
        met: ColumnElement[bool] = index.c.post_search.op("MATCH", is_comparison=True)(words)
        return met
    simple: Any = literal_column("'simple'::regconfig")
    queries = [func.phraseto_tsquery(simple, phrase) for phrase in phrases]
    return and_(*(index.c.words.op("@@", is_comparison=True)(query) for query in queries))


def _in_library(viewer_id: int) -> ColumnElement[bool]:
    """Return whether the viewer wrote a post or had to do with it."""
    return or_(
        Post.account_id == viewer_id,
        exists().where(Favourite.post_id == Post.id, Favourite.account_id == viewer_id),
        exists().where(Bookmark.post_id == Post.id, Bookmark.account_id == viewer_id),
        exists().where(_BOOST.reblog_of_id == Post.id, _BOOST.account_id == viewer_id),
        exists().where(_ANSWER.in_reply_to_id == Post.id, _ANSWER.account_id == viewer_id),
        exists().where(Mention.post_id == Post.id, Mention.account_id == viewer_id),
        exists().where(
            Poll.post_id == Post.id, PollVote.poll_id == Poll.id, PollVote.account_id == viewer_id
        ),
    )


def _in_public() -> ColumnElement[bool]:
    """Return whether everyone here may search for a post."""
    consents = exists().where(_MINE.id == Post.account_id, _MINE.indexable)
    return and_(Post.visibility == "public", consents)


def _from(value: str, viewer_id: int) -> ColumnElement[bool]:
    username, _, domain = value.removeprefix("@").partition("@")
    if username.lower() == "me" and not domain:
        return Post.account_id == viewer_id
    author = aliased(Account)
    named = [func.lower(author.username) == username.lower(), author.domain == domain.lower()]
    # With an IN there is an index to begin with.
    return Post.account_id.in_(select(author.id).where(*named))


def _has(value: str, _viewer_id: int) -> ColumnElement[bool]:
    hung = [Attachment.post_id == Post.id]
    match value.lower():
        case "media":
            return exists().where(*hung)
        case "image" | "video" | "audio" as kind:
            kinds = {"image": ("image",), "video": ("video", "gifv"), "audio": ("audio",)}[kind]
            return exists().where(*hung, Attachment.kind.in_(kinds))
        case "poll":
            return exists().where(Poll.post_id == Post.id)
        case "link":
            # Mentions and hashtags are links as well, but carry a class.
            return Post.content.like('%<a href="%" rel="nofollow%')
        case _:
            return false()


def _is(value: str, _viewer_id: int) -> ColumnElement[bool]:
    match value.lower():
        case "reply":
            return Post.in_reply_to_iri.is_not(None)
        case "sensitive":
            return Post.sensitive.is_(True)
        case "quote":
            return Post.quote_iri.is_not(None)
        case _:
            return false()


def _language(value: str, _viewer_id: int) -> ColumnElement[bool]:
    return func.lower(func.coalesce(Post.language, "")) == value.lower()


def _in(value: str, viewer_id: int) -> ColumnElement[bool]:
    match value.lower():
        case "library":
            return _in_library(viewer_id)
        case "public":
            return _in_public()
        case "all":
            return literal(value=True)
        case _:
            return false()


def _before(value: str, _viewer_id: int) -> ColumnElement[bool]:
    day = _day(value)
    if day is None:
        return false()
    return and_(Post.created_at < day, Post.id < first_id_at(day + LATE))


def _after(value: str, _viewer_id: int) -> ColumnElement[bool]:
    day = _day(value)
    if day is None:
        return false()
    following = day + timedelta(days=1)
    return and_(Post.created_at >= following, Post.id >= first_id_at(following))


def _during(value: str, _viewer_id: int) -> ColumnElement[bool]:
    day = _day(value)
    if day is None:
        return false()
    ends = day + timedelta(days=1)
    return and_(
        Post.created_at >= day,
        Post.created_at < ends,
        Post.id >= first_id_at(day),
        Post.id < first_id_at(ends + LATE),
    )


def _day(value: str) -> datetime | None:
    """Return the beginning of a day of UTC that is written as 2026-11-24."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return None
    try:
        day = datetime.combine(datetime.fromisoformat(value).date(), time(), tzinfo=UTC)
    except ValueError:
        return None
    return day if day.year < LAST_YEAR else None  # what is later must still be a day, and fit an id


CONDITIONS: dict[str, Callable[[str, int], ColumnElement[bool]]] = {
    "from": _from,
    "has": _has,
    "is": _is,
    "language": _language,
    "in": _in,
    "before": _before,
    "after": _after,
    "during": _during,
}
"""What can be asked of a post beside its words; `-` before it asks for the opposite."""
