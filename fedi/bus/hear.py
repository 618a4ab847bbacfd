"""Hearing what other processes committed, whichever the database."""

from fedi.bus.hub import Hub
from fedi.bus.notify import listen
from fedi.bus.poll import watch
from fedi.clock import Clock
from fedi.db import Database
from fedi.jobs.wake import Wake

__all__ = ["hear"]


async def hear(db: Database, wake: Wake, hub: Hub, clock: Clock) -> None:
    """Wake workers, and pass events to the hub, for what others commit, until cancelled."""
    if db.is_sqlite:
        await watch(db, hub, clock)
    else:
        await listen(db, wake, hub, clock)
