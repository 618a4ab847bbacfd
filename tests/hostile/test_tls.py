"""Servers whose certificates prove nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from fedi.config import Settings
from fedi.http import build_client

pytestmark = pytest.mark.anyio

ADDRESS = "127.0.2.1"


@asynccontextmanager
async def serving(
    certificate: trustme.LeafCert, *, oldest: ssl.TLSVersion | None = None
) -> AsyncIterator[str]:
    """Serve a greeting with a certificate, and yield its address."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    server = await asyncio.start_server(greet, ADDRESS, 0, ssl=tls)
    try:
        yield f"https://{ADDRESS}:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that the operator trusts."""
    return trustme.CA()


@pytest.fixture
async def client(authority: trustme.CA, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The real client, which trusts this authority."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = Settings(
        origin="https://fedi.test", ca_file=str(tmp_path / "ca.pem"), outgoing_allow=["127.0.2.0/28"]
    )
    async with build_client(settings) as made:
        yield made


async def test_a_good_certificate_is_taken(authority: trustme.CA, client: httpx.AsyncClient) -> None:
    async with serving(authority.issue_cert(ADDRESS)) as url:
        assert (await client.get(url)).text == "hello"


async def test_another_name_is_refused(authority: trustme.CA, client: httpx.AsyncClient) -> None:
    async with serving(authority.issue_cert("other.test")) as url:
        with pytest.raises(httpx.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url)


async def test_an_expired_certificate_is_refused(authority: trustme.CA, client: httpx.AsyncClient) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    async with serving(authority.issue_cert(ADDRESS, not_after=yesterday)) as url:
        with pytest.raises(httpx.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url)


async def test_an_unknown_authority_is_refused(client: httpx.AsyncClient) -> None:
    async with serving(trustme.CA().issue_cert(ADDRESS)) as url:
        with pytest.raises(httpx.TransportError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(url)
