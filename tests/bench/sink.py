"""Fifty servers that answer 202 to everything: `python -m tests.bench.sink PORT CERTIFICATE HOST…`.

On PORT they keep connections, on PORT + 1 they close them after each answer, so that the next begins with a
handshake. CERTIFICATE is a PEM file with the key; `-` is plain HTTP.
"""

import asyncio
import ssl
import sys

KEEP = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
CLOSE = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Sink(asyncio.Protocol):
    """Answers each request whose head and body have come."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) != -1:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n")[0]) if at != -1 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(self.answer)
            if self.answer is CLOSE:
                self.transport.close()


async def main() -> None:
    """Listen until terminated."""
    port, certificate, hosts = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    tls = None
    if certificate != "-":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(
            lambda answer=answer: Sink(answer), host, port + offset, ssl=tls, backlog=1000
        )
        for offset, answer in enumerate((KEEP, CLOSE))
        for host in hosts
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
