"""The time: aware, in UTC, and written as Mastodon's clients read it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fedi.clock import isoformat_ms, utcnow

EAST = timezone(timedelta(hours=5, minutes=30))


def test_the_present_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = utcnow()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC), "2026-11-23T12:00:00.123Z"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "2026-11-23T12:00:00.000Z"),
        (datetime(2026, 11, 23, 12, 0, 0, 999999, tzinfo=UTC), "2026-11-23T12:00:00.999Z"),
        (datetime(2028, 2, 29, 3, 0, 0, 7000, tzinfo=EAST), "2028-02-28T21:30:00.007Z"),
    ],
)
def test_a_moment_has_three_digits_of_milliseconds_and_a_z(moment: datetime, expected: str) -> None:
    assert isoformat_ms(moment) == expected
