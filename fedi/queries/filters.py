"""What a person filters, and which posts that hits.

Filters are applied when posts are loaded for somebody: each post then says which filters it met, and the
client warns, blurs or hides. Nothing is left out here, since a client may offer to show it all the same, and
a page must not have holes. A page costs no statement more for it: the keywords come with what its posts have
many of (`queries.views`). Patterns are remembered by what they are made of, so that no change leaves an old
one behind.

Keywords are compared without case. A whole word ends where a letter of another word cannot follow; scripts
that are written without spaces have no such place, so there a keyword is found anywhere. Keywords are taken
literally: nothing that a person types makes a pattern that takes long.

Source: Mastodon's documentation, "filters API methods" and "Filter entity".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from fedi.clock import utcnow
from fedi.db import Tx
from fedi.models import Attachment, Filter, FilterKeyword, FilterStatus, Poll, Post
from fedi.text import html_to_text

__all__ = ["FilterView", "Match", "by_id", "keyword", "met", "named_post", "of", "rules", "words_of"]

PATTERNS_MAX = 2000
"""Compiled filters that are remembered; a few kilobytes each."""

UNSPACED = (
    "\u0e00-\u0eff"  # Thai and Lao
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff"  # hiragana and katakana
    "\u3100-\u312f"  # bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\uff66-\uff9f"  # halfwidth katakana
    "\U00020000-\U0003ffff"  # Han beyond the basic plane
)
"""Letters of scripts that are written without spaces between words."""

LETTER = f"[^\\W{UNSPACED}]"
"""A letter, digit or underscore that has its word around it."""

_IS_LETTER = re.compile(LETTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterView:
    """A filter with all that belongs to it."""

    filter: Filter
    keywords: tuple[FilterKeyword, ...]
    posts: tuple[FilterStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A filter as it is applied."""

    id: int
    title: str
    contexts: tuple[str, ...]
    action: str
    expires_at: datetime | None
    keywords: tuple[tuple[str, bool], ...] = ()
    """Each with whether it is a whole word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A filter that a post met, and by what."""

    rule: Rule
    words: tuple[str, ...] = ()
    """As the post has them."""
    post_ids: tuple[int, ...] = ()
    """Of the post, when the filter names it."""


async def of(tx: Tx, account_id: int, filter_id: int | None = None) -> list[FilterView]:
    """Return somebody's filters, or the one of an id, in the order in which they were made."""
    chosen = select(Filter).where(Filter.account_id == account_id).order_by(Filter.id)
    if filter_id is not None:
        chosen = chosen.where(Filter.id == filter_id)
    found = (await tx.execute(chosen)).scalars().all()
    ids = [one.id for one in found]
    if not ids:
        return []
    words = select(FilterKeyword).where(FilterKeyword.filter_id.in_(ids)).order_by(FilterKeyword.id)
    named = select(FilterStatus).where(FilterStatus.filter_id.in_(ids)).order_by(FilterStatus.id)
    keywords: dict[int, list[FilterKeyword]] = {key: [] for key in ids}
    posts: dict[int, list[FilterStatus]] = {key: [] for key in ids}
    for word in (await tx.execute(words)).scalars():
        keywords[word.filter_id].append(word)
    for post in (await tx.execute(named)).scalars():
        posts[post.filter_id].append(post)
    return [
        FilterView(filter=one, keywords=tuple(keywords[one.id]), posts=tuple(posts[one.id])) for one in found
    ]


async def by_id(tx: Tx, account_id: int, filter_id: int) -> FilterView | None:
    """Find one of somebody's filters."""
    found = await of(tx, account_id, filter_id)
    return found[0] if found else None


async def keyword(tx: Tx, account_id: int, keyword_id: int) -> tuple[Filter, FilterKeyword] | None:
    """Find one of somebody's keywords, with the filter that it is in."""
    statement = (
        select(Filter, FilterKeyword)
        .join(FilterKeyword, FilterKeyword.filter_id == Filter.id)
        .where(Filter.account_id == account_id, FilterKeyword.id == keyword_id)
    )
    row = (await tx.execute(statement)).first()
    return None if row is None else (row[0], row[1])


async def named_post(tx: Tx, account_id: int, row_id: int) -> FilterStatus | None:
    """Find a post that one of somebody's filters names, by the id that it has there."""
    statement = (
        select(FilterStatus)
        .join(Filter, Filter.id == FilterStatus.filter_id)
        .where(Filter.account_id == account_id, FilterStatus.id == row_id)
    )
    return (await tx.execute(statement)).scalar_one_or_none()


def rules(rows: Iterable[Any]) -> list[Rule]:
    """Read a person's filters from rows of one keyword each, as `queries.views` loads them."""
    found: dict[int, tuple[Any, list[tuple[str, bool]]]] = {}
    for row in rows:
        found.setdefault(row.filter_id, (row, []))[1].append((row.name, bool(row.number)))
    return [_rule(row, tuple(words)) for row, words in found.values()]


def met(
    keyword_rules: Sequence[Rule],
    named: Sequence[Any],
    post_id: int,
    text: str,
    *,
    now: datetime | None = None,
) -> tuple[Match, ...]:
    """Return which filters a post meets; those whose time is over count no more.

    Args:
        keyword_rules: as `rules` reads them.
        named: rows of the filters that name the post.
        post_id: the post's.
        text: what there is to read in it.
        now: the present when missing.
    """
    moment = now or utcnow()
    found: dict[int, Match] = {row.filter_id: Match(rule=_rule(row), post_ids=(post_id,)) for row in named}
    for rule in keyword_rules:
        hit = _pattern(rule.keywords).search(text)
        if hit is not None:
            post_ids = found[rule.id].post_ids if rule.id in found else ()
            found[rule.id] = Match(rule=rule, words=(hit[0],), post_ids=post_ids)
    alive = (one for one in found.values() if one.rule.expires_at is None or one.rule.expires_at > moment)
    return tuple(sorted(alive, key=lambda match: match.rule.id))


def words_of(post: Post, attachments: Sequence[Attachment], poll: Poll | None) -> str:
    """Return all that there is to read in a post: warning, text, answers to choose from, alt texts."""
    parts = [post.spoiler_text, html_to_text(post.content)]
    parts += poll.options if poll is not None else ()
    parts += [one.description for one in attachments if one.description]
    return "\n\n".join(parts)


def _rule(row: Any, keywords: tuple[tuple[str, bool], ...] = ()) -> Rule:
    return Rule(
        id=row.filter_id,
        title=row.title,
        contexts=tuple(row.contexts),
        action=row.action,
        expires_at=row.expires_at,
        keywords=keywords,
    )


@lru_cache(maxsize=PATTERNS_MAX)
def _pattern(keywords: tuple[tuple[str, bool], ...]) -> re.Pattern[str]:
    return re.compile("|".join(_literally(text, whole_word=whole) for text, whole in keywords), re.IGNORECASE)


def _literally(text: str, *, whole_word: bool) -> str:
    """Return the pattern for a keyword. Spaces in it stand for any, as a line may break there."""
    words = r"\s+".join(re.escape(word) for word in text.split())
    before = f"(?<!{LETTER})" if whole_word and _IS_LETTER.match(text) else ""
    after = f"(?!{LETTER})" if whole_word and _IS_LETTER.match(text[-1:]) else ""
    return f"{before}{words}{after}"
