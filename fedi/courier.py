"""Carrying deliveries: the client's connections and rules, without its detours.

Deliveries are what a server sends most. A request of httpx passes through some thirty objects on its way to
a socket; measured, that was half of what a delivery cost. So deliveries go straight to the pool below it,
and the guard of `fedi.http` stands before them here as it does there: the address is looked at, the
operator's rules are asked, only checked addresses are connected to, time and bytes are bounded, and no
redirect is followed.
"""

from collections.abc import Mapping

import aiohttp
import httpx
from yarl import URL

from activitypub.limits import DELIVERY_ANSWER_BYTES_MAX
from activitypub.post import Answer
from fedi.config import Settings
from fedi.http import (
    CONNECT_TIMEOUT_S,
    READ_TIMEOUT_S,
    TOTAL_TIMEOUT_S,
    AddressGuard,
    Connections,
    RefusedAddressError,
    Refuses,
    nobody,
    user_agent,
)

__all__ = ["Courier"]

PERMITTED_MAX = 10_000
"""Servers whose address is known to be permitted; about 100 bytes each."""


class Courier:
    """Posts deliveries.

    Args:
        settings: origin (for the user agent).
        connections: those of the client.
        guard: the rules about addresses.
        refuses: the operator's rules about servers.
    """

    def __init__(
        self, settings: Settings, connections: Connections, guard: AddressGuard, refuses: Refuses = nobody
    ) -> None:
        self._connections = connections
        self._guard = guard
        self._refuses = refuses
        self._permitted: set[str] = set()
        self._always = {"user-agent": user_agent(settings)}
        self._timeout = aiohttp.ClientTimeout(
            total=TOTAL_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S, sock_read=READ_TIMEOUT_S
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one POST; see `activitypub.post.Poster`.

        Raises:
            RefusedAddressError: it is not an address that we talk to.
            httpx.HTTPError: there was no answer.
        """
        self._require_permitted(url)
        target = URL(url, encoded=True)
        if await self._refuses(target.host or ""):
            raise RefusedAddressError(f"suspended here: {url}")
        try:
            async with self._connections.session().post(
                target, data=body, headers={**self._always, **headers}, allow_redirects=False,
                timeout=self._timeout, skip_auto_headers=_ALL_OURS,
            ) as response:  # fmt: skip
                return Answer(
                    status=response.status,
                    retry_after=response.headers.get("retry-after"),
                    location=response.headers.get("location"),
                    accept_signature=response.headers.get("accept-signature"),
                    beginning=await _beginning(response),
                )
        except RefusedAddressError:
            raise
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time") from None
        except (aiohttp.ClientError, OSError) as trouble:
            if isinstance(trouble.__cause__, RefusedAddressError):
                raise trouble.__cause__ from None
            raise httpx.ConnectError(f"{type(trouble).__name__}: {trouble}") from trouble

    def _require_permitted(self, url: str) -> None:
        """Look at the address; at what comes before its path only now and then."""
        server = url[: url.find("/", len("https://"))]
        if server in self._permitted:
            return
        self._guard.require_url(url)
        if len(self._permitted) >= PERMITTED_MAX:
            self._permitted.clear()
        self._permitted.add(server)


_ALL_OURS = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})
"""Headers that aiohttp would add; ours are signed, or say the same."""


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Read an answer to its end, so that its connection can be used again, but only so far.

    The status has decided already: whatever is wrong with the rest does not undo a delivery.
    """
    found = bytearray()
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        response.close()
        return b""
    try:
        async for chunk in response.content.iter_any():
            found += chunk
            if len(found) > DELIVERY_ANSWER_BYTES_MAX:
                response.close()
                return b""
    except (aiohttp.ClientError, TimeoutError, OSError):
        return b""
    return bytes(found)
