"""ActivityPub's own clients; what has no token goes on to the documents for other servers."""

from starlette.routing import BaseRoute

from fedi.api.c2s import documents, inbox, outbox, proxy
from fedi.api.c2s import media as uploads
from fedi.api.routing import GET, POST, ApiRoute, TokenRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/users/{name}/outbox", outbox.submit, methods=POST),
    TokenRoute("/users/{name}/outbox", outbox.show),
    ApiRoute("/users/{name}/inbox", inbox.show, methods=GET),
    TokenRoute("/users/{name}/statuses/{post_id}", documents.note),
    TokenRoute("/users/{name}/statuses/{post_id}/activity", documents.activity),
    ApiRoute("/users/{name}/media/{id}", uploads.show, methods=GET),
    ApiRoute("/api/c2s/media", uploads.create, methods=POST),
    ApiRoute("/api/c2s/proxy", proxy.ask, methods=POST),
]
