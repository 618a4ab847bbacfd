"""Finding the route of a request without trying them all.

Starlette tries its routes one after the other, and with about a hundred of them that alone cost more than
checking a signature. Here the routes are put into groups by the beginning of their path once, and a request
only tries those of its group, in their order.
"""

from collections.abc import Iterable, Sequence

from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send

__all__ = ["IndexedRouter"]

ANY = "*"
"""Key of routes that begin with a parameter, which every group tries."""


class IndexedRouter(Router):
    """A router that only tries the routes whose path begins as the request's does."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=routes, redirect_slashes=False)
        keyed = [(_key_of_route(getattr(route, "path", "")), route) for route in routes]
        self._groups = {
            key: _router(route for own, route in keyed if own in {key, _parent(key), ANY})
            for key in {key for key, _ in keyed}
        }
        self._rest = _router(route for own, route in keyed if own == ANY)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to its group."""
        if scope["type"] == "lifespan":
            await super().app(scope, receive, send)
            return
        key = _key_of_path(scope["path"])
        group = self._groups.get(key) or self._groups.get(_parent(key)) or self._rest
        await group.app(scope, receive, send)


def _router(routes: Iterable[BaseRoute]) -> Router:
    return Router(routes=list(routes), redirect_slashes=False)


def _key_of_path(path: str) -> str:
    """Return the first segment, `@` for handles, or for the API its third: `api/statuses`."""
    first, _, rest = path[1:].partition("/")
    if first == "api":
        return "api/" + rest.partition("/")[2].partition("/")[0]
    return "@" if first.startswith("@") else first


def _key_of_route(path: str) -> str:
    key = _key_of_path(path)
    if key.startswith("api/"):
        return "api" if "{" in "/".join(path.split("/")[:4]) else key
    return ANY if "{" in key else key


def _parent(key: str) -> str:
    return "api" if key.startswith("api/") else key
