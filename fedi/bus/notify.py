"""PostgreSQL's LISTEN: hear what other processes committed.

A NOTIFY is delivered when its transaction commits, so a listener never looks too early. It may miss
some while its connection is down; those who wait also look by themselves, so that only costs a second.
"""

import asyncio
from typing import Any

from fedi.db import Database
from fedi.jobs.wake import CHANNEL, Wake
from fedi.log import get

__all__ = ["listen"]

RECONNECT_S = 2.0
"""Pause before connecting again, in seconds: workers poll meanwhile."""

log = get(__name__)


async def listen(db: Database, wake: Wake) -> None:
    """Pass PostgreSQL's notifications on to `wake` until cancelled; on SQLite return at once."""
    if db.is_sqlite:
        return
    while True:
        try:
            await _listen_once(db, wake)
        except Exception as trouble:  # noqa: BLE001 - a driver's or the network's: polling goes on meanwhile
            log.warning("listen_lost", error=str(trouble) or type(trouble).__name__)
        await asyncio.sleep(RECONNECT_S)


async def _listen_once(db: Database, wake: Wake) -> None:
    gone = asyncio.Event()

    def heard(_connection: Any, _pid: int, _channel: str, queue: str) -> None:
        wake.set([queue])

    async with db.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        driver.add_termination_listener(lambda _connection: gone.set())
        await driver.add_listener(CHANNEL, heard)
        try:
            await gone.wait()
        finally:
            if not driver.is_closed():
                await driver.remove_listener(CHANNEL, heard)
