"""Our own API, for pictures on order."""

from starlette.routing import BaseRoute

from fedi.api.routing import DELETE, GET, POST, ApiRoute
from fedi.api.studio import description, generations, watching

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/fedi/v1/generations", generations.index, methods=GET),
    ApiRoute("/api/fedi/v1/generations", generations.create, methods=POST),
    ApiRoute("/api/fedi/v1/generations/{id}", generations.show, methods=GET),
    ApiRoute("/api/fedi/v1/generations/{id}", generations.destroy, methods=DELETE),
    ApiRoute("/api/fedi/v1/generations/{id}/cancel", generations.cancel, methods=POST),
    ApiRoute("/api/fedi/v1/generations/{id}/events", watching.watch, methods=GET),
    ApiRoute("/api/fedi/v1/openapi.json", description.show, methods=GET),
]
