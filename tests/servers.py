"""Whole servers in one process, for tests of what happens between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Dialect, select
from starlette.applications import Starlette

from fedi.app import build_app, open_context
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Database
from fedi.jobs import queue
from fedi.models import Account, Job, JobState, Role
from fedi.services import accounts
from fedi.worker import queues, run_one
from media.host import EngineHost

ROUNDS_MAX = 200
"""Rounds of work after which jobs that make jobs are taken for a loop."""


WINDOW_S = 300
"""Rate limits count within windows of this length, in seconds."""


ALONE = timedelta(days=365)
"""How long a server under test takes itself for the only process: nothing looks for others."""


class TickingClock:
    """The real time, moved to the start of the next window, and by what a test wants.

    A test that counts requests would otherwise fail when it happens to cross the end of a window. Servers of
    one test begin with the same offset: what one dates would otherwise come from the future for another.
    """

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def __call__(self) -> datetime:
        """Return the moment."""
        return datetime.now(UTC) + self.offset

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.offset += timedelta(seconds=seconds)


class Network(httpx.AsyncBaseTransport):
    """The internet of a test: hosts are ASGI applications or handlers; all others do not exist.

    `requests` holds what was sent, in order; `offset` is how far its time is ahead of ours.
    """

    def __init__(self) -> None:
        self.offset = timedelta(seconds=WINDOW_S - datetime.now(UTC).timestamp() % WINDOW_S)
        self.hosts: dict[str, httpx.AsyncBaseTransport] = {}
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request to its host."""
        self.requests.append(request)
        host = request.url.netloc.decode()
        if host not in self.hosts:
            raise httpx.ConnectError(f"{host} does not exist", request=request)
        return await self.hosts[host].handle_async_request(request)


@dataclass
class Server:
    """A server under test."""

    settings: Settings
    ctx: Context
    app: Starlette
    client: httpx.AsyncClient
    network: Network
    clock: TickingClock
    passwords: dict[str, str] = field(default_factory=dict)

    async def work(self, *names: str) -> int:
        """Do all jobs that are due, and those that they make, until none is left; return how many."""
        done = 0
        for _ in range(ROUNDS_MAX):
            claims: list[queue.Claim] = []
            due = await self._due()
            for name, how in queues(16).items():
                if name in due and (not names or name in names):
                    async with self.ctx.db.write() as tx:
                        claims += await queue.claim(
                            tx,
                            name,
                            limit=how.concurrency,
                            lease_s=600,
                            now=self.clock(),
                            per_host=how.per_host,
                        )
            if not claims:
                return done
            await asyncio.gather(*(run_one(self.ctx, job) for job in claims))
            done += len(claims)
        raise AssertionError("jobs make jobs without end")

    async def _due(self) -> set[str]:
        """Return which queues have something to do: most have not, and taking nothing costs a transaction."""
        waiting = select(Job.queue).where(Job.state == JobState.READY, Job.run_at <= self.clock()).distinct()
        async with self.ctx.db.read() as tx:
            return set((await tx.execute(waiting)).scalars())

    async def person(
        self, name: str, *, password: str | None = None, bot: bool = False, role: Role = Role.USER
    ) -> Account:
        """Make a local account."""
        hashed = await accounts.hash_password(password) if password else None
        async with self.ctx.db.write() as tx:
            return await accounts.create_local(
                self.ctx,
                tx,
                username=name,
                password_hash=hashed,
                kind="Service" if bot else "Person",
                operator=f"operator@{self.settings.domain}" if bot else None,
                role=role,
            )


_compiled: dict[str, tuple[Dialect, Any]] = {}


def share_compiled_statements(db: Database) -> None:
    """Let this database use the statements that others of its kind compiled before.

    SQLAlchemy compiles each statement once per engine, and a test has an engine of its own: most of its
    time went into compiling what the test before it had compiled.
    """
    for engine in {db._reader.sync_engine, db._writer.sync_engine}:
        dialect, cache = _compiled.setdefault(engine.dialect.name, (engine.dialect, engine._compiled_cache))
        engine.dialect, engine._compiled_cache = dialect, cache


@asynccontextmanager
async def open_server(
    origin: str, *, folder: Path, database_url: str, network: Network, **settings: Any
) -> AsyncIterator[Server]:
    """Open a server whose outgoing requests go to `network`, and put it there."""
    chosen = Settings(
        origin=origin,
        data_dir=str(folder),
        database_url=database_url,
        **{"rate_limits": False, "picture_size": 64, **settings},
    )
    clock = TickingClock(network.offset)
    painter = EngineHost(folder=None, engine="media.engines.painted:load")
    async with open_context(chosen, engine=painter, transport=network, clock=clock) as ctx:
        share_compiled_statements(ctx.db)
        ctx.hub.know(clock() + ALONE)
        async with ctx.db.write() as tx:
            await accounts.ensure_instance_actor(ctx, tx)
        app = build_app(ctx)
        inside = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        network.hosts[chosen.host] = inside
        async with httpx.AsyncClient(transport=inside, base_url=origin) as client:
            yield Server(settings=chosen, ctx=ctx, app=app, client=client, network=network, clock=clock)
