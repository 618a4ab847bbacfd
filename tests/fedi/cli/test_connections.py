"""Clients that begin a request and do not end it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fedi.cli import connections

pytestmark = pytest.mark.anyio

HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read a request to its end, but for one path, and say hello."""
    while scope["path"] != "/unread":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol], ids=["httptools", "h11"])
async def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server with limits that a test can wait for."""
    quick = {connections.Phase.HEAD: 0.3, connections.Phase.BODY: 0.6, connections.Phase.REST: 0.6}
    monkeypatch.setattr(connections, "SECONDS", quick)
    config = uvicorn.Config(
        app,
        http=connections.bounded(request.param),
        port=0,
        lifespan="off",
        log_config=None,
        timeout_keep_alive=5,
    )
    server = uvicorn.Server(config)
    server.capture_signals = asynccontextmanager(_nothing)  # type: ignore[method-assign,assignment] # pytest's are left alone
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def _nothing() -> AsyncIterator[None]:
    yield


async def say(port: int, *pieces: bytes, pause_s: float = 0.0, wait_s: float = 3.0) -> bytes:
    """Send pieces, and return all that comes until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(wait_s):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


@pytest.mark.parametrize(
    "pieces",
    [[], [b"GET / HT"], [b"GET / HTTP/1.1\r\n", *([b"X: y\r\n"] * 100)], [HELLO, b"GET / HTTP/1.1\r\nX: "]],
    ids=["nothing", "a line", "a drip", "a second request"],
)
async def test_a_head_that_does_not_end_is_hung_up_on(port: int, pieces: list[bytes]) -> None:
    answer = await say(port, *pieces, pause_s=0.05)
    assert b"408 Request Timeout" in answer
    assert answer.startswith(b"HTTP/1.1 200") == (pieces[:1] == [HELLO])


async def test_a_body_that_drips_is_hung_up_on(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    assert await say(port, head, *([b"x"] * 100), pause_s=0.05) == b""


async def test_a_head_without_end_is_hung_up_on(port: int) -> None:
    pieces = [b"GET / HTTP/1.1\r\n", *([b"X-A: " + b"y" * 1000 + b"\r\n"] * 5000)]
    answer = await say(port, *pieces)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


async def test_a_refused_body_may_end_and_no_more(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(5) == b"hello"
    for _ in range(5):  # more than a head may have
        writer.write(b"x" * 100_000)
        await writer.drain()
    writer.write(HELLO)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
    monkeypatch.setitem(connections.BYTES, connections.Phase.REST, 100_000)
    assert b"hello" in await say(port, head, *([b"x" * 10_000] * 50), pause_s=0.01)
    endless = b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"hello" in await say(port, endless, *([b"1\r\nx\r\n"] * 100), pause_s=0.05)


async def test_requests_that_arrive_are_answered_one_after_the_other(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(3):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(b"ab")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(5) == b"hello"
    await asyncio.sleep(0.5)  # longer than a head may take: nothing is owed between requests
    writer.write(HELLO)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    writer.close()
