"""The hub of a process: who listens here, whether anyone listens elsewhere, and what was heard already.

What this process commits reaches its own listeners from memory. What others commit comes as rows, by
`bus.poll` or `bus.notify`; a row of our own comes back that way too, so rows are known by their ids. Whoever
has open streams says so in a row of its own every half minute, and all others write events while such a row
is young. Where that cannot be known, because nobody looks (a command) or looking fails, they write.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from fedi.bus.events import EventKind, News, write
from fedi.db import Database, Tx
from fedi.models import Event

__all__ = ["BEAT_S", "ROWS_MAX", "Hub", "after", "by_ids", "look_around", "newest", "since"]

BEAT_S = 30.0
"""How often a process with open streams says that it listens, in seconds."""

LISTENING_S = 2.5 * BEAT_S
"""How long that is believed, in seconds: one beat may be late, and one lost."""

KNOWN_S = 10.0
"""How long it is believed that nobody else listens, in seconds; all loops look more often."""

SEEN_MAX = 20_000
"""Ids of events remembered, about 2 MB: far more than come in the half minute that is read again."""

KEPT_S = 5 * 60.0
"""How long rows are kept while somebody listens, in seconds: ten times what is read again."""

ROWS_MAX = 1_000
"""Events read at once."""

Hear = Callable[[News], None]


class Hub:
    """Where events of all processes meet those who listen in this one."""

    def __init__(self) -> None:
        self.number = secrets.randbits(53)
        """Tells this process from the others."""
        self._hearers: list[Hear] = []
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._known_at: datetime | None = None
        self._elsewhere_until: datetime | None = None
        self._stirred = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether somebody in this process listens."""
        return bool(self._hearers)

    def open(self, hear: Hear) -> None:
        """Begin to listen: `hear` is called for every event, and must be quick."""
        self._hearers.append(hear)
        self.stir()

    def close(self, hear: Hear) -> None:
        """Stop listening."""
        self._hearers.remove(hear)

    def stir(self) -> None:
        """Wake the loop that looks after other processes: it has something to do."""
        self._stirred.set()

    async def rest(self, seconds: float) -> None:
        """Return when stirred since the last rest, or after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            return
        self._stirred.clear()

    def is_wanted_elsewhere(self, now: datetime) -> bool:
        """Tell whether another process listens, or may: what was not looked at lately counts as unknown."""
        if self._known_at is None or now - self._known_at > timedelta(seconds=KNOWN_S):
            return True
        return self._elsewhere_until is not None and now < self._elsewhere_until

    def know(self, now: datetime) -> None:
        """Note that everything committed so far was looked at."""
        self._known_at = now

    def take(self, news: News) -> None:
        """Pass an event on, unless it was heard before."""
        if news.id is not None:
            if news.id in self._seen:
                return
            self._seen[news.id] = None
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
        if news.kind == EventKind.LISTENING:
            if news.subject_id != self.number:
                self._elsewhere_until = news.at + timedelta(seconds=LISTENING_S)
            return
        for hear in list(self._hearers):
            hear(news)


async def look_around(db: Database, hub: Hub, now: datetime, *, says: bool) -> None:
    """Find out whether others listen, and say that we do.

    Args:
        db: the database.
        hub: of this process.
        now: the present.
        says: whether it is time to say that this process listens.
    """
    if says:
        async with db.write() as tx:
            await tx.execute(delete(Event).where(Event.created_at < now - timedelta(seconds=KEPT_S)))
            await write(tx, News(kind=EventKind.LISTENING, subject_id=hub.number, at=now))
    young = now - timedelta(seconds=LISTENING_S)
    async with db.read() as tx:
        for news in await _read(tx, Event.kind == EventKind.LISTENING, Event.created_at > young):
            hub.take(news)
    hub.know(now)


async def newest(tx: Tx) -> int:
    """Return the id of the last event."""
    found = await tx.execute(select(Event.id).order_by(Event.id.desc()).limit(1))
    return found.scalar() or 0


async def since(tx: Tx, moment: datetime) -> list[News]:
    """Return the events from a moment on."""
    return await _read(tx, Event.created_at >= moment)


async def after(tx: Tx, event_id: int) -> list[News]:
    """Return the events with higher ids: all that came since, where one writer follows the other (SQLite)."""
    return await _read(tx, Event.id > event_id)


async def by_ids(tx: Tx, ids: Sequence[int]) -> list[News]:
    """Return some events."""
    return await _read(tx, Event.id.in_(ids))


async def _read(tx: Tx, *conditions: object) -> list[News]:
    table = Event.__table__
    statement = select(table).where(*conditions).order_by(table.c.id).limit(ROWS_MAX)  # type: ignore[arg-type] # clauses
    return [
        News(
            kind=row.kind,
            id=row.id,
            account_id=row.account_id,
            subject_id=row.subject_id,
            detail=row.detail,
            at=row.created_at,
        )
        for row in await tx.execute(statement)
    ]
