"""Routes that take a slash at the end as well, without a redirect, and routes for those with a token.

Clients write `/oauth/authorize/` and `/api/v1/tags/NAME/`; a redirect would cost them their method, their
body and, on iOS, their token.
"""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.routing import Match, Route, WebSocketRoute
from starlette.types import Scope

__all__ = ["DELETE", "GET", "POST", "PUT", "ApiRoute", "SocketRoute", "TokenRoute", "has_bearer"]

GET, POST, DELETE = ["GET"], ["POST"], ["DELETE"]
PUT = ["PUT", "PATCH"]
"""One or the other, as each client has it: Rails, where this API comes from, takes both."""


class ApiRoute(Route):
    """A route whose path may end in a slash."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path with and without its last slash."""
        return _with_slash(super().matches, scope)


class SocketRoute(WebSocketRoute):
    """A route for WebSockets whose path may end in a slash."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path with and without its last slash."""
        return _with_slash(super().matches, scope)


def _with_slash(matches: Callable[[Scope], tuple[Match, Scope]], scope: Scope) -> tuple[Match, Scope]:
    match, found = matches(scope)
    path = scope.get("path", "")
    if match is Match.NONE and path.endswith("/") and len(path) > 1:
        return matches({**scope, "path": path[:-1]})
    return match, found


class TokenRoute(Route):
    """A route that only exists for requests with a bearer token.

    ActivityPub gives an actor's outbox, inbox and posts one address each. Other servers prove by a signature
    who they are, and clients by a token, so the token tells which of two routes is meant.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route, if the request has a bearer token."""
        match, child = super().matches(scope)
        if match is not Match.NONE and not has_bearer(scope):
            return Match.NONE, {}
        return match, child


def has_bearer(scope: Scope) -> bool:
    """Tell whether a request has a bearer token, good or not."""
    return Headers(scope=scope).get("authorization", "").partition(" ")[0].lower() == "bearer"
