"""Making an instance ready: migrated when it must be, refused in a sentence when it cannot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from fedi import migrate, schema
from fedi.app import open_context
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import SettingsError
from fedi.migrations import HEAD
from fedi.models import Account
from media.host import EngineHost

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design

Open = Callable[..., Awaitable[Context]]


@pytest.fixture
async def open_ctx(tmp_path: Path) -> AsyncIterator[Open]:
    """Open contexts on a database: those of one process each."""
    async with AsyncExitStack() as stack:

        async def opened(url: str) -> Context:
            settings = Settings(origin="https://fedi.test", data_dir=str(tmp_path / "data"), database_url=url)
            painter = EngineHost(folder=None, engine="media.engines.painted:load")
            return await stack.enter_async_context(open_context(settings, engine=painter))

        yield opened


async def put_revision(ctx: Context, revision: str) -> None:
    async with ctx.db.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})


async def actors(ctx: Context) -> int:
    async with ctx.db.read() as tx:
        found = select(func.count()).select_from(Account).where(Account.kind == "Application")
        return (await tx.execute(found)).scalar_one()


@pytest.mark.slow
async def test_an_empty_database_has_no_revision_and_becomes_ready(open_ctx: Open, tmp_path: Path) -> None:
    ctx = await open_ctx(f"sqlite+aiosqlite:///{tmp_path}/new.db")
    assert await schema.revision(ctx.db) is None
    await schema.prepare(ctx)
    assert await schema.revision(ctx.db) == HEAD
    assert await actors(ctx) == 1


async def test_a_half_made_database_has_no_revision(open_ctx: Open, database_url: str) -> None:
    ctx = await open_ctx(database_url)
    async with ctx.db.write() as tx:
        await tx.execute(text("DELETE FROM alembic_version"))
    try:
        assert await schema.revision(ctx.db) is None
    finally:
        async with ctx.db.write() as tx:
            await tx.execute(text("INSERT INTO alembic_version VALUES (:at)"), {"at": HEAD})


async def test_a_ready_database_is_left_alone(
    open_ctx: Open, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_ctx: Context) -> None:
        raise AssertionError("nothing is to be migrated")

    monkeypatch.setattr(schema, "migrate", never)
    ctx = await open_ctx(database_url)
    keys = select(Account.public_keys).order_by(Account.id)
    await schema.prepare(ctx)
    async with ctx.db.read() as tx:
        first = (await tx.execute(keys)).scalars().all()
    await schema.prepare(ctx)
    async with ctx.db.read() as tx:
        assert (await tx.execute(keys)).scalars().all() == first
    assert len(first) == 2, "the server's own actor and its generator's"


async def test_the_instance_actor_is_made_once_by_processes_that_begin_together(
    open_ctx: Open, database_url: str
) -> None:
    contexts = [await open_ctx(database_url) for _ in range(3)]
    await asyncio.gather(*(schema.prepare(ctx) for ctx in contexts))
    assert await actors(contexts[0]) == 1


async def test_a_database_of_a_newer_version_is_refused(open_ctx: Open, database_url: str) -> None:
    ctx = await open_ctx(database_url)
    await put_revision(ctx, "9999")
    try:
        with pytest.raises(SettingsError, match="revision 9999, this version knows") as refusal:
            await schema.prepare(ctx)
    finally:
        await put_revision(ctx, HEAD)
    assert (refusal.value.key, refusal.value.mend) == ("database_url", "run a newer fedi")
    assert await actors(ctx) == 0


@pytest.mark.slow
async def test_a_migration_that_fails_is_told_in_a_sentence(open_ctx: Open, tmp_path: Path) -> None:
    ctx = await open_ctx(f"sqlite+aiosqlite:///{tmp_path}/strange.db")
    async with ctx.db.write() as tx:
        await tx.execute(text("CREATE TABLE account (id INTEGER)"))
    with pytest.raises(SettingsError, match="the migration failed") as refusal:
        await schema.prepare(ctx)
    assert "already exists" in refusal.value.cause
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    ["postgresql+asyncpg://nobody@127.0.0.1:1/none", "sqlite+aiosqlite:////proc/nowhere/fedi.db"],
)
async def test_a_database_that_cannot_be_opened_is_told_in_a_sentence(open_ctx: Open, url: str) -> None:
    ctx = await open_ctx(url)
    with pytest.raises(SettingsError, match="the database cannot be opened") as refusal:
        await schema.revision(ctx.db)
    assert refusal.value.key == "database_url"
    assert "\n" not in str(refusal.value)


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
async def test_a_database_that_does_not_exist_is_told_in_a_sentence(open_ctx: Open, absent: str) -> None:
    ctx = await open_ctx(absent)
    with pytest.raises(SettingsError, match='"no_such" does not exist'):
        await schema.revision(ctx.db)


@pytest.fixture
def absent(postgres: Any) -> str:
    return str(postgres.database_url).rsplit("/", 1)[0] + "/no_such"


async def test_the_lock_for_setting_up_is_held_until_the_end(open_ctx: Open, database_url: str) -> None:
    ctx, other = await open_ctx(database_url), await open_ctx(database_url)
    order: list[str] = []

    async def first(inside: asyncio.Event) -> None:
        async with ctx.db.engine.begin() as connection:
            await schema.alone(connection)
            inside.set()
            await asyncio.sleep(0.05)
            order.append("first")

    async def second(inside: asyncio.Event) -> None:
        await inside.wait()
        await migrate.upgrade(other.db)
        order.append("second")

    inside = asyncio.Event()
    await asyncio.gather(first(inside), second(inside))
    assert order == ["first", "second"]
