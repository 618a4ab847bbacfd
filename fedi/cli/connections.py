"""Connections of clients: a request must arrive in time, and its head within a few kilobytes.

uvicorn closes a connection that idles between requests, but waits for ever for one that began: whoever sends
a header a minute holds a file descriptor, and with httptools whoever sends headers without end fills the
memory. A proxy in front keeps such clients away; this is for those who run without one, and for the day it
is set wrong.

Source: RFC 9110 section 15.5.9 (408), RFC 6585 section 5 (431); what nginx calls `client_header_timeout`,
`client_body_timeout` and `large_client_header_buffers`.
"""

import asyncio
from enum import StrEnum
from typing import Any

__all__ = ["bounded"]

HEAD_S = 20.0
"""For the head of a request, in seconds, from its first byte or from the connection; nginx takes 60."""

BODY_S = 300.0
"""For its body, in seconds: a large picture over a poor connection. An inbox has a tighter limit itself."""

HEAD_BYTES_MAX = 64 * 1024
"""Of a head, in bytes: what h11 takes; the largest that a peer sends has ten."""

REST_BYTES_MAX = 16 * 1024 * 1024
"""Of a body that was refused already, in bytes: its sender should come to read the refusal."""


class Phase(StrEnum):
    """What a connection waits for."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    REST = "rest"
    """The answer is out, and the body was not read to its end."""


SECONDS = {Phase.HEAD: HEAD_S, Phase.BODY: BODY_S, Phase.REST: BODY_S}
BYTES = {Phase.HEAD: HEAD_BYTES_MAX, Phase.REST: REST_BYTES_MAX}


def bounded(protocol: type[asyncio.Protocol]) -> type[asyncio.Protocol]:
    """Return one of uvicorn's HTTP protocols with these limits."""
    return type("BoundedProtocol", (_Bounded, protocol), {})


class _Bounded:
    """What both of uvicorn's protocols lack; they share the names that it looks at."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    cycle: Any
    _counted = 0
    _deadline: asyncio.TimerHandle | None = None
    _awaited: Phase | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)  # type: ignore[misc] # the protocol comes after this class
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)  # type: ignore[misc] # as above

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, unless there are too many of them."""
        before = self._phase()
        super().data_received(data)  # type: ignore[misc] # as above
        phase = self._phase()
        self._counted = self._counted + len(data) if phase is before else 0
        if self._counted > BYTES.get(phase, self._counted):
            self._refuse(b"431 Request Header Fields Too Large")
        self._watch()

    def _phase(self) -> Phase:
        if self.cycle is None:
            return Phase.HEAD
        if self.cycle.response_complete:
            return Phase.REST if self.cycle.more_body else Phase.HEAD
        return Phase.BODY if self.cycle.more_body else Phase.ANSWER

    def _watch(self) -> None:
        """Keep a deadline for whatever the client owes us."""
        phase = self._phase()
        # An answered connection that says nothing is uvicorn's to close.
        owes = phase is Phase.BODY or self.cycle is None or self._counted > 0
        owed = phase if owes and phase in SECONDS else None
        if owed is self._awaited:
            return
        self._stop()
        self._awaited = owed
        if owed is not None:
            self._deadline = self.loop.call_later(SECONDS[owed], self._give_up)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._awaited = None

    def _give_up(self) -> None:
        if self._phase() is self._awaited:
            self._refuse(b"408 Request Timeout")
        self._stop()

    def _refuse(self, status: bytes) -> None:
        """Say why and hang up; once the application may have begun to answer, only hang up."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._phase() is Phase.HEAD:
            head = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.transport.write(head)
        self.transport.close()
