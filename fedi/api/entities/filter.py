"""Filters in both versions, and which of them a post met.

The first version of a filter is one keyword. `irreversible` is always false there: a server with such filters
would leave the posts out, and a client that believed so would not look; here every post is delivered, with
`filtered`.

Source: Mastodon's documentation, "Filter entity", "V1::Filter entity", "FilterResult entity".
"""

from typing import TypedDict

from fedi.clock import isoformat_ms
from fedi.models import Filter as FilterRow
from fedi.models import FilterKeyword as KeywordRow
from fedi.models import FilterStatus as StatusRow
from fedi.queries.filters import FilterView, Match

__all__ = [
    "Filter", "FilterKeyword", "FilterResult", "FilterStatus", "OldFilter", "a_filter", "filter_keyword",
    "filter_result", "filter_status", "old_filter",
]  # fmt: skip


class FilterKeyword(TypedDict):
    """What a filter looks for."""

    id: str
    keyword: str
    whole_word: bool


class FilterStatus(TypedDict):
    """A single post that a filter names."""

    id: str
    status_id: str


class FilterSummary(TypedDict):
    """A filter, as a post names it."""

    id: str
    title: str
    context: list[str]
    expires_at: str | None
    filter_action: str


class Filter(FilterSummary):
    """A filter with what is in it."""

    keywords: list[FilterKeyword]
    statuses: list[FilterStatus]


class FilterResult(TypedDict):
    """A filter that a post met, and by what."""

    filter: FilterSummary
    keyword_matches: list[str] | None
    status_matches: list[str] | None


class OldFilter(TypedDict):
    """A keyword, as the first version of filters has it."""

    id: str
    phrase: str
    context: list[str]
    whole_word: bool
    expires_at: str | None
    irreversible: bool


def a_filter(view: FilterView) -> Filter:
    """Build a filter."""
    row = view.filter
    return {
        "id": str(row.id),
        "title": row.title,
        "context": row.contexts,
        "expires_at": isoformat_ms(row.expires_at) if row.expires_at else None,
        "filter_action": row.action,
        "keywords": [filter_keyword(word) for word in view.keywords],
        "statuses": [filter_status(named) for named in view.posts],
    }


def filter_keyword(row: KeywordRow) -> FilterKeyword:
    """Build a keyword."""
    return {"id": str(row.id), "keyword": row.keyword, "whole_word": row.whole_word}


def filter_status(row: StatusRow) -> FilterStatus:
    """Build a post that a filter names."""
    return {"id": str(row.id), "status_id": str(row.post_id)}


def filter_result(match: Match) -> FilterResult:
    """Build what a post met."""
    rule = match.rule
    return {
        "filter": {
            "id": str(rule.id),
            "title": rule.title,
            "context": list(rule.contexts),
            "expires_at": isoformat_ms(rule.expires_at) if rule.expires_at else None,
            "filter_action": rule.action,
        },
        "keyword_matches": list(match.words) or None,
        "status_matches": [str(post_id) for post_id in match.post_ids] or None,
    }


def old_filter(row: FilterRow, word: KeywordRow) -> OldFilter:
    """Build a keyword in the shape of the first version."""
    return {
        "id": str(word.id),
        "phrase": word.keyword,
        "context": row.contexts,
        "whole_word": word.whole_word,
        "expires_at": isoformat_ms(row.expires_at) if row.expires_at else None,
        "irreversible": False,
    }
