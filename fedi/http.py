"""The one outgoing HTTP client: every address checked and pinned, every answer bounded.

Anyone can make a server fetch a URL (an actor id, an attachment), so a request must not reach the
server's own network. The guard stands at two places that every request passes: the transport looks at
the URL (scheme, user-info, port, IP literals, our own host), and the resolver looks at the addresses and
hands only checked ones to the connection, so that a name cannot answer differently a moment later (DNS
rebinding). Redirects are not followed here; who follows them sends a new request, which is checked anew.

The pool is aiohttp's, behind httpx's interface (`httpx-aiohttp`): httpx's own scans all connections for
every request, which cost most of a delivery's time when measured.

Source: reference list of special-purpose addresses, IANA registries of RFC 6890.
"""

import asyncio
import ipaddress
import json as jsonlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError
from httpx_aiohttp import AiohttpTransport

import fedi
from fedi.config import Settings

__all__ = [
    "CONNECT_TIMEOUT_S", "READ_TIMEOUT_S", "SERVICE_TROUBLES", "TOTAL_TIMEOUT_S", "AddressGuard",
    "Connections", "GuardedTransport", "RefusedAddressError", "Refuses", "ask_service", "build_client",
    "guard_from", "nobody", "user_agent",
]  # fmt: skip

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Refuses = Callable[[str], Awaitable[bool]]
"""Tells whether the operator wants nothing to do with a host."""

CONNECT_TIMEOUT_S = 5.0
"""For TCP and TLS together."""

READ_TIMEOUT_S = 10.0
"""Between two reads."""

TOTAL_TIMEOUT_S = 30.0
"""From the first byte out to the last byte in; a server that drips is cut off."""

CONNECTIONS_MAX = 500
"""Per process; below the usual 1024 file descriptors."""

CONNECTIONS_PER_HOST_MAX = 4
"""To one host: a slow one must not hold more, and none should feel flooded."""

KEEPALIVE_S = 30.0
"""Idle connections are closed after so many seconds."""

RESPONSE_BYTES_MAX = 40 * 1024 * 1024
"""Of any answer, in bytes: the largest remote media file. Documents have a tighter bound of their own."""

SERVICE_TROUBLES = (httpx.HTTPError, ValueError)
"""What asking such a service can end with."""

SERVICE_TIMEOUT_S = 20.0
"""Between two reads of a service of the operator's, which may compute for a while."""

SERVICE_BYTES_MAX = 1024 * 1024
"""Of what such a service answers."""

NO_ANSWER = (aiohttp.ClientError, HttpProcessingError)
"""What aiohttp raises for bytes that are no answer; httpx-aiohttp 0.1 knows only some of it and lets the rest
through, to callers who have never heard of aiohttp."""

TROUBLE_CHARACTERS_MAX = 200
"""Of what aiohttp says about an answer, which quotes it."""

BLOCKED: Sequence[Network] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:10::/28",
        "2001:20::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Private, special-purpose and translating ranges: none of them is another server."""


class RefusedAddressError(httpx.ConnectError):
    """The address is not one that we will talk to."""


class AddressGuard:
    """Decides which URLs and addresses may be asked.

    Args:
        own_host: our own host with any port: what lives here is in the database, not on the network.
        allowed: ranges that are let through although blocked; inside them an IP literal with any port
            may be a peer. For tests and private networks.
        allow_http: whether plain http is fine.
    """

    def __init__(self, *, own_host: str, allowed: Sequence[Network] = (), allow_http: bool = False) -> None:
        self._own_host = own_host
        self._allowed = tuple(allowed)
        self._allow_http = allow_http

    def require_url(self, url: str) -> None:
        """Refuse a URL by its looks.

        Raises:
            RefusedAddressError: saying which rule it breaks.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:  # brackets that hold no address, a port that is no number
            raise RefusedAddressError(f"not an address: {url}") from None
        literal = _ip_literal(host)
        test_peer = literal is not None and self._in_allowed(literal)
        if parts.scheme != "https" and not (parts.scheme == "http" and self._allow_http):
            raise RefusedAddressError(f"only https is spoken: {url}")
        if parts.username is not None or parts.password is not None:
            raise RefusedAddressError(f"user information in {url}")
        if parts.netloc == self._own_host:
            raise RefusedAddressError(f"our own host: {url}")
        if literal is not None and not test_peer:
            raise RefusedAddressError(f"an IP literal: {url}")
        if literal is None and ("." not in host or host.endswith(".")):
            raise RefusedAddressError(f"not a host on the internet: {url}")
        if not test_peer and port not in {None, 443} and not self._allowed:
            raise RefusedAddressError(f"an unusual port: {url}")

    def permits(self, address: str) -> bool:
        """Tell whether a connection to this IP address may be made."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if self._in_allowed(parsed):
            return True
        return not any(parsed in network for network in BLOCKED if network.version == parsed.version)

    def _in_allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allowed if network.version == address.version)


