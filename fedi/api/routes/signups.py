"""Signing up, in the browser and with an application."""

from starlette.routing import BaseRoute

from fedi.api import signups
from fedi.api.routing import GET, POST, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/accounts", signups.create, methods=POST),
    ApiRoute("/api/v1/emails/confirmations", signups.confirm, methods=POST),
    ApiRoute("/api/v1/emails/check_confirmation", signups.check_confirmation, methods=GET),
    ApiRoute("/auth/sign_up", signups.form, methods=GET),
    ApiRoute("/auth/sign_up", signups.sign_up, methods=POST),
]
