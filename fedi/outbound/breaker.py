"""When to leave another server alone: a pure policy over what we remember of it.

A server that is down costs a connection attempt per delivery. After ten failures in a row nothing is sent to
it for a minute, then one round is tried, and each further failure doubles the pause up to half an hour.
Failures on seven different days without a success in between mean that it is gone: what is meant for it is
dropped, and a delivery a week finds out whether it is back.

A server that blocks us is there, and says 403 to whatever it gets. After a few of these in a row it gets
nothing more but one delivery a week either. Anything that a server takes or sends us ends all of this.

Source: Mastodon's delivery failure tracker (seven days) and stoplight (ten failures).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

__all__ = ["CLEAR", "Standing", "after_failure", "after_refusal", "is_gone", "is_refusing"]

FAILURES_MAX = 10
"""In a row, before the first pause."""

PAUSE_S = 60
"""The first pause, in seconds."""

PAUSE_S_MAX = 30 * 60
"""The longest pause, in seconds."""

FAILURE_DAYS_MAX = 7
"""Different days with failures and no success in between, after which a server counts as gone."""

PROBE_AFTER = timedelta(days=7)
"""How long after its last failure (or refusal) a server that is gone (or blocks us) is asked again."""

REFUSALS_MAX = 5
"""Deliveries in a row that a server answers with 403, after which it is taken to block us: one may be about a
single person, five from a server that takes nothing else hardly are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What we remember of a server; the fields are those of `models.Peer`."""

    failures: int = 0
    failure_days: int = 0
    last_failure_on: date | None = None
    paused_until: datetime | None = None
    refusals: int = 0
    refused_at: datetime | None = None


CLEAR = Standing()
"""After a success: nothing is held against the server."""


def after_failure(standing: Standing, now: datetime) -> Standing:
    """Return the standing after one more failure."""
    failures = standing.failures + 1
    is_new_day = standing.last_failure_on != now.date()
    paused_until = standing.paused_until
    if failures >= FAILURES_MAX:
        # Several deliveries may fail in the same round; only the first of them makes the next pause longer.
        still_paused = paused_until is not None and paused_until > now
        if still_paused:
            failures -= 1
        else:
            pause_s = min(PAUSE_S * 2 ** min(failures - FAILURES_MAX, 10), PAUSE_S_MAX)
            paused_until = now + timedelta(seconds=pause_s)
    return replace(
        standing,
        failures=failures,
        failure_days=standing.failure_days + is_new_day,
        last_failure_on=now.date(),
        paused_until=paused_until,
    )


def after_refusal(standing: Standing, now: datetime) -> Standing:
    """Return the standing after one more 403."""
    refusals = standing.refusals + 1
    return replace(standing, refusals=refusals, refused_at=now if refusals >= REFUSALS_MAX else None)


def is_refusing(standing: Standing, now: datetime) -> bool:
    """Tell whether nothing should be sent, because the server blocks us."""
    return standing.refused_at is not None and now - standing.refused_at < PROBE_AFTER


def is_gone(standing: Standing, today: date) -> bool:
    """Tell whether nothing should be sent, because the server has been away for many days."""
    if standing.failure_days < FAILURE_DAYS_MAX or standing.last_failure_on is None:
        return False
    return today - standing.last_failure_on < PROBE_AFTER
