"""Streams of events."""

from starlette.routing import BaseRoute

from fedi.api.routing import GET, ApiRoute, SocketRoute
from fedi.api.streaming import sockets, sse

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    SocketRoute("/api/v1/streaming", sockets.stream),
    ApiRoute("/api/v1/streaming/health", sse.health, methods=GET),
    ApiRoute("/api/v1/streaming/{name:path}", sse.stream, methods=GET),
]
