"""PostgreSQL's LISTEN: hear what other processes committed.

A NOTIFY is delivered when its transaction commits, so a listener never looks too early. It may miss some
while its connection is down. Workers look by themselves, so that only costs them a second; of events the
last half minute is read again, and what was heard already is passed over. A cursor would not do: ids are
drawn when rows are written, and a transaction that drew the lower one may commit later.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from fedi.bus import events
from fedi.bus.events import EventKind
from fedi.bus.hub import BEAT_S, ROWS_MAX, Hub, by_ids, look_around, since
from fedi.clock import Clock
from fedi.db import Database
from fedi.jobs import wake as jobs
from fedi.jobs.wake import Wake
from fedi.log import get

__all__ = ["listen"]

RECONNECT_S = 2.0
"""Pause before connecting again, in seconds: workers poll meanwhile."""

AGAIN_S = 30.0
"""How far back events are read after connecting, in seconds."""

LOOK_S = 3.0
"""How often the connection is tried and other listeners are looked for, in seconds."""

PING_S = 5.0
"""How long the connection may take to answer, in seconds, before it counts as lost."""

log = get(__name__)


async def listen(db: Database, wake: Wake, hub: Hub, clock: Clock) -> None:
    """Pass PostgreSQL's notifications on to `wake` and `hub` until cancelled."""
    while True:
        try:
            await _listen_once(db, wake, hub, clock)
        except Exception as trouble:  # noqa: BLE001 - a driver's or the network's: polling goes on meanwhile
            log.warning("listen_lost", error=str(trouble) or type(trouble).__name__)
        await asyncio.sleep(RECONNECT_S)


class _Heard:
    """Ids of events whose rows are still to be read."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.ids: list[int] = []

    def hear(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        """Take a notification; while nobody listens here, others' listening is all that matters."""
        row_id, _, kind = payload.partition(" ")
        if self._hub.is_open or kind == EventKind.LISTENING:
            self.ids.append(int(row_id))
            self._hub.stir()

    def stop(self, _connection: Any) -> None:
        """Wake the reader, which will find the connection closed."""
        self._hub.stir()

    def take(self) -> list[int]:
        """Return what may be read at once."""
        taken, self.ids = self.ids[:ROWS_MAX], self.ids[ROWS_MAX:]
        return taken


async def _listen_once(db: Database, wake: Wake, hub: Hub, clock: Clock) -> None:
    heard = _Heard(hub)

    def woken(_connection: Any, _pid: int, _channel: str, queue: str) -> None:
        wake.set([queue])

    async with db.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        driver.add_termination_listener(heard.stop)
        await driver.add_listener(jobs.CHANNEL, woken)
        await driver.add_listener(events.CHANNEL, heard.hear)
        try:
            await _read_again(db, hub, clock())
            said_at: datetime | None = None
            while not driver.is_closed():
                if _is_due(hub, now := clock(), said_at):
                    said_at = now
                await look_around(db, hub, now, says=said_at is now)
                # Said again it changes nothing, and tells whether the connection still lives.
                await driver.execute(f"LISTEN {events.CHANNEL}", timeout=PING_S)
                until = clock() + timedelta(seconds=LOOK_S)
                while not driver.is_closed() and (now := clock()) < until and not _is_due(hub, now, said_at):
                    await _read(db, hub, heard, (until - now).total_seconds())
        finally:
            if not driver.is_closed():
                await driver.remove_listener(jobs.CHANNEL, woken)
                await driver.remove_listener(events.CHANNEL, heard.hear)


async def _read_again(db: Database, hub: Hub, now: datetime) -> None:
    """Catch up with what was committed while nobody listened here."""
    async with db.read() as tx:
        found = await since(tx, now - timedelta(seconds=AGAIN_S))
    for news in found:
        hub.take(news)


def _is_due(hub: Hub, now: datetime, said_at: datetime | None) -> bool:
    """Tell whether others must hear that this process listens."""
    return hub.is_open and (said_at is None or now - said_at >= timedelta(seconds=BEAT_S))


async def _read(db: Database, hub: Hub, heard: _Heard, seconds: float) -> None:
    """Pass on what was told, or rest until something is told or some seconds are over."""
    if not heard.ids:
        await hub.rest(seconds)
    if ids := heard.take():
        async with db.read() as tx:
            found = await by_ids(tx, ids)
        for news in found:
            hub.take(news)
