"""Figures about this server by kind: languages, applications, other servers, hashtags; and who stayed.

Source: Mastodon's documentation, "admin/dimensions" and "admin/retention API methods".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text

from fedi.db import Tx
from fedi.models import Account, Login, OAuthApp, Post, PostTag
from fedi.queries.measures import Time

__all__ = ["KINDS", "Part", "dimension", "logins", "size_bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the largest parts of a whole; without a name it is what has none."""

    name: str
    number: int


Parts = Select[*tuple[Any, ...]]

Ask = Callable[[Time, str], Parts]


def _languages(time: Time, _: str) -> Parts:
    return (
        select(Post.language, func.count(Post.account_id.distinct()).label("number"))
        .where(Post.local, *_during(time))
        .group_by(Post.language)
    )


def _sources(time: Time, _: str) -> Parts:
    return (
        select(OAuthApp.name, func.count().label("number"))
        .select_from(Login)
        .outerjoin(OAuthApp, OAuthApp.id == Login.created_by_app_id)
        .where(Login.created_at >= time.first, Login.created_at < time.end)
        .group_by(OAuthApp.name)
    )


def _servers(time: Time, _: str) -> Parts:
    return (
        select(Account.domain, func.count().label("number"))
        .join(Post, Post.account_id == Account.id)
        .where(*_during(time))
        .group_by(Account.domain)
    )


def _tag_servers(time: Time, name: str) -> Parts:
    tagged = select(PostTag.post_id).where(PostTag.name == name.casefold().removeprefix("#"))
    return _servers(time, name).where(Post.id.in_(tagged))


def _tag_languages(time: Time, name: str) -> Parts:
    tagged = select(PostTag.post_id).where(PostTag.name == name.casefold().removeprefix("#"))
    return (
        select(Post.language, func.count().label("number"))
        .where(Post.id.in_(tagged), *_during(time))
        .group_by(Post.language)
    )


def _instance_accounts(time: Time, domain: str) -> Parts:
    return (
        select(Account.username, func.count().label("number"))
        .join(Post, Post.account_id == Account.id)
        .where(Account.domain == domain, *_during(time))
        .group_by(Account.username)
    )


def _instance_languages(time: Time, domain: str) -> Parts:
    return (
        select(Post.language, func.count().label("number"))
        .join(Account, Account.id == Post.account_id)
        .where(Account.domain == domain, *_during(time))
        .group_by(Post.language)
    )


KINDS: Mapping[str, Ask] = {
    "languages": _languages,
    "sources": _sources,
    "servers": _servers,
    "tag_servers": _tag_servers,
    "tag_languages": _tag_languages,
    "instance_accounts": _instance_accounts,
    "instance_languages": _instance_languages,
}
"""What can be divided, by Mastodon's words."""


async def dimension(tx: Tx, kind: str, subject: str, time: Time, *, limit: int) -> list[Part]:
    """Return the largest parts, the largest first.

    Args:
        tx: a transaction.
        kind: one of `KINDS`.
        subject: the hashtag or the domain that it is about; empty where there is none.
        time: from when to when.
        limit: at most so many parts.
    """
    statement = KINDS[kind](time, subject).order_by(text("number DESC")).limit(limit)
    return [Part(name=row[0] or "", number=row[1]) for row in await tx.execute(statement)]


async def size_bytes(tx: Tx) -> int:
    """Return how large the database is."""
    dialect = (await tx.connection()).dialect.name
    asked = SIZES["sqlite" if dialect == "sqlite" else "postgresql"]
    return int((await tx.execute(text(asked))).scalar_one())


SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


async def logins(tx: Tx, time: Time) -> Sequence[tuple[datetime, datetime | None]]:
    """Return when people joined within a time, each with when they last did something."""
    rows = await tx.execute(
        select(Login.created_at, Login.last_seen_at, Account.last_status_at)
        .join(Account, Account.id == Login.account_id)
        .where(Login.created_at >= time.first, Login.created_at < time.end)
    )
    return [
        (row.created_at, max((at for at in (row.last_seen_at, row.last_status_at) if at), default=None))
        for row in rows
    ]


def _during(time: Time) -> tuple[Any, ...]:
    return (Post.created_at >= time.first, Post.created_at < time.end)
