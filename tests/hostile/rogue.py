"""A server that answers as no server should: bytes over a real socket, and what the asker made of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Rogue", "Say", "chunked", "endless", "head", "plain", "raw", "rogue", "rss_bytes"]

ADDRESS = "127.0.2.1"
ACTIVITY_JSON = "application/activity+json"
PAGE_BYTES = 4096

Say = Callable[["Rogue", str, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request for a path."""


@dataclass
class Rogue:
    """Where it is, what it was asked, and how much of this process was resident meanwhile."""

    origin: str
    say: dict[str, Say] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent_bytes: int = 0
    rss_max: int = 0

    async def write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Send bytes, as long as somebody takes them."""
        writer.write(data)
        await writer.drain()
        self.sent_bytes += len(data)
        self.rss_max = max(self.rss_max, rss_bytes())


def rss_bytes() -> int:
    """Return what this process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the beginning of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def plain(data: bytes, *lines: str, status: str = "200 OK", content_type: str = ACTIVITY_JSON) -> Say:
    """Answer with a document."""

    async def say(rogue: Rogue, _path: str, writer: asyncio.StreamWriter) -> None:
        named = [f"Content-Type: {content_type}", f"Content-Length: {len(data)}", "Connection: close", *lines]
        await rogue.write(writer, head(*named, status=status) + data)

    return say


def raw(*pieces: bytes, pause_s: float = 0.0) -> Say:
    """Answer with these bytes, however wrong, with a pause between them."""

    async def say(rogue: Rogue, _path: str, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await rogue.write(writer, piece)
            await asyncio.sleep(pause_s)

    return say


def endless(beginning: bytes, piece: bytes, *, pause_s: float = 0.0) -> Say:
    """Answer without end."""

    async def say(rogue: Rogue, _path: str, writer: asyncio.StreamWriter) -> None:
        await rogue.write(writer, beginning)
        while True:
            await rogue.write(writer, piece)
            await asyncio.sleep(pause_s)

    return say


def chunked(piece: bytes) -> bytes:
    """Return one chunk."""
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


@asynccontextmanager
async def rogue() -> AsyncIterator[Rogue]:
    """Listen, and hang up on everyone at the end."""
    tasks: set[asyncio.Task[None]] = set()
    found = Rogue(origin="")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(
            OSError, asyncio.CancelledError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ")[1].decode("latin-1")
            found.asked.append(path)
            answer = found.say.get(path) or found.say.get("*")
            if answer is None:
                answer = plain(b"", status="404 Not Found")
            await answer(found, path, writer)
        writer.close()
        tasks.discard(task)

    server = await asyncio.start_server(serve, ADDRESS, 0, limit=1024 * 1024)
    found.origin = f"http://{ADDRESS}:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
