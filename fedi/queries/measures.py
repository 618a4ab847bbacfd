"""Figures about this server by day: who came, what was done, what was complained about.

Every figure is counted from rows when it is asked for, in one statement for the whole time; nothing is
counted on the side. What was deleted since is therefore not in it.

Source: Mastodon's documentation, "admin/measures API methods".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, select, type_coerce, union_all

from fedi.db import Tx
from fedi.models import Account, Attachment, Favourite, Follow, Login, Post, PostTag, Report

__all__ = ["KINDS", "Counted", "Measure", "Time", "measure"]

DAY_MS = 24 * 3600 * 1000

Counting = Select[*tuple[Any, ...]]

Moment = Any
"""A column that holds a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """From the beginning of one day to the end of another, in UTC."""

    first: datetime
    last: datetime

    @property
    def days(self) -> list[datetime]:
        """The beginnings of its days."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.last + timedelta(days=1)

    def before(self) -> "Time":
        """Return as many days right before it."""
        days = len(self.days)
        return Time(first=self.first - timedelta(days=days), last=self.last - timedelta(days=days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Rows that are counted by the day of a moment.

    Attributes:
        moment: the column.
        what: what is counted: rows, or how many different values of a column.
        of: the tables and the conditions.
    """

    moment: Moment
    what: ColumnElement[int]
    of: Callable[[Counting], Counting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure: as a whole, over as long a time before, and by day."""

    total: int
    previous: int
    days: Mapping[datetime, int]


def _instance(account_id: Any, domain: str) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = account_id.in_(select(Account.id).where(Account.domain == domain))
    return condition


def _local(account_id: Any) -> ColumnElement[bool]:
    return _instance(account_id, "")


def _rows(moment: Moment, *conditions: ColumnElement[bool]) -> Counted:
    return Counted(moment=moment, what=func.count(), of=lambda statement: statement.where(*conditions))


def _active(_: str) -> Counted:
    """Count people here who posted, boosted or favoured something."""
    acts = union_all(
        select(Post.account_id.label("who"), Post.created_at.label("at")).where(Post.local),
        select(Favourite.account_id.label("who"), Favourite.created_at.label("at")).where(
            _local(Favourite.account_id)
        ),
    ).subquery()
    return Counted(
        moment=acts.c.at,
        what=func.count(acts.c.who.distinct()),
        of=lambda statement: statement.select_from(acts),
    )


def _interactions(_: str) -> Counted:
    """Count boosts, answers and favourites by people here."""
    acts = union_all(
        select(Post.created_at.label("at")).where(
            Post.local, Post.reblog_of_id.is_not(None) | Post.in_reply_to_iri.is_not(None)
        ),
        select(Favourite.created_at.label("at")).where(_local(Favourite.account_id)),
    ).subquery()
    return Counted(moment=acts.c.at, what=func.count(), of=lambda statement: statement.select_from(acts))


def _tagged(what: ColumnElement[int], name: str) -> Counted:
    def of(statement: Counting) -> Counting:
        joined = statement.select_from(PostTag).join(Post, Post.id == PostTag.post_id)
        return joined.join(Account, Account.id == Post.account_id).where(
            PostTag.name == name.casefold().removeprefix("#")
        )

    return Counted(moment=Post.created_at, what=what, of=of)


def _follows(domain: str, *, ours: bool) -> Counted:
    """Count follows of people there by people here, or the other way round."""
    follower, followed = (
        (Follow.account_id, Follow.target_id) if ours else (Follow.target_id, Follow.account_id)
    )
    return _rows(Follow.created_at, _local(follower), _instance(followed, domain))


KINDS: Mapping[str, Callable[[str], Counted]] = {
    "active_users": _active,
    "new_users": lambda _: _rows(Login.created_at),
    "interactions": _interactions,
    "opened_reports": lambda _: _rows(Report.created_at),
    "resolved_reports": lambda _: _rows(Report.resolved_at, Report.resolved_at.is_not(None)),
    "tag_accounts": lambda name: _tagged(func.count(Post.account_id.distinct()), name),
    "tag_uses": lambda name: _tagged(func.count(), name),
    "tag_servers": lambda name: _tagged(func.count(Account.domain.distinct()), name),
    "instance_accounts": lambda domain: _rows(Account.created_at, Account.domain == domain),
    "instance_media_attachments": lambda domain: _rows(
        Post.created_at,
        _instance(Post.account_id, domain),
        Post.id.in_(select(Attachment.post_id).where(Attachment.post_id.is_not(None))),
    ),
    "instance_reports": lambda domain: _rows(Report.created_at, _instance(Report.target_id, domain)),
    "instance_statuses": lambda domain: _rows(Post.created_at, _instance(Post.account_id, domain)),
    "instance_follows": lambda domain: _follows(domain, ours=False),
    "instance_followers": lambda domain: _follows(domain, ours=True),
}
"""What can be counted, by Mastodon's words; `tag_…` are about a hashtag and `instance_…` about a server.
Attachments are counted as posts that have some."""


async def measure(tx: Tx, kind: str, subject: str, time: Time) -> Measure:
    """Count one thing.

    Args:
        tx: a transaction.
        kind: one of `KINDS`.
        subject: the hashtag or the domain that it is about; empty where there is none.
        time: from when to when.
    """
    counted = KINDS[kind](subject)
    milliseconds = type_coerce(counted.moment, BigInteger)
    day = (milliseconds // DAY_MS).label("day")
    statement = counted.of(select(day, counted.what.label("number"))).where(
        milliseconds >= _ms(time.first), milliseconds < _ms(time.end)
    )
    found = {row.day: row.number for row in await tx.execute(statement.group_by(day))}
    by_day = {start: int(found.get(_ms(start) // DAY_MS, 0)) for start in time.days}
    total, previous = [await _whole(tx, counted, span) for span in (time, time.before())]
    return Measure(total=total, previous=previous, days=by_day)


async def _whole(tx: Tx, counted: Counted, time: Time) -> int:
    """Count over a whole time; of different values that is less than the sum of the days."""
    milliseconds = type_coerce(counted.moment, BigInteger)
    statement = counted.of(select(counted.what)).where(
        milliseconds >= _ms(time.first), milliseconds < _ms(time.end)
    )
    return int((await tx.execute(statement)).scalar_one())


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
