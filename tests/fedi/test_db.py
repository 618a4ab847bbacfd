"""One door for reading and one for writing, alike on both databases."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, literal, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

from fedi.db import Database, Tx, insert, on_commit, step, stepped
from fedi.models import Account, Favourite, Marker, Peer, Tombstone

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def stone(iri: str, at: datetime = NOW) -> Tombstone:
    return Tombstone(iri=iri, deleted_at=at)


async def count(tx: Tx) -> int:
    return (await tx.execute(select(func.count()).select_from(Tombstone))).scalar_one()


def account(identifier: int = 1, **columns: object) -> Account:
    iri = f"https://fedi.test/users/{identifier}"
    return Account(
        id=identifier, username=f"u{identifier}", iri=iri, kind="Person", inbox=f"{iri}/inbox", public_keys=[],
        fields=[], emojis=[], also_known_as=[], created_at=NOW, **columns,
    )  # fmt: skip


async def test_what_is_written_is_there_when_the_block_ends(db: Database) -> None:
    async with db.write() as tx:
        tx.add(stone("a"))
    async with db.read() as tx:
        assert await count(tx) == 1


async def test_a_block_that_fails_leaves_nothing(db: Database) -> None:
    async def work() -> None:
        async with db.write() as tx:
            tx.add(stone("a"))
            await tx.flush()
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await work()
    async with db.read() as tx:
        assert await count(tx) == 0


async def test_a_cancelled_block_leaves_nothing_and_frees_the_writer(db: Database) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with db.write() as tx:
            tx.add(stone("a"))
            await tx.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), db.write() as tx:
        assert await count(tx) == 0


async def test_a_reader_sees_one_moment(db: Database) -> None:
    async with db.read() as reader:
        assert await count(reader) == 0
        async with db.write() as tx:
            tx.add(stone("a"))
        assert await count(reader) == 0
    async with db.read() as reader:
        assert await count(reader) == 1


async def test_nothing_is_written_through_the_door_for_reading(db: Database) -> None:
    async with db.read() as tx:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await tx.execute(insert(tx, Tombstone).values(iri="a", deleted_at=NOW))
    async with db.write() as tx:  # the refusal does not stick to a connection
        tx.add(stone("b"))
    async with db.read() as tx:
        assert await count(tx) == 1


async def test_writers_do_not_lose_one_another(db: Database) -> None:
    async with db.write() as tx:
        tx.add(account())

    async def work() -> None:
        for _ in range(5):
            async with db.write() as tx:
                await step(tx, Account, 1, statuses_count=1)

    await asyncio.gather(*(work() for _ in range(8)))
    async with db.read() as tx:
        assert (await tx.get_one(Account, 1)).statuses_count == 40


async def test_callbacks_run_after_the_commit_in_order_and_not_without_one(db: Database) -> None:
    heard: list[str] = []

    async def work() -> None:
        async with db.write() as tx:
            on_commit(tx, lambda: heard.append("never"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await work()
    async with db.write() as tx:
        tx.add(stone("a"))
        on_commit(tx, lambda: heard.append("first"))
        on_commit(tx, lambda: heard.append("second"))
        assert heard == []
    assert heard == ["first", "second"]


async def test_a_commit_that_fails_calls_nobody(db: Database) -> None:
    heard: list[str] = []

    async def work(word: str) -> None:
        async with db.write() as tx:
            on_commit(tx, lambda: heard.append(word))
            tx.add(stone("a"))

    await work("first")
    with pytest.raises(IntegrityError):
        await work("second")
    assert heard == ["first"]


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2028, 2, 29, 3, 0, tzinfo=timezone(timedelta(hours=-7))),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
async def test_a_moment_comes_back_in_utc_to_the_millisecond(db: Database, moment: datetime) -> None:
    async with db.write() as tx:
        tx.add(stone("a", moment))
    async with db.read() as tx:
        found = (await tx.execute(select(Tombstone.deleted_at))).scalar_one()
        assert found.utcoffset() == timedelta(0)
        assert abs(found - moment) <= timedelta(milliseconds=1)
        later = moment - timedelta(milliseconds=2)
        assert (await tx.execute(select(Tombstone.iri).where(Tombstone.deleted_at > later))).all()


async def test_a_moment_may_be_missing(db: Database) -> None:
    async with db.write() as tx:
        tx.add(account())
    async with db.read() as tx:
        assert (await tx.get_one(Account, 1)).suspended_at is None


async def test_a_moment_without_a_time_zone_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        async with db.write() as tx:
            tx.add(stone("a", datetime(2026, 11, 24, 12, 0)))  # noqa: DTZ001 - the mistake itself


async def test_json_keeps_its_shape_and_none_is_null(db: Database) -> None:
    shape = [{"name": "zoë", "n": 1.5, "deep": [None, True]}]
    async with db.write() as tx:
        tx.add(account(private_key_pem=None))
        await tx.flush()
        (await tx.get_one(Account, 1)).fields = shape
    async with db.read() as tx:
        assert (await tx.get_one(Account, 1)).fields == shape


async def test_a_snowflake_fits_wherever_ids_go(db: Database) -> None:
    largest = 2**63 - 1
    async with db.write() as tx:
        tx.add(account(largest))
        await tx.flush()
        assert (await tx.execute(select(literal(largest)))).scalar_one() == largest
        tx.add(Marker(account_id=largest, timeline="home", last_read_id=largest, version=1, updated_at=NOW))
    async with db.read() as tx:
        assert (await tx.execute(select(Marker.last_read_id))).scalar_one() == largest


async def test_foreign_keys_are_held(db: Database) -> None:
    with pytest.raises(IntegrityError):
        async with db.write() as tx:
            tx.add(Favourite(id=1, account_id=7, post_id=7, iri="x", created_at=NOW))


async def test_insert_speaks_the_dialect(db: Database) -> None:
    async with db.write() as tx:
        first = insert(tx, Tombstone).values(iri="a", deleted_at=NOW)
        await tx.execute(first.on_conflict_do_nothing(index_elements=[Tombstone.iri]))
        again = await tx.execute(
            first.on_conflict_do_update(index_elements=[Tombstone.iri], set_={"local": False}).returning(
                Tombstone.local
            )
        )
        assert again.scalar_one() is False


async def test_a_counter_steps_in_the_database_and_in_the_loaded_object(db: Database) -> None:
    async with db.write() as tx:
        tx.add_all([account(1), account(2)])
    async with db.write() as tx:
        held = await tx.get_one(Account, 1)
        await step(tx, Account, 1, statuses_count=2, followers_count=1)
        assert (held.statuses_count, held.followers_count) == (2, 1)
        await step(tx, Account, 1, statuses_count=-1)
        assert held.statuses_count == 1
        await step(tx, Account, 2, statuses_count=5)  # not loaded
        await step(tx, Account, 3, statuses_count=5)  # not there
    async with db.read() as tx:
        rows = await tx.execute(select(Account.id, Account.statuses_count).order_by(Account.id))
        assert [tuple(row) for row in rows] == [(1, 1), (2, 5)]


async def test_a_counter_never_goes_below_zero(db: Database) -> None:
    async with db.write() as tx:
        tx.add(account())
        await tx.flush()
        await step(tx, Account, 1, statuses_count=-3)
        assert (await tx.execute(select(Account.statuses_count))).scalar_one() == 0
        assert (await tx.execute(select(stepped(Account.statuses_count, -1)))).scalar_one() == 0
        assert (await tx.execute(select(stepped(Account.statuses_count, 4)))).scalar_one() == 4


async def test_what_is_loaded_stays_readable_after_the_transaction(db: Database) -> None:
    async with db.write() as tx:
        peer = Peer(host="a.test", first_seen_at=NOW)
        tx.add(peer)
    assert peer.host == "a.test"
    assert peer.failures == 0


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.slow)], indirect=True)
async def test_postgres_compiles_no_statement(db: Database) -> None:
    async with db.read() as reader, db.write() as writer:
        settings = [(await tx.execute(text("SHOW jit"))).scalar_one() for tx in (reader, writer)]
    assert settings == ["off", "off"]


async def test_sqlite_survives_a_power_cut(sqlite_template, tmp_path) -> None:
    db = Database(sqlite_template.copy_to(tmp_path / "fedi.db"))
    async with db.write() as tx:
        pragmas = {
            name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    await db.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_sqlite_writers_of_two_processes_wait_for_one_another(sqlite_template, tmp_path) -> None:
    url = sqlite_template.copy_to(tmp_path / "fedi.db")
    one, other = Database(url), Database(url)
    inside, waits = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with one.write() as tx:
            assert await count(tx) == 0
            inside.set()
            await waits.wait()
            tx.add(stone("a"))

    async def second() -> None:
        await inside.wait()
        asyncio.get_running_loop().call_later(0.05, waits.set)
        async with other.write() as tx:
            assert await count(tx) == 1  # the lock is taken before anything is read
            tx.add(stone("b"))

    await asyncio.gather(first(), second())
    async with one.read() as tx:
        assert await count(tx) == 2
    await one.close()
    await other.close()


async def test_a_file_that_cannot_be_opened_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    db = Database("sqlite+aiosqlite:////proc/nowhere/fedi.db")
    with pytest.raises(OperationalError, match="unable to open"):
        await db.engine.connect()
    await db.close()
    assert {
        thread.name for thread in set(threading.enumerate()) - before if "asyncio" not in thread.name
    } == set()


async def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE first (id)")
    other.execute("BEGIN IMMEDIATE")
    db = Database(f"sqlite+aiosqlite:///{path}")
    done = threading.Timer(0.2, other.execute, ["COMMIT"])
    done.start()
    try:
        async with db.engine.connect() as connection:
            mode = (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()
    finally:
        done.join()
        other.close()
        await db.close()
    assert mode == "wal"
