"""Finding people and hashtags, and what one keeps about them; before the accounts by their ids."""

from starlette.routing import BaseRoute

from fedi.api import discovery, endorsements, several, tags
from fedi.api.routing import DELETE, GET, POST, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/accounts", several.accounts, methods=GET),
    ApiRoute("/api/v1/accounts/familiar_followers", discovery.familiar_followers, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/note", endorsements.note, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/pin", endorsements.endorse, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/unpin", endorsements.unendorse, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/endorse", endorsements.endorse, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/unendorse", endorsements.unendorse, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/endorsements", endorsements.of_account, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/identity_proofs", discovery.identity_proofs, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/collections", discovery.collections, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/in_collections", discovery.collections, methods=GET),
    ApiRoute("/api/v1/endorsements", endorsements.index, methods=GET),
    ApiRoute("/api/v1/suggestions", discovery.old_suggestions, methods=GET),
    ApiRoute("/api/v2/suggestions", discovery.suggestions, methods=GET),
    ApiRoute("/api/v1/suggestions/{id}", discovery.dismiss, methods=DELETE),
    ApiRoute("/api/v1/directory", discovery.directory, methods=GET),
    ApiRoute("/api/v1/followed_tags", tags.followed, methods=GET),
    ApiRoute("/api/v1/tags/{name}", tags.show, methods=GET),
    ApiRoute("/api/v1/tags/{name}/follow", tags.follow, methods=POST),
    ApiRoute("/api/v1/tags/{name}/unfollow", tags.unfollow, methods=POST),
    ApiRoute("/api/v1/tags/{name}/feature", tags.feature, methods=POST),
    ApiRoute("/api/v1/tags/{name}/unfeature", tags.unfeature, methods=POST),
]
