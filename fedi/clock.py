"""The time, as something that is passed in.

Every rule that depends on the time (signature windows, retries, leases, snowflakes) takes a clock,
so that a test can stand at 03:00 on a leap day without patching anything.
"""

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "isoformat_ms", "utcnow"]

Clock = Callable[[], datetime]
"""Returns an aware moment in UTC."""


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def isoformat_ms(moment: datetime) -> str:
    """Format a moment as the Mastodon API does: three digits of milliseconds and a `Z`.

    Several clients parse nothing else.

    >>> isoformat_ms(datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC))
    '2026-11-23T12:00:00.123Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
