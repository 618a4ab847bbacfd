"""Polls on pages: what can be chosen and how it stands. Voting takes a client, or one's own server."""

from dataclasses import dataclass

from fedi import models, text

__all__ = ["Choice", "Poll", "poll"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to choose; without a figure while the totals are hidden."""

    name: str
    votes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A poll, ready to print."""

    choices: tuple[Choice, ...]
    votes: int
    closed: bool


def poll(row: models.Poll) -> Poll:
    """Describe a poll."""
    closed = row.closed_at is not None
    hidden = row.hide_totals and not closed
    return Poll(
        choices=tuple(
            Choice(name=text.clean_name(name), votes=None if hidden else votes)
            for name, votes in zip(row.options, row.tallies, strict=True)
        ),
        votes=sum(row.tallies),
        closed=closed,
    )
