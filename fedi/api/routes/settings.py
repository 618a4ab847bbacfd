"""The settings of an account, as pages."""

from starlette.routing import BaseRoute

from fedi.api.routing import GET, POST, ApiRoute
from fedi.api.settings import access, password, preferences, second_factor, signing

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/settings", signing.home, methods=GET),
    ApiRoute("/settings/sign_in", signing.form, methods=GET),
    ApiRoute("/settings/sign_in", signing.sign_in, methods=POST),
    ApiRoute("/settings/sign_out", signing.sign_out, methods=POST),
    ApiRoute("/settings/preferences", preferences.show, methods=GET),
    ApiRoute("/settings/preferences", preferences.change, methods=POST),
    ApiRoute("/settings/applications", access.applications, methods=GET),
    ApiRoute("/settings/applications", access.shut_out_app, methods=POST),
    ApiRoute("/settings/browsers", access.browsers, methods=GET),
    ApiRoute("/settings/browsers", access.shut_out_browser, methods=POST),
    ApiRoute("/settings/password", password.show, methods=GET),
    ApiRoute("/settings/password", password.change, methods=POST),
    ApiRoute("/settings/second_factor", second_factor.show, methods=GET),
    ApiRoute("/settings/second_factor", second_factor.enable, methods=POST),
    ApiRoute("/settings/second_factor/disable", second_factor.disable, methods=POST),
    ApiRoute("/settings/second_factor/codes", second_factor.renew_codes, methods=POST),
]
