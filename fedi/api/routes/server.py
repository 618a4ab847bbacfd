"""The server, and search in what it knows."""

from starlette.routing import BaseRoute

from fedi.api import announcements, empty, instance, oembed, search, servers, texts, translations, trends
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v2/search", search.everything, methods=GET),
    ApiRoute("/api/v1/search", search.everything_v1, methods=GET),
    ApiRoute("/api/v2/instance", instance.v2, methods=GET),
    ApiRoute("/api/v1/instance", instance.v1, methods=GET),
    ApiRoute("/api/v1/instance/peers", servers.peers, methods=GET),
    ApiRoute("/api/v1/instance/domain_blocks", servers.domain_blocks, methods=GET),
    ApiRoute("/api/v1/instance/translation_languages", translations.languages, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/translate", translations.create, methods=POST),
    ApiRoute("/api/v1/instance/rules", texts.rules, methods=GET),
    ApiRoute("/api/v1/instance/extended_description", texts.extended_description, methods=GET),
    ApiRoute("/api/v1/instance/privacy_policy", texts.privacy_policy, methods=GET),
    ApiRoute("/api/v1/instance/terms_of_service", texts.terms_of_service, methods=GET),
    ApiRoute("/api/v1/instance/terms_of_service/{date}", texts.terms_of_service, methods=GET),
    ApiRoute("/api/v1/instance/activity", texts.activity, methods=GET),
    ApiRoute("/api/v1/instance/languages", texts.languages, methods=GET),
    ApiRoute("/api/v1/peers/search", servers.search_peers, methods=GET),
    ApiRoute("/api/v1/donation_campaigns", texts.donation_campaigns, methods=GET),
    ApiRoute("/api/v1/annual_reports", texts.annual_reports, methods=GET),
    ApiRoute("/api/v1/annual_reports/{year}/state", texts.annual_report_state, methods=GET),
    ApiRoute("/api/oembed", oembed.show, methods=GET),
    ApiRoute("/api/v1/announcements", announcements.index, methods=GET),
    ApiRoute("/api/v1/announcements/{id}/dismiss", announcements.dismiss, methods=POST),
    ApiRoute("/api/v1/announcements/{id}/reactions/{name}", announcements.react, methods=PUT),
    ApiRoute("/api/v1/announcements/{id}/reactions/{name}", announcements.unreact, methods=DELETE),
    ApiRoute("/api/v1/trends", trends.tags, methods=GET),
    ApiRoute("/api/v1/trends/tags", trends.tags, methods=GET),
    ApiRoute("/api/v1/trends/statuses", trends.statuses, methods=GET),
    *(ApiRoute(path, empty.endpoint(scope), methods=GET) for path, scope in empty.LISTS.items()),
]
