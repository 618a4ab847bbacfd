"""Time-ordered 64-bit identifiers ("snowflakes"), made without asking the database.

Clients sort and page by id, so an id must grow with time, and it must be known before the row is
written, because the ActivityPub id of a post contains it. Layout, from the top: 48 bits of
milliseconds since 1970, 10 bits that differ from process to process, 6 bits of sequence. Mastodon
puts the milliseconds in the same place, so that `id >> 16` is a time here as there.
"""

import secrets
import threading
from datetime import UTC, datetime

from fedi.clock import Clock, utcnow

__all__ = ["IdMaker", "first_id_at", "moment_of"]

TAIL_BITS = 16
SEQUENCE_BITS = 6
NODE_BITS = TAIL_BITS - SEQUENCE_BITS
SEQUENCE_MAX = (1 << SEQUENCE_BITS) - 1


class IdMaker:
    """Makes ids that only grow within this process, and that other processes are unlikely to make.

    Two processes that drew the same 10-bit number (1 in 1024 for a pair) can only meet when both make
    the same number of ids in the same millisecond; the primary key then refuses the second, and the
    job or request is tried again. Nothing is ever overwritten.
    """

    def __init__(self, clock: Clock = utcnow, node: int | None = None) -> None:
        self._clock = clock
        self._node = secrets.randbits(NODE_BITS) if node is None else node
        self._last_ms = 0
        self._sequence = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return a fresh id; a clock that jumps back does not make it shrink."""
        with self._lock:
            now_ms = int(self._clock().timestamp() * 1000)
            if now_ms > self._last_ms:
                self._last_ms, self._sequence = now_ms, 0
            elif self._sequence < SEQUENCE_MAX:
                self._sequence += 1
            else:  # 64 ids in one millisecond: borrow the next one
                self._last_ms, self._sequence = self._last_ms + 1, 0
            return (self._last_ms << TAIL_BITS) | (self._node << SEQUENCE_BITS) | self._sequence


def first_id_at(moment: datetime) -> int:
    """Return the smallest id that a row of that moment can have."""
    return int(moment.timestamp() * 1000) << TAIL_BITS


def moment_of(identifier: int) -> datetime:
    """Return the moment at which an id was made, to the millisecond."""
    return datetime.fromtimestamp((identifier >> TAIL_BITS) / 1000, tz=UTC)
