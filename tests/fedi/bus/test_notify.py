"""Hearing on PostgreSQL what another process committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from fedi.bus import notify
from fedi.bus.events import EventKind, News, publish, write
from fedi.bus.hub import Hub
from fedi.clock import Clock, utcnow
from fedi.db import Database
from fedi.jobs import queue
from fedi.jobs.wake import CHANNEL, Wake
from tests.databases import Postgres, SqliteTemplate

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.xdist_group("postgres")]

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
JOB = queue.NewJob(queue="inbox", kind="k")
LISTENERS = text(
    "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = current_database()"
)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.emptied()


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    yield opened
    await opened.close()


@pytest.fixture
async def elsewhere(url: str) -> AsyncIterator[Database]:
    """The same database, as another process has it."""
    opened = Database(url)
    yield opened
    await opened.close()


@contextlib.asynccontextmanager
async def listening(
    db: Database, wake: Wake | None = None, hub: Hub | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Listen; the block begins when PostgreSQL knows of it."""
    hub = hub or Hub()
    task = asyncio.create_task(notify.listen(db, wake or Wake(), hub, utcnow))
    try:
        await listener(db)
        async with asyncio.timeout(10):
            while hub.is_wanted_elsewhere(utcnow()):  # noqa: ASYNC110 - another process's loop has no event
                await asyncio.sleep(0.01)
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def listener(db: Database, *, unlike: int | None = None) -> int:
    """Return the process id of who listens, waiting for one."""
    async with asyncio.timeout(10):
        while True:
            async with db.read() as tx:
                pid = (await tx.execute(LISTENERS)).scalar()
            if pid is not None and pid != unlike:
                return int(pid)
            await asyncio.sleep(0.01)


async def heard(wake: Wake, name: str) -> None:
    async with asyncio.timeout(10):
        await wake.wait(name, 60)


def silent(wake: Wake, name: str) -> bool:
    return not wake._event(name).is_set()


async def test_a_commit_elsewhere_wakes_who_waits_here(db: Database, elsewhere: Database) -> None:
    wake = Wake()
    async with listening(db, wake):
        async with elsewhere.write() as tx:
            await queue.enqueue(tx, Wake(), [JOB], now=NOW)
            assert silent(wake, "inbox")
        await heard(wake, "inbox")
        assert silent(wake, "deliver")


async def test_what_is_rolled_back_is_never_heard(db: Database, elsewhere: Database) -> None:
    async def think_better_of_it() -> None:
        async with elsewhere.write() as tx:
            await queue.enqueue(tx, Wake(), [JOB], now=NOW)
            raise RuntimeError

    wake = Wake()
    async with listening(db, wake):
        with pytest.raises(RuntimeError):
            await think_better_of_it()
        async with elsewhere.write() as tx:  # notifications come in the order of commits
            await Wake().announce(tx, ["deliver"])
        await heard(wake, "deliver")
        assert silent(wake, "inbox")


async def test_revived_jobs_are_heard_as_well(db: Database, elsewhere: Database) -> None:
    async with elsewhere.write() as tx:
        await queue.enqueue(tx, Wake(), [JOB], now=NOW)
        [job] = await queue.claim(tx, "inbox", limit=1, lease_s=60, now=NOW)
        await queue.bury(tx, job, error="no")
    wake = Wake()
    async with listening(db, wake):
        async with elsewhere.write() as tx:
            await queue.revive(tx, Wake(), kind=None, now=NOW)
        await heard(wake, "inbox")


async def test_a_lost_connection_is_made_again(
    db: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "RECONNECT_S", 0.01)
    wake = Wake()
    async with listening(db, wake) as task:
        first = await listener(elsewhere)
        async with elsewhere.write() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": first})
        await listener(elsewhere, unlike=first)
        async with elsewhere.write() as tx:
            await tx.execute(text("SELECT pg_notify(:channel, 'gpu')"), {"channel": CHANNEL})
        await heard(wake, "gpu")
        assert not task.done()


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionRefusedError("down"),
        OperationalError("", None, Exception("the database system is starting up")),
        RuntimeError("an error of the driver, whose classes may not be installed"),
    ],
)
async def test_a_database_that_is_down_is_asked_again(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "RECONNECT_S", 0)
    again = asyncio.Event()
    tries = 0

    async def listen_once(_db: Database, _wake: Wake, _hub: Hub, _clock: Clock) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise trouble
        again.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(notify, "_listen_once", listen_once)
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    task = asyncio.create_task(notify.listen(nowhere, Wake(), Hub(), utcnow))
    async with asyncio.timeout(5):
        await again.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_stops_listening_gives_a_clean_connection_back(db: Database, elsewhere: Database) -> None:
    async with listening(db):
        pass
    async with elsewhere.read() as tx:
        assert (await tx.execute(LISTENERS)).scalar() is None


