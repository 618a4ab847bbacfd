"""A real `fedi serve` for the bench."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from fedi.app import open_context
from fedi.config import load
from fedi.context import Context
from fedi.schema import prepare
from tests.bench.harness import server_environment

START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server process."""

    pid: int
    port: int
    origin: str


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def context_for(data_dir: Path, origin: str, **more: str) -> AsyncIterator[Context]:
    """Open the instance in this process, to fill it."""
    async with open_context(load(server_environment(data_dir, origin, **more))) as ctx:
        await prepare(ctx)
        yield ctx


@asynccontextmanager
async def serving(data_dir: Path, origin: str, *arguments: str, **more: str) -> AsyncIterator[Running]:
    """Start `fedi serve` and stop it at the end."""
    port = int(origin.rpartition(":")[2])
    environment = server_environment(data_dir, origin, FEDI_PORT=str(port), **more)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fedi", "serve", *arguments, env=environment
    )
    try:
        await _answering(origin)
        yield Running(pid=child.pid, port=port, origin=origin)
    finally:
        child.terminate()
        await child.wait()


async def _answering(origin: str) -> None:
    async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{origin}/health")).status_code == 200:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
