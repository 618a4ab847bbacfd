"""TLS before a server that speaks plain http, as a reverse proxy does it in production.

`fedi serve` has no TLS of its own. This is the least that makes it reachable over https: bytes in, bytes out,
one connection to the server for each that comes in. It adds no headers; a server with an https origin needs
none.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

from tests.peers.tls import Certificate

__all__ = ["terminated"]

CHUNK_BYTES = 64 * 1024


@contextlib.contextmanager
def terminated(address: str, port: int, certificate: Certificate, *, to: tuple[str, int]) -> Iterator[None]:
    """Accept TLS on `address:port` and pass it on to `to`, in a thread of its own."""
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def work() -> None:
        async with _listening(address, port, certificate, to):
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    assert ready.wait(10.0), f"nothing listens on {address}:{port}"
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10.0)
        loop.close()


@contextlib.asynccontextmanager
async def _listening(
    address: str, port: int, certificate: Certificate, to: tuple[str, int]
) -> AsyncIterator[None]:
    joined: set[asyncio.Task[None]] = set()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        joined.add(task)
        try:
            await _join(reader, writer, to)
        finally:
            joined.discard(task)

    server = await asyncio.start_server(join, address, port, ssl=certificate.server_context())
    try:
        yield
    finally:
        server.close()
        left = list(joined)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: tuple[str, int]) -> None:
    """Join one connection to the server; a server that is not there looks like a broken connection."""
    writers = [writer]
    try:
        inner_reader, inner_writer = await asyncio.open_connection(*to)
        writers.append(inner_writer)
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
    except OSError:
        pass
    finally:
        # Closing a TLS connection waits for the other side, which may keep it open for minutes.
        for one in writers:
            one.transport.abort()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends, and end the other direction, which has no half-close in TLS."""
    try:
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
        sink.close()
        await sink.wait_closed()
    except (ConnectionError, RuntimeError):
        sink.close()
