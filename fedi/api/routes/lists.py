"""Lists."""

from starlette.routing import BaseRoute

from fedi.api import lists
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/timelines/list/{id}", lists.timeline, methods=GET),
    ApiRoute("/api/v1/lists", lists.index, methods=GET),
    ApiRoute("/api/v1/lists", lists.create, methods=POST),
    ApiRoute("/api/v1/lists/{id}", lists.show, methods=GET),
    ApiRoute("/api/v1/lists/{id}", lists.update, methods=PUT),
    ApiRoute("/api/v1/lists/{id}", lists.destroy, methods=DELETE),
    ApiRoute("/api/v1/lists/{id}/accounts", lists.members, methods=GET),
    ApiRoute("/api/v1/lists/{id}/accounts", lists.add, methods=POST),
    ApiRoute("/api/v1/lists/{id}/accounts", lists.remove, methods=DELETE),
    ApiRoute("/api/v1/accounts/{id}/lists", lists.of_account, methods=GET),
]
