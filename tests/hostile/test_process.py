"""A running server under slow, endless and broken requests: it stays there for others, and stays small."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.peers.server_process import Instance, Running, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

ADDRESS = "127.0.0.1"
MIB = 1024 * 1024
SLOW = 200
RSS_BYTES_MAX = 50 * MIB
WAIT_S_MAX = 2.0
"""For a page while all that goes on, in seconds; half a second on an idle machine of two cores."""

INBOX = b"POST /inbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/activity+json\r\nSignature: x\r\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server as its operator runs it."""
    port = free_port(ADDRESS)
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("hostile") / "data", origin=f"http://{ADDRESS}:{port}", bind=ADDRESS, port=port,
        settings={"FEDI_PICTURE_SIZE": "64"}, module="tests.peers.painted_fedi",
    )  # fmt: skip
    instance.cli("init", "--origin", instance.origin)
    server = instance.start("serve")
    yield server
    server.stop()


@pytest.fixture
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with an honest request."""
    async with httpx.AsyncClient(base_url=running.instance.origin, trust_env=False, timeout=30) as made:
        await made.get("/api/v2/instance")  # what is built once is built
        yield made


def rss(running: Running) -> int:
    return int(Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def pages_come(client: httpx.AsyncClient) -> None:
    begun = time.monotonic()
    for path in ("/", "/api/v2/instance", "/.well-known/nodeinfo"):
        assert (await client.get(path)).status_code == 200
    assert time.monotonic() - begun < WAIT_S_MAX


async def opened(running: Running, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(ADDRESS, running.instance.port)
    writer.write(data)
    return reader, writer


@pytest.mark.parametrize(
    "beginning",
    [b"", b"POST /inbox HTT", INBOX, INBOX + b"Content-Length: 1000\r\n\r\n{",
     INBOX + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"],
    ids=["nothing", "a line", "a head", "a body", "a chunk"],
)  # fmt: skip
async def test_two_hundred_who_are_slow_keep_nobody_waiting(
    running: Running, client: httpx.AsyncClient, beginning: bytes
) -> None:
    before = rss(running)
    held = [await opened(running, beginning) for _ in range(SLOW)]
    await pages_come(client)
    assert rss(running) - before < RSS_BYTES_MAX
    for _, writer in held:
        writer.close()


async def test_a_body_of_a_gigabyte_is_refused_unread(running: Running, client: httpx.AsyncClient) -> None:
    before = rss(running)
    reader, writer = await opened(running, INBOX + f"Content-Length: {1024 * MIB}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    assert rss(running) - before < RSS_BYTES_MAX
    await pages_come(client)


@pytest.mark.parametrize(
    "path", [b"/inbox", b"/users/x/inbox", b"/api/v1/statuses", b"/oauth/token", b"/api/c2s/media"]
)
async def test_a_body_without_end_is_cut(running: Running, client: httpx.AsyncClient, path: bytes) -> None:
    before, sent = rss(running), 0
    head = INBOX.replace(b"/inbox", path) + b"Transfer-Encoding: chunked\r\n\r\n"
    reader, writer = await opened(running, head)
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    try:
        while sent < 128 * MIB:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    assert sent < 128 * MIB
    assert rss(running) - before < RSS_BYTES_MAX
    writer.close()
    await pages_come(client)
    del reader


@pytest.mark.parametrize("piece", [b"X-A: b\r\n" * 1000, b"b" * 65536], ids=["headers", "a header"])
async def test_a_head_without_end_is_cut(running: Running, client: httpx.AsyncClient, piece: bytes) -> None:
    before, sent = rss(running), 0
    _, writer = await opened(running, b"GET / HTTP/1.1\r\nX-B: ")
    try:
        while sent < 64 * MIB:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    assert sent < 64 * MIB
    assert rss(running) - before < RSS_BYTES_MAX
    await pages_come(client)


BROKEN = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET / HTTP/1.1\r\n no: colon\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /%00%ff%c0%af HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //evil.example/%2e%2e HTTP/1.1\r\nHost: x\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /@" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    INBOX + b"Content-Length: -1\r\n\r\n{}", INBOX + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    INBOX + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", INBOX + b"Content-Length: " + b"9" * 60 + b"\r\n\r\n{}",
    INBOX + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n", INBOX + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\n",
    INBOX + b"Transfer-Encoding: gzip\r\n\r\n{}", INBOX + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=" + b"0-," * 5000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a=b;" * 5000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAccept: " + b"text/html;q=0.1," * 2000 + b"\r\n\r\n",
    b"GET /users/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + b"\xff" * 500 + b"\r\n\r\n",
    b"GET /users/x HTTP/1.1\r\nHost: x\r\nSignature: " + b'keyId="' * 2000 + b"\r\nDate: \xff\r\n\r\n",
]  # fmt: skip


@pytest.mark.parametrize(
    "data", BROKEN, ids=lambda data: data[:40].decode("latin-1").encode("ascii", "backslashreplace").decode()
)
async def test_broken_requests_are_refused(running: Running, client: httpx.AsyncClient, data: bytes) -> None:
    reader, writer = await opened(running, data)
    writer.write_eof()
    try:
        async with asyncio.timeout(25):
            answer = await reader.read()
    except ConnectionError:
        answer = b""
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:300]
    writer.close()
    await pages_come(client)
