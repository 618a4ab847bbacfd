"""The last stop before a person or a peer: every error becomes an answer in their own format.

Clients get Mastodon's JSON, other servers get JSON, browsers get a page; a mistake of ours gets a request
id that is also in the log, and never a traceback. It stands inside the CORS and header middleware, so that
errors carry those headers as well.
"""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from activitypub.errors import ActivityPubError
from fedi.errors import Refused
from fedi.log import get
from fedi.web.pages import error_page

__all__ = ["BoundaryMiddleware", "pass_on"]

CLIENT_PATHS = ("/api/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo")
"""Where clients are answered with JSON whatever they accept: some run in a browser and say `text/html`."""

JSON_PATHS = (*CLIENT_PATHS, "/nodeinfo/", "/.well-known/", "/inbox", "/users/", "/contexts/", "/actor")
"""Where a page is given to those only who ask for one."""

UNKEPT = {"Cache-Control": "no-store", "Vary": "Accept, Authorization, Signature, Signature-Input"}
"""Of refusals: a 404 may be kept by caches without being told to (RFC 9111 section 4.2.2), and what is not
there for a stranger may be there for somebody who signs."""

log = get(__name__)


class BoundaryMiddleware:
    """Renders what was raised below it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer for it when something is raised before an answer began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:  # nobody is there to be answered
            log.info("client_gone", path=scope["path"])
        except Exception as trouble:
            refusal = _as_refusal(trouble)
            request = Request(scope, receive)
            if refusal.status >= 500:
                log.exception("request_failed", path=scope["path"])
            else:
                log.info("refused", path=scope["path"], status=refusal.status, why=refusal.why)
            if begun:
                raise
            response = await render(request, refusal)
            await response(scope, receive, send)


async def pass_on(_request: Request, trouble: Exception) -> Response:
    """Let Starlette's own refusals (no such path, no such method) reach the boundary as well.

    Its default handler would answer them in plain text, which neither a person nor a client expects.
    """
    raise trouble


async def render(request: Request, refusal: Refused) -> Response:
    """Return the answer for a refusal, in the format that the asker reads."""
    path = request.url.path
    accept = request.headers.get("accept", "")
    if path.startswith(CLIENT_PATHS) or (path.startswith(JSON_PATHS) and "text/html" not in accept):
        body: dict[str, Any] = {"error": refusal.error or refusal.text}
        if refusal.error:
            body["error_description"] = refusal.text
        if refusal.details is not None:
            body["details"] = refusal.details
        return JSONResponse(body, status_code=refusal.status, headers={**UNKEPT, **refusal.headers})
    return await error_page(request, refusal)


def _as_refusal(trouble: Exception) -> Refused:
    if isinstance(trouble, Refused):
        return trouble
    if isinstance(trouble, ActivityPubError):
        return Refused(trouble.status_hint, trouble.message)
    if isinstance(trouble, HTTPException):
        text = {404: "Record not found", 405: "This method is not allowed here"}.get(
            trouble.status_code, trouble.detail
        )
        return Refused(trouble.status_code, text, headers=dict(trouble.headers or {}))
    return Refused(500, "Something went wrong on this server. It has been logged.", why=repr(trouble))
