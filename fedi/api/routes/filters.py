"""What people do not want to see; the parts of filters by their own ids before the filters by theirs."""

from starlette.routing import BaseRoute

from fedi.api import filters, old_filters
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v2/filters", filters.index, methods=GET),
    ApiRoute("/api/v2/filters", filters.create, methods=POST),
    ApiRoute("/api/v2/filters/keywords/{id}", filters.show_keyword, methods=GET),
    ApiRoute("/api/v2/filters/keywords/{id}", filters.update_keyword, methods=PUT),
    ApiRoute("/api/v2/filters/keywords/{id}", filters.remove_keyword, methods=DELETE),
    ApiRoute("/api/v2/filters/statuses/{id}", filters.show_status, methods=GET),
    ApiRoute("/api/v2/filters/statuses/{id}", filters.remove_status, methods=DELETE),
    ApiRoute("/api/v2/filters/{id}", filters.show, methods=GET),
    ApiRoute("/api/v2/filters/{id}", filters.update, methods=PUT),
    ApiRoute("/api/v2/filters/{id}", filters.destroy, methods=DELETE),
    ApiRoute("/api/v2/filters/{id}/keywords", filters.keywords, methods=GET),
    ApiRoute("/api/v2/filters/{id}/keywords", filters.add_keyword, methods=POST),
    ApiRoute("/api/v2/filters/{id}/statuses", filters.statuses, methods=GET),
    ApiRoute("/api/v2/filters/{id}/statuses", filters.add_status, methods=POST),
    ApiRoute("/api/v1/filters", old_filters.index, methods=GET),
    ApiRoute("/api/v1/filters", old_filters.create, methods=POST),
    ApiRoute("/api/v1/filters/{id}", old_filters.show, methods=GET),
    ApiRoute("/api/v1/filters/{id}", old_filters.update, methods=PUT),
    ApiRoute("/api/v1/filters/{id}", old_filters.destroy, methods=DELETE),
]