class GuardedResolver(AbstractResolver):
    """Resolves once and refuses a name of which any address is not permitted."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses, to which the connection is then made."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        results: list[ResolveResult] = []
        for kind, _, proto, _, address in found:
            ip = str(address[0])
            if not self._guard.permits(ip):
                raise RefusedAddressError(f"{host} resolves to {ip}, which is not on the internet")
            results.append(
                {
                    "hostname": host,
                    "host": ip,
                    "port": port,
                    "family": kind,
                    "proto": proto,
                    "flags": socket.AI_NUMERICHOST,
                }
            )
        return results

    async def close(self) -> None:
        """Nothing to close."""


async def nobody(_host: str) -> bool:
    """Refuse no host."""
    return False


class GuardedTransport(httpx.AsyncBaseTransport):
    """Checks the URL, bounds time and bytes, and passes the request on.

    Args:
        inner: what really sends it.
        guard: the rules about addresses.
        refuses: the operator's rules about servers.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, guard: AddressGuard, refuses: Refuses = nobody
    ) -> None:
        self._inner = inner
        self._guard = guard
        self._refuses = refuses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; see the class."""
        self._guard.require_url(str(request.url))
        host = request.url.raw_host.decode("ascii")
        if await self._refuses(host):
            raise RefusedAddressError(f"a server that is suspended here: {host}")
        deadline = asyncio.get_running_loop().time() + TOTAL_TIMEOUT_S
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._inner.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        except NO_ANSWER as trouble:
            raise httpx.RemoteProtocolError(_shown(trouble), request=request) from trouble
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            # We ask for none. Decoding is where one megabyte becomes a gigabyte.
            await response.aclose()
            raise httpx.DecodingError("an encoded answer, which was not asked for", request=request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _BoundedStream(response.stream, deadline, request)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _BoundedStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, deadline: float, request: httpx.Request) -> None:
        self._inner = inner
        self._deadline = deadline
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        chunks = self._inner.__aiter__()
        while True:
            try:
                async with asyncio.timeout_at(self._deadline):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise httpx.ReadTimeout("the answer took too long", request=self._request) from None
            except NO_ANSWER as trouble:
                raise httpx.RemoteProtocolError(_shown(trouble), request=self._request) from trouble
            seen += len(chunk)
            if seen > RESPONSE_BYTES_MAX:
                raise httpx.DecodingError("the answer is too large", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def _shown(trouble: Exception) -> str:
    return f"no valid answer: {' '.join(str(trouble).split())}"[:TROUBLE_CHARACTERS_MAX]


def _ip_literal(host: str) -> Address | None:
    """Read a host as an IP address in any of the spellings that a socket would take."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if host and host.replace(".", "").replace("x", "").isalnum() and host[0].isdigit():
        try:  # 127.1, 0x7f000001 and 2130706433 are addresses to getaddrinfo
            return ipaddress.ip_address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return None


def guard_from(settings: Settings) -> AddressGuard:
    """Build the rules that the settings ask for."""
    return AddressGuard(
        own_host=settings.host,
        allowed=[ipaddress.ip_network(text) for text in settings.outgoing_allow],
        allow_http=settings.allow_http_peers,
    )


class Connections:
    """The kept connections of this process, made in its event loop when they are first needed.

    Args:
        settings: `ca_file`.
        guard: the rules about addresses.
    """

    def __init__(self, settings: Settings, guard: AddressGuard) -> None:
        # A file that cannot be read is told at once; reading all that the system trusts takes 40 ms, and a
        # command that asks nobody does without.
        self._tls = _trusting(settings.ca_file) if settings.ca_file else None
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        """Return the one session."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls or _trusting(""),
                resolver=GuardedResolver(self._guard),
                use_dns_cache=False,  # a checked answer is used once
                limit=CONNECTIONS_MAX,
                limit_per_host=CONNECTIONS_PER_HOST_MAX,
                keepalive_timeout=KEEPALIVE_S,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session

    async def aclose(self) -> None:
        """Close them."""
        if self._session is not None:
            await self._session.close()


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def build_client(
    settings: Settings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    connections: Connections | None = None,
    refuses: Refuses = nobody,
) -> httpx.AsyncClient:
    """Build the outgoing client of this process.

    Args:
        settings: origin (for the user agent), `ca_file` and the test switches.
        transport: what stands below the guard; tests put their own servers there.
        connections: shared with a `Courier`; its own when missing.
        refuses: tells which hosts are not asked at all, wherever a redirect leads.
    """
    guard = guard_from(settings)
    if transport is None:
        connections = connections or Connections(settings, guard)
        transport = AiohttpTransport(client=connections.session)
    return httpx.AsyncClient(
        transport=GuardedTransport(transport, guard, refuses),
        timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, pool=TOTAL_TIMEOUT_S),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none is kept
        headers={"user-agent": user_agent(settings), "accept-encoding": "identity"},
    )


async def ask_service(url: str, *, json: object = None, ca_file: str = "") -> object:
    """Ask a service that the operator chose in the settings, and return its JSON.

    It may stand on this machine or in a private network, so the guard is not asked: nobody but the operator
    decides which address this is. Redirects are not followed, or the service could send us elsewhere.

    Args:
        url: of the service, from the settings.
        json: what is posted; without it the address is read.
        ca_file: PEM file with authorities to trust beside the system's.

    Raises:
        httpx.HTTPError: it cannot be reached, takes too long or answers with an error.
        ValueError: what it answers is no JSON, or too much.
    """
    trusted = ssl.create_default_context()
    if ca_file:
        trusted.load_verify_locations(cafile=ca_file)
    timeout = httpx.Timeout(SERVICE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    async with httpx.AsyncClient(verify=trusted, timeout=timeout, trust_env=False) as client:
        asked = client.build_request("GET" if json is None else "POST", url, json=json)
        answer = await client.send(asked, stream=True)
        try:
            answer.raise_for_status()
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > SERVICE_BYTES_MAX:
                    raise ValueError(f"the service answers with more than {SERVICE_BYTES_MAX} bytes")
        finally:
            await answer.aclose()
    return jsonlib.loads(body)


def user_agent(settings: Settings) -> str:
    """Say who asks, and where somebody finds out more."""
    return f"fedi/{fedi.__version__} (+{settings.origin}/about)"
