"""CORS: any web page may be a client, and none may use a visitor's cookies.

What is open answers `Access-Control-Allow-Origin: *`, exactly once, on errors as well, and never allows
credentials: the API knows tokens only, and the login pages, which know cookies, are not open. Pure ASGI,
because Starlette's own compares origins and sets `Vary` for a case that does not exist here.

Source: Fetch standard, "CORS protocol"; Mastodon's `cors.rb` for what is exposed.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CorsMiddleware"]

OPEN = (
    "/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/.well-known/", "/nodeinfo/", "/media/",
    "/users/",
)  # fmt: skip
"""Beginnings of the paths that web pages of other origins may ask."""

EXPOSED = (
    "Link, Location, Mastodon-Async-Refresh, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, X-Request-Id"
)
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key"

PREFLIGHT_S = 24 * 3600
"""How long a browser may remember the answer, in seconds; they cap it at two hours to a day."""


class CorsMiddleware:
    """Answers preflights and marks answers as open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if scope["type"] != "http" or not scope["path"].startswith(OPEN):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _preflight()(scope, receive, send)
            return

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers["Access-Control-Allow-Origin"] = "*"
                headers["Access-Control-Expose-Headers"] = EXPOSED
                message["headers"] = headers.raw
            await send(message)

        await self._app(scope, receive, mark)


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Expose-Headers": EXPOSED,
            "Access-Control-Max-Age": str(PREFLIGHT_S),
        },
    )
