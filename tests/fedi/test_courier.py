"""Deliveries over real sockets: the rules of the client hold for them too."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from fedi import courier as module
from fedi.config import Settings
from fedi.courier import Courier
from fedi.http import Connections, RefusedAddressError, guard_from, nobody

pytestmark = pytest.mark.anyio


class Peer:
    """A server on loopback that answers each request with the same bytes."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok"
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.2.1:{self.port}/inbox?a=%7E"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    made = Peer()
    server = await asyncio.start_server(made.serve, "127.0.2.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


@asynccontextmanager
async def carrying(*, refuses: Any = nobody, **settings: Any) -> AsyncIterator[Courier]:
    usual: dict[str, Any] = {
        "origin": "http://127.0.0.1:8080",
        "allow_http_peers": True,
        "outgoing_allow": ["127.0.2.0/28"],
    }
    chosen = Settings(**(usual | settings))
    guard = guard_from(chosen)
    connections = Connections(chosen, guard)
    yield Courier(chosen, connections, guard, refuses)
    await connections.aclose()


HEADERS = {
    "host": "peer.test",
    "date": "now",
    "content-type": "application/activity+json",
    "accept-encoding": "identity",
}


async def test_what_is_signed_is_what_is_sent(peer: Peer) -> None:
    async with carrying() as courier:
        answer = await courier.post(peer.url, HEADERS, b'{"a":1}')
    assert (answer.status, answer.beginning) == (202, b"ok")
    assert peer.bodies == [b'{"a":1}']
    head = peer.heads[0].decode().split("\r\n")
    assert head[0] == "POST /inbox?a=%7E HTTP/1.1"
    sent = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head[1:] if line}
    assert {name: sent[name] for name in HEADERS} == HEADERS
    assert sent["user-agent"].startswith("fedi/")
    assert sent.keys() == {*HEADERS, "user-agent", "content-length"}


async def test_a_connection_is_used_again(peer: Peer) -> None:
    async with carrying() as courier:
        for _ in range(5):
            await courier.post(peer.url, HEADERS, b"x")
    assert (len(peer.bodies), peer.connections) == (5, 1)


async def test_what_the_answer_says_is_told(peer: Peer) -> None:
    peer.answer = b"HTTP/1.1 401 No\r\ncontent-length: 0\r\nretry-after: 7\r\nlocation: /x\r\naccept-signature: sig1=()\r\n\r\n"
    async with carrying() as courier:
        answer = await courier.post(peer.url, HEADERS, b"x")
    assert (answer.status, answer.retry_after, answer.location, answer.accept_signature) == (
        401,
        "7",
        "/x",
        "sig1=()",
    )


async def test_no_redirect_is_followed(peer: Peer) -> None:
    peer.answer = b"HTTP/1.1 307 Go\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:1/\r\n\r\n"
    async with carrying() as courier:
        assert (await courier.post(peer.url, HEADERS, b"x")).status == 307
    assert len(peer.bodies) == 1


async def test_a_long_answer_is_not_read_to_its_end(peer: Peer) -> None:
    peer.answer = b"HTTP/1.1 500 No\r\ncontent-length: 9000000\r\n\r\n" + b"x" * 200_000
    async with carrying() as courier:
        answer = await courier.post(peer.url, HEADERS, b"x")
    assert (answer.status, answer.beginning) == (500, b"")


async def test_an_encoded_answer_is_not_decoded(peer: Peer) -> None:
    peer.answer = b"HTTP/1.1 202 Yes\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"
    async with carrying() as courier:
        answer = await courier.post(peer.url, HEADERS, b"x")
    assert (answer.status, answer.beginning) == (202, b"")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://peer.test/", "https://user@peer.test/", "https://10.0.0.1/inbox", "https://peer/inbox",
        "http://127.0.0.1:8080/inbox", "https://2130706433/",
    ],
)  # fmt: skip
async def test_an_address_that_is_none_of_a_server_is_refused(url: str) -> None:
    async with carrying() as courier:
        for _ in range(2):
            with pytest.raises(RefusedAddressError):
                await courier.post(url, HEADERS, b"x")


async def test_a_loopback_peer_is_refused_without_the_switch(peer: Peer) -> None:
    async with carrying(outgoing_allow=[]) as courier:
        with pytest.raises(RefusedAddressError):
            await courier.post(peer.url, HEADERS, b"x")
    assert peer.connections == 0


async def test_a_name_that_resolves_to_loopback_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def loopback(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", loopback)
    async with carrying(outgoing_allow=[]) as courier:
        for _ in range(2):
            with pytest.raises(RefusedAddressError, match=r"127\.0\.0\.1"):
                await courier.post("https://rebinding.test/inbox", HEADERS, b"x")


async def test_a_suspended_server_is_not_asked_even_when_it_was(peer: Peer) -> None:
    refused: set[str] = set()

    async def refuses(host: str) -> bool:
        return host in refused

    async with carrying(refuses=refuses) as courier:
        await courier.post(peer.url, HEADERS, b"x")
        refused.add("127.0.2.1")
        with pytest.raises(RefusedAddressError):
            await courier.post(peer.url, HEADERS, b"x")
    assert len(peer.bodies) == 1


async def test_who_is_not_there_is_an_error_of_httpx(peer: Peer) -> None:
    peer.answer = b"nonsense\r\n\r\n"
    async with carrying() as courier:
        with pytest.raises(httpx.HTTPError):
            await courier.post(peer.url, HEADERS, b"x")
        with pytest.raises(httpx.HTTPError):
            await courier.post("http://127.0.2.1:1/inbox", HEADERS, b"x")


async def test_who_never_answers_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT_S", 0.2)
    peer.answer = b""
    async with carrying() as courier:
        with pytest.raises(httpx.ReadTimeout):
            await courier.post(peer.url, HEADERS, b"x")


async def test_what_is_remembered_of_servers_is_bounded(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERMITTED_MAX", 1)
    async with carrying() as courier:
        for _ in range(3):
            await courier.post(peer.url, HEADERS, b"x")
            with pytest.raises(httpx.HTTPError):
                await courier.post("http://127.0.2.1:1/inbox", HEADERS, b"x")
        assert len(courier._permitted) == 1
