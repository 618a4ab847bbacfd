"""What a hub passes on, and what it knows of others."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from fedi.bus import hub as hubs
from fedi.bus.events import HUB, EventKind, News, is_heard, publish, write
from fedi.bus.hub import BEAT_S, KNOWN_S, LISTENING_S, Hub, look_around
from fedi.db import Database
from fedi.models import Event
from tests.databases import SqliteTemplate

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
async def db(sqlite_template: SqliteTemplate, tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_template.copy_to(tmp_path / "fedi.db"))
    yield opened
    await opened.close()


@pytest.fixture
def hub(db: Database) -> Hub:
    made = Hub()
    made.know(NOW)
    db.carried[HUB] = made
    return made


async def tell(db: Database, subject_id: int) -> None:
    async with db.write() as tx:
        await publish(tx, EventKind.UPDATE, now=NOW, subject_id=subject_id)


async def rows(db: Database) -> int:
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(Event))).scalar_one()


async def test_while_nobody_listens_nothing_is_written(db: Database, hub: Hub) -> None:
    await tell(db, 1)
    assert await rows(db) == 0
    async with db.write() as tx:
        assert not is_heard(tx, NOW)


async def test_who_listens_here_hears_after_the_commit_and_without_a_row(db: Database, hub: Hub) -> None:
    heard: list[News] = []
    hub.open(heard.append)
    async with db.write() as tx:
        await publish(tx, EventKind.DELETE, now=NOW, account_id=3, subject_id=1, detail={"a": 1})
        assert heard == []
        assert is_heard(tx, NOW)
    assert heard == [News(kind="delete", account_id=3, subject_id=1, detail={"a": 1}, at=NOW)]
    assert await rows(db) == 0
    hub.close(heard.append)
    await tell(db, 2)
    assert len(heard) == 1


async def test_what_is_rolled_back_is_never_heard(db: Database, hub: Hub) -> None:
    async def think_better_of_it() -> None:
        async with db.write() as tx:
            await publish(tx, EventKind.UPDATE, now=NOW, subject_id=1)
            raise RuntimeError

    heard: list[News] = []
    hub.open(heard.append)
    with pytest.raises(RuntimeError):
        await think_better_of_it()
    assert heard == []


async def test_while_another_process_listens_a_row_is_written(db: Database, hub: Hub) -> None:
    other = Hub()
    await look_around(db, other, NOW, says=True)
    await look_around(db, hub, NOW, says=False)
    await tell(db, 1)
    assert await rows(db) == 2
    hub.know(NOW + timedelta(seconds=LISTENING_S))
    assert not hub.is_wanted_elsewhere(NOW + timedelta(seconds=LISTENING_S)), "it fell silent"
    assert LISTENING_S > 2 * BEAT_S, "one beat may be lost"


async def test_the_word_of_this_process_is_not_anothers(db: Database, hub: Hub) -> None:
    await look_around(db, hub, NOW, says=True)
    assert not hub.is_wanted_elsewhere(NOW)


@pytest.mark.parametrize("who", ["a command", "a loop that hangs"])
async def test_where_it_is_not_known_whether_others_listen_a_row_is_written(
    db: Database, who: str, hub: Hub
) -> None:
    if who == "a command":
        db.carried.clear()
    else:
        hub.know(NOW - timedelta(seconds=KNOWN_S + 1))
    await tell(db, 1)
    assert await rows(db) == 1


async def test_a_row_is_heard_once(db: Database, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[News] = []
    hub.open(heard.append)
    async with db.write() as tx:
        news = await write(tx, News(kind=EventKind.UPDATE, subject_id=1, at=NOW))
    hub.take(news)
    hub.take(news)
    assert heard == [news]
    monkeypatch.setattr(hubs, "SEEN_MAX", 1)
    hub.take(News(kind=EventKind.UPDATE, id=news.at.year, at=NOW))
    assert len(hub._seen) == 1, "what is remembered is bounded"
