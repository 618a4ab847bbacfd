"""All paths that clients may ask, in the order in which they are tried; one module for each matter.

What is asked most stands first. The last route takes everything else under `/api`, with any method, so that
an unknown path is JSON and 404: several clients fall back to an older endpoint on exactly that.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from fedi.api import errors
from fedi.api.routes import (
    activitypub,
    admin,
    discovery,
    filters,
    lists,
    media,
    notifications,
    oauth,
    people,
    posts,
    push,
    scheduled,
    server,
    settings,
    signups,
    streaming,
    studio,
)
from fedi.api.routing import ApiRoute

__all__ = ["ROUTES"]


async def unknown(_request: Request) -> Response:
    """Refuse a path that does not exist."""
    raise errors.not_found()


ANY = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

ROUTES: list[BaseRoute] = [
    *posts.ROUTES,
    *streaming.ROUTES,
    *media.ROUTES,
    *notifications.ROUTES,
    *push.ROUTES,
    *lists.ROUTES,
    *filters.ROUTES,
    *discovery.ROUTES,
    *people.ROUTES,
    *scheduled.ROUTES,
    *studio.ROUTES,
    *signups.ROUTES,
    *server.ROUTES,
    *oauth.ROUTES,
    *settings.ROUTES,
    *admin.ROUTES,
    *activitypub.ROUTES,
    ApiRoute("/api/{rest:path}", unknown, methods=ANY),
]
