"""Small writes share a transaction, and one bad item harms nobody else."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from fedi.clock import utcnow
from fedi.db import Database, Tx
from fedi.jobs.batch import BATCH_MAX, GroupCommit
from fedi.models import Tombstone

pytestmark = pytest.mark.anyio


@pytest.fixture
async def db(database_url: str):
    made = Database(database_url)
    yield made
    await made.close()


async def write(tx: Tx, items: Sequence[str]) -> None:
    if "bad" in items:
        raise ValueError("bad")
    tx.add_all(Tombstone(iri=item, local=False, deleted_at=utcnow()) for item in items)


async def other(tx: Tx, items: Sequence[str]) -> None:
    await write(tx, [f"other {item}" for item in items])


async def count(db: Database) -> int:
    async with db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(Tombstone))).scalar_one()


async def test_one_item_is_committed_before_add_returns(db) -> None:
    await GroupCommit().add(db, write, "a")
    assert await count(db) == 1


async def test_items_that_come_together_share_few_transactions(db) -> None:
    commits = GroupCommit()
    await asyncio.gather(*(commits.add(db, write, f"item {n}") for n in range(50)))
    assert await count(db) == 50
    assert commits.commits <= 2


async def test_writers_share_a_transaction_too(db) -> None:
    commits = GroupCommit()
    await asyncio.gather(commits.add(db, write, "a"), commits.add(db, other, "a"))
    assert await count(db) == 2
    assert commits.commits == 1


async def test_a_batch_has_a_greatest_size(db) -> None:
    commits = GroupCommit()
    await asyncio.gather(*(commits.add(db, write, f"item {n}") for n in range(BATCH_MAX + 1)))
    assert commits.commits >= 2
    assert await count(db) == BATCH_MAX + 1


async def test_a_bad_item_fails_alone(db) -> None:
    commits = GroupCommit()
    results = await asyncio.gather(
        *(commits.add(db, write, item) for item in ("a", "bad", "b")), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), ValueError, type(None)]
    assert await count(db) == 2


async def test_it_goes_on_after_a_failure(db) -> None:
    commits = GroupCommit()
    with pytest.raises(ValueError, match="bad"):
        await commits.add(db, write, "bad")
    await commits.add(db, write, "good")
    assert await count(db) == 1


async def test_who_stops_waiting_loses_nothing(db) -> None:
    commits = GroupCommit()
    waiting = asyncio.create_task(commits.add(db, write, "a"))
    await asyncio.sleep(0)
    waiting.cancel()
    await commits.add(db, write, "b")
    assert await count(db) == 2
