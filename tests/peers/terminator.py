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
    open_pipes: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_pipes.add(task)
        try:
            await _connect(reader, writer, to)
        finally:
            open_pipes.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, address, port, ssl=certificate.server_context())
    try:
        yield
    finally:
        server.close()
        pipes = list(open_pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: tuple[str, int]) -> None:
    """Join one connection to the server; a server that is not there looks like a broken connection."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection(*to)
    except OSError:
        return
    try:
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))
    finally:
        inner_writer.close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await source.read(CHUNK_BYTES):
            sink.write(chunk)
            await sink.drain()
    with contextlib.suppress(OSError, RuntimeError):
        # TLS has no half-close in asyncio; ending one direction ends the connection.
        sink.close()
