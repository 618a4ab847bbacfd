"""When a job is tried again."""

import random
from datetime import UTC, datetime

import pytest

from fedi.jobs.retry import ATTEMPTS_MAX, RETRY_AFTER_S_MAX, next_attempt

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Still(random.Random):
    def random(self) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("attempts", "asked_s", "expected_s"),
    [
        (1, None, 1),
        (2, None, 16),
        (5, None, 625),
        (ATTEMPTS_MAX, None, 65_536),
        (1, 300, 300),  # the other side's wish is obeyed
        (10, 5, 10_000),  # but it does not make us quicker
        (1, 10**9, RETRY_AFTER_S_MAX),  # nor forget
    ],
)
def test_the_delay_is_the_fourth_power_or_what_was_asked(
    attempts: int, asked_s: float | None, expected_s: float
) -> None:
    later = next_attempt(attempts, NOW, Still(), retry_after_s=asked_s)
    assert (later - NOW).total_seconds() == expected_s


def test_jitter_only_lengthens_and_by_a_fifth_at_most() -> None:
    rng = random.Random(1)
    delays = [(next_attempt(4, NOW, rng) - NOW).total_seconds() for _ in range(100)]
    assert min(delays) >= 256
    assert max(delays) <= 256 * 1.2
    assert len(set(delays)) > 90
