"""One POST to an inbox: what comes back, and who carries it.

Deliveries are what a server does most, and a general HTTP client spends more on describing a request than on
sending it. So whoever delivers is a `Poster`, which gets an address, finished headers and a body; the server
brings one of its own, and httpx does for tests and other programs (`client.HttpxPoster`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "Poster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a peer answered.

    Attributes:
        status: of the answer.
        retry_after: the header, as written.
        location: the header, as written.
        accept_signature: the header, as written.
        beginning: the first bytes of the body; empty where it is encoded, too long or broke off.
    """

    status: int
    retry_after: str | None = None
    location: str | None = None
    accept_signature: str | None = None
    beginning: bytes = b""


class Poster(Protocol):
    """Sends a POST and follows no redirect."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send it.

        Args:
            url: in ASCII, as it goes over the wire.
            headers: complete and signed, lower-case names; whoever sends may add what is not covered.
            body: the bytes.

        Raises:
            httpx.HTTPError: there was no answer; its class says why.
        """
