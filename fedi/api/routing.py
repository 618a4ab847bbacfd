"""Routes that take a slash at the end as well, without a redirect.

Clients write `/oauth/authorize/` and `/api/v1/tags/NAME/`; a redirect would cost them their method, their
body and, on iOS, their token.
"""

from starlette.routing import Match, Route
from starlette.types import Scope

__all__ = ["ApiRoute"]


class ApiRoute(Route):
    """A route whose path may end in a slash."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path with and without its last slash."""
        match, found = super().matches(scope)
        path = scope.get("path", "")
        if match is Match.NONE and path.endswith("/") and len(path) > 1:
            return super().matches({**scope, "path": path[:-1]})
        return match, found
