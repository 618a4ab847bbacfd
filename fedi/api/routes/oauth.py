"""Applications, OAuth and the pages that belong to it."""

from starlette.routing import BaseRoute

from fedi.api import apps, intents, oauth, sessions, tokens
from fedi.api.routing import GET, POST, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/apps", apps.create, methods=POST),
    ApiRoute("/api/v1/apps/verify_credentials", apps.verify_credentials, methods=GET),
    ApiRoute("/oauth/authorize", oauth.ask, methods=GET),
    ApiRoute("/oauth/authorize", oauth.decide, methods=POST),
    ApiRoute("/oauth/sign_in", oauth.sign_in, methods=POST),
    ApiRoute("/oauth/sign_in/code", sessions.show_code_form, methods=GET),
    ApiRoute("/oauth/sign_in/code", sessions.take_code, methods=POST),
    ApiRoute("/oauth/sign_in/here", intents.sign_in, methods=POST),
    ApiRoute("/oauth/token", tokens.token, methods=POST),
    ApiRoute("/oauth/revoke", tokens.revoke, methods=POST),
    ApiRoute("/oauth/userinfo", tokens.userinfo, methods=["GET", "POST"]),
    ApiRoute("/authorize_interaction", intents.show, methods=GET),
    ApiRoute("/authorize_interaction", intents.act, methods=POST),
    ApiRoute("/share", intents.share, methods=GET),
    ApiRoute("/share", intents.publish, methods=POST),
    ApiRoute("/.well-known/oauth-authorization-server", tokens.metadata, methods=GET),
]