# --- events ---------------------------------------------------------------------------------------------------


class Ear:
    """Somebody who listens, and what they heard."""

    def __init__(self, hub: Hub) -> None:
        self.heard: list[int | None] = []
        self._more = asyncio.Event()
        hub.open(self.hear)

    def hear(self, news: News) -> None:
        self.heard.append(news.subject_id)
        self._more.set()

    async def until(self, subject_id: int) -> None:
        async with asyncio.timeout(10):
            while subject_id not in self.heard:
                self._more.clear()
                await self._more.wait()


async def tell(db: Database, subject_id: int) -> None:
    async with db.write() as tx:
        await publish(tx, EventKind.UPDATE, now=utcnow(), subject_id=subject_id)


async def test_an_event_elsewhere_is_heard_once(db: Database, elsewhere: Database) -> None:
    hub = Hub()
    ear = Ear(hub)
    async with listening(db, hub=hub):
        await tell(elsewhere, 1)
        await ear.until(1)
        await notify._read_again(db, hub, utcnow())
        await tell(elsewhere, 2)
        await ear.until(2)
    assert ear.heard == [1, 2]


async def test_an_event_that_is_committed_late_is_heard_although_its_id_is_lower(
    db: Database, elsewhere: Database
) -> None:
    hub = Hub()
    ear = Ear(hub)
    async with listening(db, hub=hub):
        async with elsewhere.write() as slow:
            await publish(slow, EventKind.UPDATE, now=utcnow(), subject_id=1)
            await tell(elsewhere, 2)
            await ear.until(2)
        await ear.until(1)
    assert ear.heard == [2, 1]


async def test_what_was_committed_while_the_connection_was_lost_is_heard(
    db: Database, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "RECONNECT_S", 0.01)
    hub = Hub()
    ear = Ear(hub)
    async with listening(db, hub=hub):
        await tell(elsewhere, 1)
        await ear.until(1)
        pid = await listener(elsewhere)
        async with elsewhere.write() as tx:  # ends the listener, and tells in the same moment
            await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            table = "INSERT INTO event (kind, subject_id, created_at) VALUES ('update', 2, :now)"
            await tx.execute(text(table), {"now": round(utcnow().timestamp() * 1000)})
        await ear.until(2)
    assert ear.heard == [1, 2]


async def test_after_a_lost_connection_old_events_are_left(db: Database, elsewhere: Database) -> None:
    async with elsewhere.write() as tx:
        old = utcnow() - timedelta(seconds=notify.AGAIN_S + 1)
        await write(tx, News(kind=EventKind.UPDATE, subject_id=1, at=old))
    hub = Hub()
    ear = Ear(hub)
    async with listening(db, hub=hub):
        await tell(elsewhere, 2)
        await ear.until(2)
    assert ear.heard == [2]


async def test_a_process_learns_at_once_that_another_listens(db: Database, elsewhere: Database) -> None:
    here, there = Hub(), Hub()
    async with listening(db, hub=here), listening(elsewhere, hub=there):
        assert not here.is_wanted_elsewhere(utcnow())
        Ear(there)
        async with asyncio.timeout(notify.LOOK_S / 2):
            while not here.is_wanted_elsewhere(utcnow()):  # noqa: ASYNC110 - another process's loop has no event
                await asyncio.sleep(0.01)
        assert not there.is_wanted_elsewhere(utcnow()), "its own word is not another's"


async def test_on_sqlite_announcing_says_nothing(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    db = Database(sqlite_template.copy_to(tmp_path / "fedi.db"))
    async with db.write() as tx:
        await Wake().announce(tx, ["inbox"])
    await db.close()
