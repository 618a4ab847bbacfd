"""Notifications, alone and in groups, those that wait, conversations, and reading positions."""

from starlette.routing import BaseRoute

from fedi.api import conversations, markers, notification_groups, notifications, screening
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ONE, MANY = "/api/v1/notifications", "/api/v2/notifications"

ROUTES: list[BaseRoute] = [
    ApiRoute(ONE, notifications.index, methods=GET),
    ApiRoute(f"{ONE}/unread_count", notifications.unread_count, methods=GET),
    ApiRoute(f"{ONE}/clear", notifications.clear, methods=POST),
    ApiRoute(f"{ONE}/dismiss", notifications.dismiss_named, methods=POST),
    ApiRoute(f"{ONE}/destroy_multiple", notifications.destroy_multiple, methods=DELETE),
    ApiRoute(f"{ONE}/policy", screening.show_flags, methods=GET),
    ApiRoute(f"{ONE}/policy", screening.change_flags, methods=PUT),
    ApiRoute(f"{ONE}/requests", screening.requests, methods=GET),
    ApiRoute(f"{ONE}/requests/accept", screening.accept_several, methods=POST),
    ApiRoute(f"{ONE}/requests/dismiss", screening.dismiss_several, methods=POST),
    ApiRoute(f"{ONE}/requests/merged", screening.merged, methods=GET),
    ApiRoute(f"{ONE}/requests/{{id}}", screening.request, methods=GET),
    ApiRoute(f"{ONE}/requests/{{id}}/accept", screening.accept, methods=POST),
    ApiRoute(f"{ONE}/requests/{{id}}/dismiss", screening.dismiss, methods=POST),
    ApiRoute(f"{ONE}/{{id}}", notifications.show, methods=GET),
    ApiRoute(f"{ONE}/{{id}}", notifications.dismiss, methods=DELETE),
    ApiRoute(f"{ONE}/{{id}}/dismiss", notifications.dismiss, methods=POST),
    ApiRoute(MANY, notification_groups.index, methods=GET),
    ApiRoute(f"{MANY}/unread_count", notification_groups.unread_count, methods=GET),
    ApiRoute(f"{MANY}/clear", notifications.clear, methods=POST),
    ApiRoute(f"{MANY}/policy", screening.show_policy, methods=GET),
    ApiRoute(f"{MANY}/policy", screening.change_policy, methods=PUT),
    ApiRoute(f"{MANY}/{{key}}", notification_groups.show, methods=GET),
    ApiRoute(f"{MANY}/{{key}}/accounts", notification_groups.accounts, methods=GET),
    ApiRoute(f"{MANY}/{{key}}/dismiss", notification_groups.dismiss, methods=POST),
    ApiRoute("/api/v1/conversations", conversations.index, methods=GET),
    ApiRoute("/api/v1/conversations/{id}", conversations.remove, methods=DELETE),
    ApiRoute("/api/v1/conversations/{id}/read", conversations.read, methods=POST),
    ApiRoute("/api/v1/conversations/{id}/unread", conversations.unread, methods=POST),
    ApiRoute("/api/v1/markers", markers.show, methods=GET),
    ApiRoute("/api/v1/markers", markers.save, methods=POST),
]
