"""Figures for moderators: measures by day, dimensions by kind, and who stayed.

Several are asked for in one request, each with parameters of its own under its name. What this server does
not count is left out of the answer, as Mastodon does with names that it does not know.

Source: Mastodon's documentation, "admin/measures", "admin/dimensions" and "admin/retention API methods",
"Admin::Measure", "Admin::Dimension" and "Admin::Cohort".
"""

import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import fedi
from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.params import Params
from fedi.api.viewer import require_staff
from fedi.clock import isoformat_ms
from fedi.db import Tx
from fedi.queries import dimensions as find_dimensions
from fedi.queries import measures as find_measures
from fedi.queries.measures import Time

__all__ = ["dimensions", "measures", "retention"]

DAYS_MAX = 366
"""Longest time that is asked for, in days: a year by day is what a screen can show."""

PARTS_MAX = 100
"""Parts of one dimension."""

KEYS_MAX = 30
"""Figures of one request; there are some twenty."""

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

READ = "admin:read"


async def measures(request: Request) -> Response:
    """Count several things by day."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        time = _time(given)
        found = [
            await _measure(tx, key, _subject(given, key), time)
            for key in _keys(given)
            if key in find_measures.KINDS
        ]
    return json_answer(found)


async def dimensions(request: Request) -> Response:
    """Divide several things by kind."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        time, limit = _time(given), min(given.number("limit") or 10, PARTS_MAX)
        if limit < 1:
            raise errors.unprocessable("limit must be at least 1")
        found = []
        for key in _keys(given):
            if key == "space_usage":
                found.append(
                    _dimension(key, [("database", "Database", await find_dimensions.size_bytes(tx))])
                )
            elif key == "software_versions":
                found.append(_versions())
            elif key in find_dimensions.KINDS:
                subject = _subject(given, key)
                parts = await find_dimensions.dimension(tx, key, subject, time, limit=limit)
                shown = [(part.name, part.name or "none", part.number) for part in parts]
                found.append(_dimension(key, shown))
    return json_answer(found)


async def retention(request: Request) -> Response:
    """Tell how many of those who joined in a day or a month did something since, by day or month."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        time, frequency = _time(given), given.word("frequency") or "day"
        if frequency not in {"day", "month"}:
            raise errors.unprocessable("frequency must be day or month")
        people = await find_dimensions.logins(tx, time)
    periods = sorted({_period(day, frequency) for day in time.days})
    return json_answer([_cohort(period, periods, people, frequency) for period in periods])


async def _measure(tx: Tx, key: str, subject: str, time: Time) -> dict[str, Any]:
    found = await find_measures.measure(tx, key, subject, time)
    return {
        "key": key,
        "unit": None,
        "total": str(found.total),
        "human_value": str(found.total),
        "previous_total": str(found.previous),
        "data": [{"date": isoformat_ms(day), "value": str(number)} for day, number in found.days.items()],
    }


def _dimension(key: str, parts: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
    data = [
        {
            "key": name,
            "human_key": shown_as,
            "value": str(number),
            "unit": "bytes" if key == "space_usage" else None,
            "human_value": str(number),
        }
        for name, shown_as, number in parts
    ]
    return {"key": key, "data": data}


def _versions() -> dict[str, Any]:
    versions = {"fedi": fedi.__version__, "python": platform.python_version()}
    data = [
        {"key": name, "human_key": name, "value": number, "unit": None, "human_value": number}
        for name, number in versions.items()
    ]
    return {"key": "software_versions", "data": data}


def _cohort(
    period: datetime,
    periods: Sequence[datetime],
    people: Sequence[tuple[datetime, datetime | None]],
    frequency: str,
) -> dict[str, Any]:
    """Count who joined in one period, and who of them did something in it or later, by period."""
    joined = [(at, last or at) for at, last in people if _period(at, frequency) == period]
    data = []
    for later in periods:
        if later < period:
            continue
        stayed = sum(1 for at, last in joined if later == period or last >= later)
        rate = stayed / len(joined) if joined else 0.0
        data.append({"date": isoformat_ms(later), "rate": rate, "value": str(stayed)})
    return {"period": isoformat_ms(period), "frequency": frequency, "data": data}


def _period(moment: datetime, frequency: str) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(day=1) if frequency == "month" else day


def _keys(given: Params) -> list[str]:
    keys = list(dict.fromkeys(given.texts("keys")))
    if not keys or len(keys) > KEYS_MAX:
        raise errors.unprocessable(f"keys must name 1 to {KEYS_MAX} figures")
    return keys


def _subject(given: Params, key: str) -> str:
    """Return what a figure is about: a domain, or a hashtag, whose id here is its name.

    Raises:
        Refused: 422, when it needs one and has none.
    """
    if not key.startswith(("tag_", "instance_")):
        return ""
    inner = given.inner(key)
    word = inner.word("id") or inner.word("domain")
    if word is None:
        raise errors.unprocessable(f"{key} needs {'a domain' if key.startswith('instance_') else 'an id'}")
    return word.lower()


def _time(given: Params) -> Time:
    first, last = _day(given, "start_at"), _day(given, "end_at")
    if not first <= last <= first + timedelta(days=DAYS_MAX - 1):
        raise errors.unprocessable(f"end_at must be on or after start_at, and {DAYS_MAX} days later at most")
    return Time(first=first, last=last)


def _day(given: Params, name: str) -> datetime:
    """Read the day of a moment; the time of day does not count."""
    found = DAY.match(given.word(name) or "")
    try:
        if found is not None:
            return datetime.fromisoformat(found[0]).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise errors.unprocessable(f"{name} must be a date")
