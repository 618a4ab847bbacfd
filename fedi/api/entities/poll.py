"""Polls, inside a post and alone.

`voted` and `own_votes` are only there when somebody asks, as with the marks of a post. Whether a poll is
over is read from the clock on the wall: the entity is built where nobody passes one, and the vote itself is
judged by the service.

Source: Mastodon's documentation, "Poll entity".
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NotRequired, TypedDict

from fedi.api.entities.emoji import CustomEmoji
from fedi.clock import isoformat_ms, utcnow
from fedi.models import Poll as PollRow
from fedi.queries.polls import is_over
from fedi.text import clean_name

__all__ = ["Poll", "PollOption", "poll"]


class PollOption(TypedDict):
    """One answer to choose; without a figure while the totals are hidden."""

    title: str
    votes_count: int | None


class Poll(TypedDict):
    """A poll."""

    id: str
    expires_at: str | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int | None
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: NotRequired[bool]
    own_votes: NotRequired[list[int]]


def poll(
    row: PollRow,
    *,
    marked: bool,
    voted: bool = False,
    chosen: Sequence[int] = (),
    now: datetime | None = None,
) -> Poll:
    """Build a poll.

    Args:
        row: the poll.
        marked: whether somebody asks.
        voted: whether they voted, or asked the question.
        chosen: the places of the options that they chose.
        now: the present moment; that of the clock on the wall when missing.
    """
    over = is_over(row, now or utcnow())
    hidden = row.hide_totals and not over
    votes = sum(row.tallies)
    built: Poll = {
        "id": str(row.id),
        "expires_at": isoformat_ms(row.expires_at) if row.expires_at else None,
        "expired": over,
        "multiple": row.multiple,
        "votes_count": votes,
        "voters_count": _voters(row, votes),
        "options": [
            {"title": clean_name(title), "votes_count": None if hidden else count}
            for title, count in zip(row.options, row.tallies, strict=True)
        ],
        "emojis": [],
    }
    if marked:
        built["voted"] = voted
        built["own_votes"] = list(chosen)
    return built


def _voters(row: PollRow, votes: int) -> int | None:
    """Tell how many voted; not every server says it of a poll with several choices."""
    if not row.multiple:
        return votes
    return row.voters_count if row.voters_count or not votes else None
