"""Posts that come out later."""

from starlette.routing import BaseRoute

from fedi.api import scheduled
from fedi.api.routing import DELETE, GET, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/scheduled_statuses", scheduled.index, methods=GET),
    ApiRoute("/api/v1/scheduled_statuses/{id}", scheduled.show, methods=GET),
    ApiRoute("/api/v1/scheduled_statuses/{id}", scheduled.update, methods=PUT),
    ApiRoute("/api/v1/scheduled_statuses/{id}", scheduled.destroy, methods=DELETE),
]
