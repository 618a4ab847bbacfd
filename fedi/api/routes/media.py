"""Pictures."""

from starlette.routing import BaseRoute

from fedi.api import media
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v2/media", media.create, methods=POST),
    ApiRoute("/api/v1/media", media.create, methods=POST),
    ApiRoute("/api/v1/media/{id}", media.show, methods=GET),
    ApiRoute("/api/v1/media/{id}", media.update, methods=PUT),
    ApiRoute("/api/v1/media/{id}", media.destroy, methods=DELETE),
]
