"""A request as both signature schemes see it: plain values, no framework.

The server, the client and the tests each have their own request type. Signing and checking must not differ
between them, so each edge describes its request as a `Message` once and everything behind works on that.

The target address is *ours*, not the sender's: build it from the configured public origin and the path and
query as received. Behind a proxy the Host and X-Forwarded headers say whatever the sender or the proxy
liked, and a signature that was made for another server must fail here.

Source: draft-cavage-http-signatures-12 section 2.3; RFC 9421 sections 2.1 and 2.2.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from activitypub.errors import MalformedError
from activitypub.origin import Origin, origin

__all__ = ["Message", "Scheme"]

_SPLIT: Final = re.compile(r"https?://[^/?#]*([^?#]*)(?:\?([^#]*))?", re.IGNORECASE)
# A line break inside a value would let the sender write lines of the signed text that no header stands for.
_LINE_BREAK: Final = re.compile(r"[\r\n\0]")


class Scheme(StrEnum):
    """How a request is signed."""

    CAVAGE = "draft-cavage"
    RFC9421 = "rfc9421"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request (or, for the RFC's own examples, response). Make it with `Message.of`.

    Attributes:
        method: as on the wire, upper case.
        target_uri: the absolute address, from the configured public origin.
        origin: scheme, host and port of the address.
        path: as on the wire, percent-encoded, at least `/`.
        query: as on the wire, without the question mark; None where there is none.
        headers: lower-case name to the values in order, white space around them cut off.
        body: the bytes as received, before any decoding.
        status: of a response; None for a request.
    """

    method: str
    target_uri: str
    origin: Origin
    path: str
    query: str | None
    headers: Mapping[str, tuple[str, ...]]
    body: bytes
    status: int | None = None

    @classmethod
    def of(
        cls,
        *,
        method: str,
        target_uri: str,
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        body: bytes = b"",
        status: int | None = None,
    ) -> Self:
        """Describe a request.

        Args:
            method: as on the wire.
            target_uri: `https://our.origin` + path + query exactly as received.
            headers: names in any case; repeated names are kept in order. Bytes are read as latin-1, so ASGI's
                `scope["headers"]` and httpx's `request.headers.raw` fit as they are.
            body: the bytes as received.
            status: of a response, else None.

        Raises:
            MalformedError: the address has no origin, or something here could not have come over the wire.
        """
        match = _SPLIT.fullmatch(target_uri)
        if match is None or not target_uri.isascii() or not method.isascii():
            raise MalformedError("the request's method or address cannot be read", iri=target_uri)
        collected: dict[str, tuple[str, ...]] = {}
        for raw_name, raw_value in headers:
            name = _wire_text(raw_name).lower()
            value = _wire_text(raw_value).strip(" \t")
            collected[name] = (*collected.get(name, ()), value)
        return cls(
            method=method,
            target_uri=target_uri,
            origin=origin(target_uri),
            path=match[1] or "/",
            query=match[2],
            headers=collected,
            body=body,
            status=status,
        )

    @property
    def request_target(self) -> str:
        """Path and query as in the request line."""
        return self.path if self.query is None else f"{self.path}?{self.query}"

    def header(self, name: str) -> str | None:
        """Give a header's values joined with a comma and a space, or None where it is absent.

        Args:
            name: lower case.

        Raises:
            MalformedError: a value holds a line break.
        """
        values = self.headers.get(name)
        if values is None:
            return None
        value = values[0] if len(values) == 1 else ", ".join(values)
        if _LINE_BREAK.search(value):
            raise MalformedError(f"the header {name!r} holds a line break")
        return value


def _wire_text(value: str | bytes) -> str:
    """Text that `.encode("latin-1")` turns back into exactly the bytes on the wire."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if not value.isascii() and any(character > "\xff" for character in value):
        raise MalformedError("a header holds what no header can hold")
    return value
