"""Two whole servers in one process, which reach one another by host."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.conftest import MakeServer
from tests.servers import Server

ROUNDS_MAX = 20


@dataclass
class Pair:
    """Two servers."""

    a: Server
    b: Server

    async def settle(self) -> None:
        """Let both work until neither has anything left to do."""
        for _ in range(ROUNDS_MAX):
            if not await self.a.work() + await self.b.work():
                return
        raise AssertionError("they answer one another without end")


MakePair = Callable[..., Awaitable[Pair]]


@pytest.fixture
def make_pair(make_server: MakeServer) -> MakePair:
    """Make two servers with the same settings."""

    async def make(**settings: object) -> Pair:
        return Pair(
            a=await make_server("https://a.test", **settings),
            b=await make_server("https://b.test", **settings),
        )

    return make


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["open", "authorized fetch"])
async def pair(request: pytest.FixtureRequest, make_pair: MakePair) -> Pair:
    """Two servers that read one another freely, and two that want every request signed."""
    return await make_pair(authorized_fetch=request.param)
