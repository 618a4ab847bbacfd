"""When to try again: a pure function of the attempt.

The curve is attempt⁴ seconds with jitter, which River and Mastodon use as well: 1 s, 16 s, 81 s, 4 min,
10 min, … about 18 h for the sixteenth, two and a half days in all. Jitter keeps a thousand deliveries to
a server that was down from knocking in the same second.
"""

import random
from datetime import datetime, timedelta

__all__ = ["ATTEMPTS_MAX", "RETRY_AFTER_S_MAX", "next_attempt"]

ATTEMPTS_MAX = 16
"""Attempts of a delivery or an incoming activity before it is given up; Mastodon's figure."""

JITTER = 0.2
"""Share of the delay by which it may be longer."""

RETRY_AFTER_S_MAX = 24 * 3600
"""Longest wait that another server may ask of us; more would be a way to make us forget."""


def next_attempt(
    attempts: int, now: datetime, rng: random.Random, *, retry_after_s: float | None = None
) -> datetime:
    """Return when to try again.

    Args:
        attempts: attempts made so far, at least 1.
        now: the present.
        rng: source of the jitter.
        retry_after_s: what the other side asked for; it is obeyed when it is longer than ours.
    """
    delay_s = float(attempts**4)
    delay_s += delay_s * JITTER * rng.random()
    if retry_after_s is not None:
        delay_s = max(delay_s, min(retry_after_s, RETRY_AFTER_S_MAX))
    return now + timedelta(seconds=delay_s)
