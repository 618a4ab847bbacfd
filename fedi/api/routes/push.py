"""Web push."""

from starlette.routing import BaseRoute

from fedi.api import push
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/push/subscription", push.create, methods=POST),
    ApiRoute("/api/v1/push/subscription", push.show, methods=GET),
    ApiRoute("/api/v1/push/subscription", push.update, methods=PUT),
    ApiRoute("/api/v1/push/subscription", push.destroy, methods=DELETE),
]
