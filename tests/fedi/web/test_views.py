"""From rows to what a page prints."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fedi.config import Settings
from fedi.models import Account
from fedi.web.views import moment, person, summary


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


@pytest.mark.parametrize(("domain", "says_me"), [("", True), ("far.test", False)])
def test_only_the_links_of_our_own_people_say_me(domain: str, *, says_me: bool) -> None:
    value = '<a href="https://anna.test" rel="me nofollow">anna.test</a>'
    account = Account(
        username="anna", domain=domain, iri="https://x.test/anna", display_name="", note="", kind="Person",
        fields=[{"name": "Site", "value": value}], statuses_count=0, followers_count=0, following_count=0,
    )  # fmt: skip
    ((_, shown),) = person(account, Settings(origin="https://fedi.test", data_dir="x")).fields
    assert ('rel="me ' in shown) is says_me
    assert "noopener" in shown
