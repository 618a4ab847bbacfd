"""HTTP dates: `Mon, 23 Nov 2026 12:00:00 GMT` and nothing else.

The standard library's parser accepts two-digit years, missing zones and comments. A signature's age is
judged by this value, so only the one format that HTTP senders must generate is read, and an unreadable date
is a refusal.

Source: RFC 9110 section 5.6.7 (IMF-fixdate).
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from activitypub.errors import MalformedError

__all__ = ["format_http_date", "parse_http_date"]

_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
# The name of the day is not compared with the date: it carries no information, and senders do get it wrong.
# A one-digit day is tolerated for the same reason.
_IMF_FIXDATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)


def parse_http_date(value: str) -> datetime:
    """Read an HTTP date.

    Returns:
        The instant, in UTC.

    Raises:
        MalformedError: it is not an IMF-fixdate or names no real instant.
    """
    match = _IMF_FIXDATE.fullmatch(value)
    if match is None or match[2] not in _MONTHS:
        raise MalformedError("the date is not an HTTP date")
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as error:
        raise MalformedError("the date names no real instant") from error


def format_http_date(instant: datetime) -> str:
    """Write an aware instant as an HTTP date (whole seconds, GMT)."""
    return format_datetime(instant.astimezone(UTC), usegmt=True)
