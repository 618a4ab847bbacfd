"""G10: memory of an idle `fedi serve`, which must not hold torch, and after requests."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.harness import memory_of
from tests.bench.process import context_for, free_port, serving

REQUESTS = 2000
SETTLE_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a server takes, in MB (10^6 bytes)."""

    idle_rss: float
    idle_pss: float
    used_rss: float


async def bench(folder: Path) -> Memory:
    """Start a server, look, ask it a lot, and look again."""
    origin = f"http://127.0.0.1:{free_port()}"
    async with context_for(folder, origin):
        pass
    async with serving(folder, origin) as server:
        await asyncio.sleep(SETTLE_S)
        rss, pss = memory_of(server.pid)
        async with httpx.AsyncClient(base_url=origin) as client:
            for _ in range(REQUESTS // 2):
                await client.get("/api/v2/instance")
                await client.get("/")
        used, _ = memory_of(server.pid)
    return Memory(idle_rss=rss, idle_pss=pss, used_rss=used)
