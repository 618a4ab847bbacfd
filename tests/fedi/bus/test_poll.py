"""Hearing on SQLite what another process committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from fedi.bus.events import HUB, EventKind, News, publish
from fedi.bus.hear import hear
from fedi.bus.hub import Hub
from fedi.clock import utcnow
from fedi.db import Database
from fedi.jobs.wake import Wake
from tests.databases import SqliteTemplate

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def process(url: str) -> AsyncIterator[Database]:
    """Open the database as a process of its own has it, and look for others."""
    db, hub = Database(url), Hub()
    db.carried[HUB] = hub
    task = asyncio.create_task(hear(db, Wake(), hub, utcnow))
    try:
        async with asyncio.timeout(10):
            while hub.is_wanted_elsewhere(utcnow()):  # noqa: ASYNC110 - another process's loop has no event
                await asyncio.sleep(0.01)
        yield db
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await db.close()


def hub_of(db: Database) -> Hub:
    hub: Hub = db.carried[HUB]
    return hub


async def tell(db: Database, subject_id: int) -> None:
    async with db.write() as tx:
        await publish(tx, EventKind.UPDATE, now=utcnow(), subject_id=subject_id)


async def test_an_event_of_another_process_is_heard_once_and_in_order(
    sqlite_template: SqliteTemplate, tmp_path: Path
) -> None:
    url = sqlite_template.copy_to(tmp_path / "fedi.db")
    async with process(url) as here, process(url) as there:
        await tell(there, 0)  # nobody listens yet
        heard: list[int | None] = []
        done = asyncio.Event()

        def note(news: News) -> None:
            heard.append(news.subject_id)
            if len(heard) == 4:
                done.set()

        hub_of(here).open(note)
        async with asyncio.timeout(10):
            while not hub_of(there).is_wanted_elsewhere(utcnow()):  # noqa: ASYNC110 - another process's loop has no event
                await asyncio.sleep(0.01)
            assert not hub_of(here).is_wanted_elsewhere(utcnow()), "its own word is not another's"
            await tell(there, 1)
            await tell(there, 2)
            command = Database(url)
            await tell(command, 3)
            await command.close()
            while 3 not in heard:  # noqa: ASYNC110 - another process's loop has no event
                await asyncio.sleep(0.01)
            await tell(here, 4)  # from memory
            await done.wait()
        assert heard == [1, 2, 3, 4]


async def test_a_database_that_is_away_for_a_moment_is_looked_at_again(
    sqlite_template: SqliteTemplate, tmp_path: Path
) -> None:
    url = sqlite_template.copy_to(tmp_path / "fedi.db")
    async with process(url) as here:
        heard = asyncio.Event()
        hub_of(here).open(lambda _news: heard.set())
        async with here.write() as tx:
            await tx.execute(text("ALTER TABLE event RENAME TO away"))
        await asyncio.sleep(0.2)
        async with here.write() as tx:
            await tx.execute(text("ALTER TABLE away RENAME TO event"))
        command = Database(url)
        await tell(command, 1)
        await command.close()
        async with asyncio.timeout(10):
            await heard.wait()
