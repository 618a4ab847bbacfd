"""A push service (RFC 8030) that keeps what it gets, as the one of a browser's maker would."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.peers.tls import Certificate

__all__ = ["PushService", "push_service"]


class PushService:
    """A place that messages are pushed to; it keeps them as they came."""

    def __init__(self, address: str, certificate: Certificate) -> None:
        service = self
        self.came: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                service.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.socket = certificate.server_context().wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://{address}:{self.server.server_port}/push/1"


@contextmanager
def push_service(address: str, certificate: Certificate) -> Iterator[PushService]:
    """Open one on a free port."""
    service = PushService(address, certificate)
    thread = threading.Thread(target=service.server.serve_forever)
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()
