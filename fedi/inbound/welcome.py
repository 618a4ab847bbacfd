"""Who is not welcome is told so at the door: signed GETs of suspended servers, of whatever they ask for.

What is public is served without looking at signatures, so this stands before all documents and looks only at
requests that carry one. The server's own actor is left out: it is there for everyone, always. An unsigned
request has no name; it gets what a stranger gets.

Source: GoToSocial's documentation, "access control"; Mastodon's `signature_verification.rb`.
"""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fedi import context
from fedi.inbound import guard

__all__ = ["WelcomeMiddleware"]

OPEN_TO_ALL = "/actor"


class WelcomeMiddleware:
    """Refuses signed reads of those who are suspended here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or raise `Refused`."""
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and scope["path"] != OPEN_TO_ALL:
            request = Request(scope)
            if "signature" in Headers(scope=scope):
                await guard.require_welcome(context.of(request), request)
        await self._app(scope, receive, send)
