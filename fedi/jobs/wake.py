"""Waking workers early: memory makes work sooner, never makes it happen.

Within a process an event per queue is set after the commit. Between processes PostgreSQL's NOTIFY, sent
in the same transaction, reaches whoever listens (`fedi.bus.notify`). Without either, workers look by
themselves once a second.
"""

import asyncio
from collections.abc import Collection

from sqlalchemy import text

from fedi.db import Tx

__all__ = ["CHANNEL", "Wake"]

CHANNEL = "fedi_jobs"
"""PostgreSQL notification channel; the payload is the queue's name."""


class Wake:
    """Who waits for which queue."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def set(self, queues: Collection[str]) -> None:
        """Wake everyone in this process who waits for one of these queues."""
        for queue in queues:
            self._event(queue).set()

    async def announce(self, tx: Tx, queues: Collection[str]) -> None:
        """Tell other processes, when this transaction is committed."""
        if tx.get_bind().dialect.name == "postgresql":
            for queue in sorted(queues):
                await tx.execute(
                    text("SELECT pg_notify(:channel, :queue)"), {"channel": CHANNEL, "queue": queue}
                )

    async def wait(self, queue: str, timeout_s: float) -> None:
        """Return when the queue was woken since the last wait, or after `timeout_s` seconds."""
        event = self._event(queue)
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    def _event(self, queue: str) -> asyncio.Event:
        return self._events.setdefault(queue, asyncio.Event())
