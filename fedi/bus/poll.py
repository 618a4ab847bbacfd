"""SQLite's way to hear what other processes committed: look whether the file changed.

`PRAGMA data_version` tells in a few microseconds, without touching the disk, whether another connection
committed something; only then are rows read. Here a cursor is safe, as it would not be on PostgreSQL: SQLite
has one writer at a time, so ids are committed in their order. Most instances are one process, whose events
never become rows; this is for `fedi worker` and the commands beside it.

Source: SQLite's documentation, "PRAGMA data_version".
"""

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy import make_url

from fedi.bus.hub import BEAT_S, Hub, after, look_around, newest
from fedi.clock import Clock
from fedi.db import AWAY, Database
from fedi.log import get

__all__ = ["watch"]

OPEN_S = 0.05
"""How often the file is looked at while streams are open, in seconds: half of what an event may take."""

IDLE_S = 1.0
"""How often otherwise, in seconds: so late the first stream elsewhere may be noticed."""

log = get(__name__)


async def watch(db: Database, hub: Hub, clock: Clock) -> None:
    """Pass events of other processes to the hub until cancelled."""
    path = make_url(db.url).database
    async with db.read() as tx:
        cursor = await newest(tx)
    await look_around(db, hub, clock(), says=False)
    version, said_at = 0, None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as probe:
        while True:
            await _pause(hub)
            try:
                changed: int = probe.execute("PRAGMA data_version").fetchone()[0]
                if changed != version:
                    cursor = await _catch_up(db, hub, cursor)
                    version = changed
                if hub.is_open and _is_due(said_at, clock()):
                    said_at = clock()
                    await look_around(db, hub, said_at, says=True)
                hub.know(clock())
            except (*AWAY, sqlite3.Error) as trouble:
                log.warning("watch_failed", error=str(trouble) or type(trouble).__name__)


async def _pause(hub: Hub) -> None:
    if hub.is_open:
        await asyncio.sleep(OPEN_S)
    else:
        await hub.rest(IDLE_S)


async def _catch_up(db: Database, hub: Hub, cursor: int) -> int:
    async with db.read() as tx:
        found = await after(tx, cursor)
    for news in found:
        hub.take(news)
    return found[-1].id or cursor if found else cursor


def _is_due(said_at: datetime | None, now: datetime) -> bool:
    return said_at is None or now - said_at >= timedelta(seconds=BEAT_S)
