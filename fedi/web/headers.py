"""Response headers that every answer carries: what a browser may do with it, and the request's id.

The pages need no script, no frame and nothing from elsewhere, so the policy starts from nothing and adds
our own pictures and style sheet; a hole in the sanitiser then has nothing to run. The pages of `/oauth/`
are exempt in two points: their form leads to an address of the client's (`form-action` holds for the
redirect as well), and a client that opened them in a window must see it close.

Sources: Content Security Policy Level 3; OWASP Secure Headers; Mastodon's `content_security_policy.rb`.
"""

import functools
import secrets
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedi.config import Settings

__all__ = ["MEDIA_POLICY", "HeadersMiddleware", "headers_for"]

FORMS = "form-action 'self'; "
POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'self'; {FORMS}frame-ancestors 'none'; base-uri 'none'"
)

OAUTH = "/oauth/"
"""Beginning of the paths whose form may lead elsewhere."""

MEDIA_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""For files that strangers made: even one that passed for a page could do nothing."""

HSTS_S = 2 * 365 * 24 * 3600
"""How long browsers shall insist on https, in seconds: what preload lists ask for is one year or more."""

REQUEST_ID_BYTES = 8
"""Enough to find one line in a log."""

EVERYWHERE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}


def headers_for(path: str, *, secure: bool) -> dict[str, str]:
    """Return the headers that an answer at this path gets unless it sets them itself.

    Args:
        path: of the request.
        secure: whether people reach us over https.
    """
    headers = dict(EVERYWHERE)
    if path.startswith(OAUTH):
        headers["Content-Security-Policy"] = POLICY.replace(FORMS, "")
    else:
        headers["Content-Security-Policy"] = POLICY
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={HSTS_S}; includeSubDomains"
    return headers


@functools.cache
def _raw_headers(is_oauth: bool, secure: bool) -> tuple[tuple[bytes, bytes], ...]:  # noqa: FBT001 - a key
    """Return the headers as they are sent: every answer has them, so they are made once."""
    chosen = headers_for(OAUTH if is_oauth else "/", secure=secure)
    return tuple((name.lower().encode(), value.encode()) for name, value in chosen.items())


class HeadersMiddleware:
    """Adds the headers, and gives each request an id that its log lines carry too."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._secure = settings.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(REQUEST_ID_BYTES)
        scope.setdefault("state", {})["request_id"] = request_id
        wanted = _raw_headers(scope["path"].startswith(OAUTH), self._secure)

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                own = (b"x-request-id", request_id.encode())
                added = [pair for pair in wanted if pair[0] not in names]
                message = {**message, "headers": [*given, *added, own]}
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self._app(scope, receive, add)
