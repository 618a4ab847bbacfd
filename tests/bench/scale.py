"""A page of the home timeline with a hundred times as many posts on the server, on both databases.

Two instances are filled the same way, with 10,000 and with a million posts, and their pages are asked in turn:
by somebody who follows 500 people, and by somebody who follows 20 who only posted when the server was young.
The kept JSON of posts is forgotten before each page, so that all of it is made. Then a post is written into the
home timelines of 5,000 followers.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text

from fedi.app import build_app
from fedi.context import Context
from fedi.models import Account, Follow, FollowState, HomeEntry, Post
from fedi.services import accounts, homing
from tests.bench.harness import ROUNDS, Result, Sample, compare, cpu_of, own_cpu
from tests.bench.home import page, token_for
from tests.bench.process import context_for
from tests.databases import postgres_or_skip

SMALL, LARGE = 10_000, 1_000_000
"""Posts."""
PEOPLE = 2000
FOLLOWED_BY_BUSY = 500
RARE = 20
"""Accounts that only wrote the first posts."""
RARE_POSTS = 200
KEPT_AT_HOME = 800
"""Entries of a home timeline that many follow for."""
FANS = 5000
PAGES = 50
"""Of one slice."""
GROWTH_MAX = 1.3
ROW_US_MAX = 10.0
CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A filled instance."""

    ctx: Context
    app: Any
    busy: str
    rare: str
    backends: tuple[int, ...] = ()
    """Processes of the database server that work for it."""

    def cpu_s(self) -> float:
        """Return the CPU seconds spent so far, the database's among them."""
        return own_cpu() + sum(cpu_of(pid) for pid in self.backends)


async def bench(folder: Path) -> list[Result]:
    """Measure and compare, on SQLite and, where it is installed, on PostgreSQL."""
    results = await _bench(folder, "SQLite", "", "")
    starting = postgres_or_skip(pytest.TempPathFactory)  # type: ignore[arg-type] # not looked at
    try:
        server = await asyncio.to_thread(starting.__enter__)
    except pytest.skip.Exception:
        return results
    try:
        bare = await asyncio.to_thread(server.bare)
        return results + await _bench(folder, "PostgreSQL", server.database_url, bare)
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)


async def _bench(folder: Path, database: str, small_url: str, large_url: str) -> list[Result]:
    async with AsyncExitStack() as stack:
        small, large = [
            await stack.enter_async_context(_instance(folder / f"{database}{posts}", url, posts))
            for posts, url in ((SMALL, small_url), (LARGE, large_url))
        ]
        results = [
            await compare(
                f"home of who follows {who}, {database}",
                ours=lambda viewer=viewer: _pages(large, viewer(large)),  # type: ignore[misc] # bound now
                floor=lambda viewer=viewer: _pages(small, viewer(small)),  # type: ignore[misc]
                goal=1 / GROWTH_MAX,
            )
            for who, viewer in (("many", lambda one: one.busy), ("rare ones", lambda one: one.rare))
        ]
        return [*results, await _fan_out(large, database)]


async def _pages(instance: Instance, token: str) -> Sample:
    before = instance.cpu_s()
    for _ in range(PAGES):
        instance.ctx.memory.statuses._entries.clear()
        await page(instance.app, token)
    return Sample(operations=PAGES, cpu_s=instance.cpu_s() - before)


