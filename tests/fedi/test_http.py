"""The guard of outgoing requests."""

import asyncio
import ipaddress
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fedi import http
from fedi.config import Settings
from fedi.http import AddressGuard, GuardedResolver, RefusedAddressError, build_client

pytestmark = pytest.mark.anyio

STRICT = AddressGuard(own_host="fedi.test")
TEST_NET = AddressGuard(own_host="fedi.test", allowed=[ipaddress.ip_network("127.0.2.0/28")], allow_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://peer.test/",
        "ftp://peer.test/",
        "file:///etc/passwd",
        "https://user@peer.test/",
        "https://user:secret@peer.test/",
        "https://fedi.test/users/a",
        "https://localhost/",
        "https://intranet/",
        "https://peer.test./",
        "https://peer.test:8443/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://8.8.8.8/",
        "https:///x",
        "https://[::1",
        "https://[x]/",
        "https://peer.test:99999/",
        "https://peer.test:x/",
        "https://127.0.2.3:9101/",
    ],
)
async def test_a_url_that_leads_elsewhere_than_to_a_server_is_refused(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        STRICT.require_url(url)


@pytest.mark.parametrize("url", ["https://peer.test/", "https://peer.test:443/x?y", "https://münchen.test/"])
async def test_a_server_on_the_internet_may_be_asked(url: str) -> None:
    STRICT.require_url(url)


async def test_inside_an_allowed_range_a_peer_may_be_an_ip_literal_with_a_port() -> None:
    TEST_NET.require_url("http://127.0.2.3:9101/users/a")
    TEST_NET.require_url("https://127.0.2.3:9101/users/a")
    with pytest.raises(RefusedAddressError):
        TEST_NET.require_url("http://127.0.3.3:9101/")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "198.18.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1",
        "fe80::1", "fe80::1%eth0", "2001:db8::1", "ff02::1", "::7f00:1",
    ],
)  # fmt: skip
async def test_private_and_special_addresses_are_refused(address: str) -> None:
    assert not STRICT.permits(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
async def test_addresses_of_the_internet_are_permitted(address: str) -> None:
    assert STRICT.permits(address)


async def test_a_name_of_which_one_address_is_private_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", (ip, 443)) for ip in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two)
    with pytest.raises(RefusedAddressError):
        await GuardedResolver(STRICT).resolve("rebinding.test", 443)


async def test_the_checked_address_is_the_one_that_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", ("93.184.215.14", 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", one)
    [found] = await GuardedResolver(STRICT).resolve("peer.test", 443)
    assert found["host"] == "93.184.215.14"


async def test_whatwg_addresses_never_pass_as_a_private_host() -> None:
    cases = json.loads((Path(__file__).parents[1] / "data" / "urltestdata.json").read_text())
    for case in cases:
        if isinstance(case, dict) and case.get("hostname", "").startswith(("127.", "192.168.", "10.", "[")):
            try:
                STRICT.require_url(case["href"])
            except (RefusedAddressError, ValueError):
                continue
            raise AssertionError(case["href"])


@pytest.fixture
async def peer() -> AsyncIterator["Peer"]:
    """A plain server on 127.0.2.1 whose answers a test writes byte by byte."""
    made = Peer()
    made.server = await asyncio.start_server(made.answer, "127.0.2.1", 0)
    made.port = made.server.sockets[0].getsockname()[1]
    yield made
    made.server.close()


class Peer:
    server: asyncio.Server
    port: int
    chunks: tuple[bytes, ...] = ()
    pause_s: float = 0.0
    requests: list[bytes]

    def __init__(self) -> None:
        self.requests = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            for chunk in self.chunks:
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(self.pause_s)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.2.1:{self.port}/"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The real client, allowed to reach the peer."""
    settings = Settings(
        origin="http://127.0.0.1:8080", allow_http_peers=True, outgoing_allow=["127.0.2.0/28"]
    )
    async with build_client(settings) as made:
        yield made


async def test_neither_passwords_nor_proxies_of_the_environment_are_used(
    peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where anyone may send us, nothing of the operator's goes along."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.2.1 login operator password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.2.2:9")  # where nothing listens
    peer.chunks = (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",)
    settings = Settings(
        origin="http://127.0.0.1:8080", allow_http_peers=True, outgoing_allow=["127.0.2.0/28"]
    )
    async with build_client(settings) as made:
        assert (await made.get(peer.url)).status_code == 200
    assert b"authorization" not in peer.requests[0].lower()


async def test_a_host_that_the_operator_refuses_is_not_asked(peer: Peer) -> None:
    async def refuses(host: str) -> bool:
        return host == "127.0.2.1"

    settings = Settings(
        origin="http://127.0.0.1:8080", allow_http_peers=True, outgoing_allow=["127.0.2.0/28"]
    )
    async with build_client(settings, refuses=refuses) as made:
        with pytest.raises(RefusedAddressError):
            await made.get(peer.url)
    assert peer.requests == []


async def test_the_client_says_who_it_is_and_keeps_no_cookies(client: httpx.AsyncClient, peer: Peer) -> None:
    peer.chunks = (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",)
    await client.get(peer.url)
    await client.get(peer.url)
    assert b"fedi/" in peer.requests[1]
    assert b"cookie" not in peer.requests[1].lower()
    assert b"accept-encoding: identity" in peer.requests[1].lower()


async def test_an_encoded_answer_is_refused(client: httpx.AsyncClient, peer: Peer) -> None:
    peer.chunks = (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",)
    with pytest.raises(httpx.DecodingError):
        await client.get(peer.url)


@pytest.mark.parametrize(
    "answer",
    [b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100_000, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"],
)  # fmt: skip
async def test_what_is_no_answer_is_told_in_the_words_of_httpx(
    client: httpx.AsyncClient, peer: Peer, answer: bytes
) -> None:
    peer.chunks = (answer,)
    with pytest.raises(httpx.TransportError):
        await client.get(peer.url)


async def test_a_redirect_is_not_followed(client: httpx.AsyncClient, peer: Peer) -> None:
    peer.chunks = (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",)
    answer = await client.get(peer.url)
    assert answer.status_code == 302


async def test_an_answer_without_end_is_cut_off(
    client: httpx.AsyncClient, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "RESPONSE_BYTES_MAX", 100_000)
    peer.chunks = (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *([b"x" * 10_000] * 100))
    with pytest.raises(httpx.DecodingError):
        await client.get(peer.url)


async def test_a_dripping_answer_is_cut_off(
    client: httpx.AsyncClient, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TOTAL_TIMEOUT_S", 0.3)
    peer.chunks = (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *([b"x"] * 100))
    peer.pause_s = 0.05
    with pytest.raises(httpx.ReadTimeout):
        await client.get(peer.url)


async def test_a_loopback_peer_is_refused_without_the_switch(peer: Peer) -> None:
    async with build_client(Settings(origin="https://fedi.test", allow_http_peers=True)) as strict:
        with pytest.raises(RefusedAddressError):
            await strict.get(peer.url)
    assert peer.requests == []


async def test_a_name_that_resolves_to_loopback_is_refused_by_the_real_client() -> None:
    async def loopback(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 443))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.get_running_loop(), "getaddrinfo", loopback)
        async with build_client(Settings(origin="https://fedi.test")) as strict:
            with pytest.raises(httpx.HTTPError, match=re.escape("127.0.0.1")):
                await strict.get("https://rebinding.test/")
