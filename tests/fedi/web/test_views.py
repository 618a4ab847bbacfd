"""From rows to what a page prints."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fedi.web.views import moment, summary


def test_a_moment_is_shown_in_utc() -> None:
    at = datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert moment(at).iso == "2026-01-01T23:30:00Z"
    assert moment(at).shown == "1 January 2026, 23:30 UTC"
    assert moment(datetime(2026, 12, 31, tzinfo=UTC)).shown == "31 December 2026, 00:00 UTC"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", ""),
        ("<p>One<br>two</p><p>three &amp; four</p>", "One two three & four"),
        ("<p>" + "a" * 300 + "</p>", "a" * 199 + "…"),
    ],
)
def test_a_summary_is_one_line_of_plain_text(content: str, line: str) -> None:
    assert summary(content) == line