async def _fan_out(instance: Instance, database: str) -> Result:
    """Write a post into its author's followers' home timelines, again and again."""
    found = []
    async with instance.ctx.db.read() as tx:
        post = await tx.get_one(Post, RARE)
    assert post.account_id == 1, "whom all fans follow"
    for _ in range(ROUNDS + 1):
        async with instance.ctx.db.write() as tx:
            await tx.execute(delete(HomeEntry).where(HomeEntry.post_id == post.id))
        before = instance.cpu_s()
        async with instance.ctx.db.write() as tx:
            await homing.fan_out_home(tx, post)
        found.append((instance.cpu_s() - before) / FANS * 1e6)
        async with instance.ctx.db.read() as tx:
            written = select(func.count()).select_from(HomeEntry).where(HomeEntry.post_id == post.id)
            assert (await tx.execute(written)).scalar_one() >= FANS
    spent = sorted(found[1:])
    row_us = spent[len(spent) // 2]
    return Result(
        name=f"a row of a home timeline, {database}", ratio=ROW_US_MAX / row_us, goal=1.0, ours_us=row_us,
        spread=(ROW_US_MAX / spent[-1], ROW_US_MAX / spent[0]), floor_us=ROW_US_MAX,
        notes=[f"wanted ≤ {ROW_US_MAX:.0f} µs"],
    )  # fmt: skip


@asynccontextmanager
async def _instance(folder: Path, url: str, posts: int) -> AsyncIterator[Instance]:
    await asyncio.to_thread(folder.mkdir)
    switches = {"FEDI_DATABASE_URL": url} if url else {}
    async with context_for(folder, "http://127.0.0.1:9", **switches) as ctx:
        async with ctx.db.write() as tx:
            busy = await accounts.create_local(ctx, tx, username="busy")
            rare = await accounts.create_local(ctx, tx, username="rare", private_key_pem=busy.private_key_pem)
            tokens = [await token_for(ctx, tx, reader) for reader in (busy, rare)]
            connection = await tx.connection()
            await connection.execute(insert(Account), _people(ctx))
            follows = [(busy.id, key) for key in range(1 + RARE, 1 + RARE + FOLLOWED_BY_BUSY)]
            follows += [(rare.id, key) for key in range(1, 1 + RARE)]
            follows += [(PEOPLE + 1 + number, 1) for number in range(FANS)]
            await connection.execute(insert(Follow), _follows(ctx, follows))
        await _fill(ctx, posts, busy.id, rare.id)
        backends: tuple[int, ...] = ()
        app = build_app(ctx)
        for token in tokens:
            await page(app, token)
        if not ctx.db.is_sqlite:
            async with ctx.db.read() as tx:
                mine = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
                backends = tuple((await tx.execute(mine)).scalars())
        yield Instance(ctx=ctx, app=app, busy=tokens[0], rare=tokens[1], backends=backends)


def _people(ctx: Context) -> list[dict[str, Any]]:
    """Return people of other servers, who write, and people here, who follow the first of them."""
    return [
        {
            "id": key, "username": f"p{key}", "domain": "" if key > PEOPLE else f"h{key % 50}.test",
            "iri": f"https://h{key % 50}.test/users/{key}", "kind": "Person", "inbox": "https://h.test/inbox",
            "public_keys": [], "fields": [], "emojis": [], "also_known_as": [], "created_at": ctx.clock(),
        }
        for key in range(1, PEOPLE + FANS + 1)
    ]  # fmt: skip


def _follows(ctx: Context, pairs: list[tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "id": key, "account_id": who, "target_id": whom, "state": FollowState.ACCEPTED,
            "iri": f"https://fedi.test/follows/{key}", "created_at": ctx.clock(),
        }
        for key, (who, whom) in enumerate(pairs, start=1)
    ]  # fmt: skip


async def _fill(ctx: Context, posts: int, busy_id: int, rare_id: int) -> None:
    for start in range(1, posts + 1, CHUNK):
        rows = list(_posts(ctx, start, min(start + CHUNK, posts + 1)))
        async with ctx.db.write() as tx:
            await (await tx.connection()).execute(insert(Post), rows)
    async with ctx.db.write() as tx:
        followed = select(Post.id).where(Post.account_id.between(1 + RARE, RARE + FOLLOWED_BY_BUSY))
        recent = (await tx.execute(followed.order_by(Post.id.desc()).limit(KEPT_AT_HOME))).scalars().all()
        entries = [{"account_id": busy_id, "post_id": key} for key in recent]
        entries += [{"account_id": rare_id, "post_id": key} for key in range(1, RARE_POSTS + 1)]
        # Others have home timelines too, of what came last.
        entries += [
            {"account_id": PEOPLE + 1 + reader, "post_id": posts - place}
            for reader in range(100)
            for place in range(KEPT_AT_HOME)
        ]
        await (await tx.connection()).execute(insert(HomeEntry), entries)
    if not ctx.db.is_sqlite:
        async with ctx.db.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))


def _posts(ctx: Context, start: int, stop: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(start)
    for key in range(start, stop):
        author = 1 + key % RARE if key <= RARE_POSTS else chance.randrange(1 + RARE, PEOPLE + 1)
        yield {
            "id": key, "iri": f"https://h.test/posts/{key}", "account_id": author, "local": False,
            "visibility": "public", "content": f"<p>Post {key}, of some words that stand for a few more.</p>" * 4,
            "emojis": [], "created_at": ctx.clock(),
        }  # fmt: skip
