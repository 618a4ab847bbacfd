"""When another server is left alone: the policy as a table."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fedi.outbound.breaker import (
    CLEAR,
    FAILURES_MAX,
    PAUSE_S_MAX,
    REFUSALS_MAX,
    Standing,
    after_failure,
    after_refusal,
    is_gone,
    is_refusing,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def failed(times: int, *, apart_s: float = 0.0, start: Standing = CLEAR) -> tuple[Standing, datetime]:
    standing, now = start, NOW
    for _ in range(times):
        standing = after_failure(standing, now)
        now += timedelta(seconds=apart_s)
    return standing, now - timedelta(seconds=apart_s)


def test_nine_failures_change_nothing_yet() -> None:
    standing, _ = failed(FAILURES_MAX - 1)
    assert standing.paused_until is None


def test_the_tenth_failure_begins_a_pause_of_a_minute() -> None:
    standing, now = failed(FAILURES_MAX)
    assert standing.paused_until == now + timedelta(seconds=60)


@pytest.mark.parametrize(("rounds", "pause_s"), [(1, 120), (2, 240), (4, 960), (5, 1800), (30, 1800)])
def test_each_failure_after_a_pause_doubles_it_up_to_half_an_hour(rounds: int, pause_s: int) -> None:
    standing, now = failed(FAILURES_MAX)
    for _ in range(rounds):
        assert standing.paused_until is not None
        now = standing.paused_until + timedelta(seconds=1)
        standing = after_failure(standing, now)
    assert standing.paused_until == now + timedelta(seconds=pause_s)
    assert pause_s <= PAUSE_S_MAX


def test_deliveries_that_fail_in_the_same_round_make_no_longer_pause() -> None:
    alone, _ = failed(FAILURES_MAX)
    together, _ = failed(FAILURES_MAX + 20)
    assert together == alone


def test_days_with_failures_are_counted_once_each() -> None:
    standing, _ = failed(6, apart_s=12 * 3600)
    assert standing.failure_days == 4  # noon, midnight, noon, …


def test_seven_days_without_a_success_mean_that_it_is_gone() -> None:
    standing, now = failed(6, apart_s=86400)
    assert not is_gone(standing, now.date())
    standing, now = failed(7, apart_s=86400)
    assert is_gone(standing, now.date())


def test_it_is_asked_again_a_week_after_its_last_failure() -> None:
    standing, now = failed(7, apart_s=86400)
    assert is_gone(standing, now.date() + timedelta(days=6))
    assert not is_gone(standing, now.date() + timedelta(days=7))


def test_a_failed_question_begins_another_week() -> None:
    standing, now = failed(7, apart_s=86400)
    standing = after_failure(standing, now + timedelta(days=7))
    assert is_gone(standing, now.date() + timedelta(days=13))


def test_a_success_clears_everything() -> None:
    assert Standing() == CLEAR
    assert not is_gone(CLEAR, date(2026, 1, 1))


def refused(times: int) -> Standing:
    standing = CLEAR
    for _ in range(times):
        standing = after_refusal(standing, NOW)
    return standing


def test_a_few_refusals_in_a_row_mean_that_it_blocks_us() -> None:
    assert not is_refusing(refused(REFUSALS_MAX - 1), NOW)
    assert is_refusing(refused(REFUSALS_MAX), NOW)


def test_who_blocks_us_is_asked_again_after_a_week_and_then_after_another() -> None:
    standing, week = refused(REFUSALS_MAX), timedelta(days=7)
    assert is_refusing(standing, NOW + week - timedelta(seconds=1))
    assert not is_refusing(standing, NOW + week)
    standing = after_refusal(standing, NOW + week)
    assert is_refusing(standing, NOW + 2 * week - timedelta(seconds=1))


def test_a_failure_between_two_refusals_is_no_success() -> None:
    standing = after_refusal(after_failure(refused(REFUSALS_MAX - 1), NOW), NOW)
    assert is_refusing(standing, NOW)
