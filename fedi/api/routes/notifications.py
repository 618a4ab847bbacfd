"""Notifications and reading positions."""

from starlette.routing import BaseRoute

from fedi.api import markers, notifications
from fedi.api.routing import GET, POST, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/notifications", notifications.index, methods=GET),
    ApiRoute("/api/v1/notifications/clear", notifications.clear, methods=POST),
    ApiRoute("/api/v1/notifications/{id}", notifications.show, methods=GET),
    ApiRoute("/api/v1/notifications/{id}/dismiss", notifications.dismiss, methods=POST),
    ApiRoute("/api/v1/markers", markers.show, methods=GET),
    ApiRoute("/api/v1/markers", markers.save, methods=POST),
]
