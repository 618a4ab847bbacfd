"""Hearing on PostgreSQL what another process committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from fedi.bus import notify
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
async def listening(db: Database, wake: Wake) -> AsyncIterator[asyncio.Task[None]]:
    """Listen; the block begins when PostgreSQL knows of it."""
    task = asyncio.create_task(notify.listen(db, wake))
    try:
        await listener(db)
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

    async def listen_once(_db: Database, _wake: Wake) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise trouble
        again.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(notify, "_listen_once", listen_once)
    task = asyncio.create_task(
        notify.listen(Database("postgresql+asyncpg://nobody@127.0.0.1:1/none"), Wake())
    )
    async with asyncio.timeout(5):
        await again.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_stops_listening_gives_a_clean_connection_back(db: Database, elsewhere: Database) -> None:
    async with listening(db, Wake()):
        pass
    async with elsewhere.read() as tx:
        assert (await tx.execute(LISTENERS)).scalar() is None


async def test_on_sqlite_there_is_nothing_to_hear(tmp_path: Path) -> None:
    db = Database(f"sqlite+aiosqlite:///{tmp_path}/fedi.db")
    async with asyncio.timeout(5):
        await notify.listen(db, Wake())
    await db.close()


async def test_on_sqlite_announcing_says_nothing(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    db = Database(sqlite_template.copy_to(tmp_path / "fedi.db"))
    async with db.write() as tx:
        await Wake().announce(tx, ["inbox"])
    await db.close()
