"""The server, and search in what it knows."""

from starlette.routing import BaseRoute

from fedi.api import empty, instance, search, servers, trends
from fedi.api.routing import GET, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v2/search", search.everything, methods=GET),
    ApiRoute("/api/v1/search", search.everything_v1, methods=GET),
    ApiRoute("/api/v2/instance", instance.v2, methods=GET),
    ApiRoute("/api/v1/instance", instance.v1, methods=GET),
    ApiRoute("/api/v1/instance/peers", servers.peers, methods=GET),
    ApiRoute("/api/v1/instance/domain_blocks", servers.domain_blocks, methods=GET),
    ApiRoute("/api/v1/instance/translation_languages", instance.translation_languages, methods=GET),
    ApiRoute("/api/v1/trends", trends.tags, methods=GET),
    ApiRoute("/api/v1/trends/tags", trends.tags, methods=GET),
    ApiRoute("/api/v1/trends/statuses", trends.statuses, methods=GET),
    *(ApiRoute(path, empty.endpoint(scope), methods=GET) for path, scope in empty.LISTS.items()),
]
