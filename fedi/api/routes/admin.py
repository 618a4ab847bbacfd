"""Moderation and administration."""

from starlette.routing import BaseRoute

from fedi.api.admin import accounts, figures, lists, reports, trends
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

LISTS = {
    "domain_blocks": lists.DOMAIN_BLOCKS,
    "domain_allows": lists.DOMAIN_ALLOWS,
    "email_domain_blocks": lists.EMAIL_DOMAIN_BLOCKS,
    "ip_blocks": lists.IP_BLOCKS,
    "canonical_email_blocks": lists.CANONICAL_EMAIL_BLOCKS,
}

CHANGED = ("domain_blocks", "ip_blocks")
"""Lists whose rows can be changed."""


def _list(name: str) -> list[BaseRoute]:
    path, listing = f"/api/v1/admin/{name}", LISTS[name]
    changing = [ApiRoute(path + "/{id}", listing.update, methods=PUT)] if name in CHANGED else []
    return [
        ApiRoute(path, listing.index, methods=GET),
        ApiRoute(path, listing.create, methods=POST),
        ApiRoute(path + "/{id}", listing.show, methods=GET),
        *changing,
        ApiRoute(path + "/{id}", listing.destroy, methods=DELETE),
    ]


ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v2/admin/accounts", accounts.index, methods=GET),
    ApiRoute("/api/v1/admin/accounts", accounts.index_v1, methods=GET),
    ApiRoute("/api/v1/admin/accounts/{id}", accounts.show, methods=GET),
    ApiRoute("/api/v1/admin/accounts/{id}", accounts.destroy, methods=DELETE),
    ApiRoute("/api/v1/admin/accounts/{id}/action", accounts.act, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/approve", accounts.approve, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/reject", accounts.reject, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/enable", accounts.enable, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/unsilence", accounts.unsilence, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/unsuspend", accounts.unsuspend, methods=POST),
    ApiRoute("/api/v1/admin/accounts/{id}/unsensitive", accounts.unsensitive, methods=POST),
    ApiRoute("/api/v1/admin/reports", reports.index, methods=GET),
    ApiRoute("/api/v1/admin/reports/{id}", reports.show, methods=GET),
    ApiRoute("/api/v1/admin/reports/{id}", reports.update, methods=PUT),
    ApiRoute("/api/v1/admin/reports/{id}/assign_to_self", reports.assign_to_self, methods=POST),
    ApiRoute("/api/v1/admin/reports/{id}/unassign", reports.unassign, methods=POST),
    ApiRoute("/api/v1/admin/reports/{id}/resolve", reports.resolve, methods=POST),
    ApiRoute("/api/v1/admin/reports/{id}/reopen", reports.reopen, methods=POST),
    ApiRoute("/api/v1/admin/canonical_email_blocks/test", lists.test_email, methods=POST),
    *(route for name in LISTS for route in _list(name)),
    ApiRoute("/api/v1/admin/measures", figures.measures, methods=POST),
    ApiRoute("/api/v1/admin/dimensions", figures.dimensions, methods=POST),
    ApiRoute("/api/v1/admin/retention", figures.retention, methods=POST),
    ApiRoute("/api/v1/admin/trends/tags", trends.tags, methods=GET),
    ApiRoute("/api/v1/admin/trends/tags/{id}/approve", trends.review_tag, methods=POST),
    ApiRoute("/api/v1/admin/trends/tags/{id}/reject", trends.review_tag, methods=POST),
    ApiRoute("/api/v1/admin/trends/statuses", trends.statuses, methods=GET),
    ApiRoute("/api/v1/admin/trends/statuses/{id}/approve", trends.review_status, methods=POST),
    ApiRoute("/api/v1/admin/trends/statuses/{id}/reject", trends.review_status, methods=POST),
    ApiRoute("/api/v1/admin/trends/links", trends.links, methods=GET),
    ApiRoute("/api/v1/admin/trends/links/{id}/approve", trends.review_link, methods=POST),
    ApiRoute("/api/v1/admin/trends/links/{id}/reject", trends.review_link, methods=POST),
    ApiRoute("/api/v1/admin/tags/{id}", trends.show_tag, methods=GET),
]
