"""All paths that clients may ask, in the order in which they are tried.

What is asked most stands first. The last route takes everything else under `/api`, with any method, so that
an unknown path is JSON and 404: several clients fall back to an older endpoint on exactly that.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from fedi.api import (
    accounts,
    apps,
    blocks,
    domain_blocks,
    edits,
    empty,
    errors,
    featured_tags,
    follow_requests,
    instance,
    intents,
    markers,
    media,
    mutes,
    notifications,
    oauth,
    pins,
    polls,
    profile,
    quotes,
    reactions,
    refreshes,
    reports,
    search,
    servers,
    statuses,
    timelines,
    tokens,
)  # fmt: skip
from fedi.api.c2s import documents, inbox, outbox, proxy
from fedi.api.c2s import media as uploads
from fedi.api.routing import ApiRoute, TokenRoute

__all__ = ["ROUTES"]


async def unknown(_request: Request) -> Response:
    """Refuse a path that does not exist."""
    raise errors.not_found()


GET, POST, PUT, DELETE = ["GET"], ["POST"], ["PUT", "PATCH"], ["DELETE"]
ANY = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

ROUTES: list[BaseRoute] = [
    # Timelines and posts.
    ApiRoute("/api/v1/timelines/home", timelines.home, methods=GET),
    ApiRoute("/api/v1/timelines/public", timelines.public, methods=GET),
    ApiRoute("/api/v1/timelines/tag/{name}", timelines.tag, methods=GET),
    ApiRoute("/api/v1/favourites", timelines.favourites, methods=GET),
    ApiRoute("/api/v1/statuses", statuses.create, methods=POST),
    ApiRoute("/api/v1/statuses/{id}", statuses.show, methods=GET),
    ApiRoute("/api/v1/statuses/{id}", statuses.destroy, methods=DELETE),
    ApiRoute("/api/v1/statuses/{id}", edits.update, methods=PUT),
    ApiRoute("/api/v1/statuses/{id}/history", edits.history, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/context", statuses.show_context, methods=GET),
    ApiRoute("/api/v1_alpha/async_refreshes/{id}", refreshes.show, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/source", statuses.source, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/favourite", statuses.favourite, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unfavourite", statuses.unfavourite, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/reblog", statuses.reblog, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unreblog", statuses.unreblog, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/quotes", quotes.index, methods=GET),
    ApiRoute("/api/v1/statuses/{id}/quotes/{quoting_id}/revoke", quotes.revoke, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/interaction_policy", quotes.set_policy, methods=PUT),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions", reactions.index, methods=GET),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.index, methods=GET),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.add, methods=PUT),
    ApiRoute("/api/v1/pleroma/statuses/{id}/reactions/{emoji}", reactions.remove, methods=DELETE),
    ApiRoute("/api/v1/statuses/{id}/pin", pins.pin, methods=POST),
    ApiRoute("/api/v1/statuses/{id}/unpin", pins.unpin, methods=POST),
    ApiRoute("/api/v1/polls/{id}", polls.show, methods=GET),
    ApiRoute("/api/v1/polls/{id}/votes", polls.vote, methods=POST),
    # Pictures.
    ApiRoute("/api/v2/media", media.create, methods=POST),
    ApiRoute("/api/v1/media", media.create, methods=POST),
    ApiRoute("/api/v1/media/{id}", media.show, methods=GET),
    ApiRoute("/api/v1/media/{id}", media.update, methods=PUT),
    # Notifications and reading positions.
    ApiRoute("/api/v1/notifications", notifications.index, methods=GET),
    ApiRoute("/api/v1/notifications/clear", notifications.clear, methods=POST),
    ApiRoute("/api/v1/notifications/{id}", notifications.show, methods=GET),
    ApiRoute("/api/v1/notifications/{id}/dismiss", notifications.dismiss, methods=POST),
    ApiRoute("/api/v1/markers", markers.show, methods=GET),
    ApiRoute("/api/v1/markers", markers.save, methods=POST),
    # People; the names before the ids.
    ApiRoute("/api/v1/accounts/verify_credentials", accounts.verify_credentials, methods=GET),
    ApiRoute("/api/v1/accounts/update_credentials", profile.update, methods=PUT),
    ApiRoute("/api/v1/profile/avatar", profile.delete_avatar, methods=DELETE),
    ApiRoute("/api/v1/profile/header", profile.delete_header, methods=DELETE),
    ApiRoute("/api/v1/accounts/lookup", accounts.lookup, methods=GET),
    ApiRoute("/api/v1/accounts/search", search.accounts, methods=GET),
    ApiRoute("/api/v1/accounts/relationships", accounts.relationships, methods=GET),
    ApiRoute("/api/v1/accounts/{id}", accounts.show, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/statuses", accounts.statuses, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/followers", accounts.followers, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/following", accounts.following_of, methods=GET),
    ApiRoute("/api/v1/accounts/{id}/follow", accounts.follow, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/unfollow", accounts.unfollow, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/remove_from_followers", accounts.remove_from_followers, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/featured_tags", featured_tags.of_account, methods=GET),
    ApiRoute("/api/v1/featured_tags", featured_tags.index, methods=GET),
    ApiRoute("/api/v1/featured_tags", featured_tags.create, methods=POST),
    ApiRoute("/api/v1/featured_tags/suggestions", featured_tags.suggestions, methods=GET),
    ApiRoute("/api/v1/featured_tags/{id}", featured_tags.destroy, methods=DELETE),
    ApiRoute("/api/v1/accounts/{id}/block", blocks.block, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/unblock", blocks.unblock, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/mute", mutes.mute, methods=POST),
    ApiRoute("/api/v1/accounts/{id}/unmute", mutes.unmute, methods=POST),
    ApiRoute("/api/v1/blocks", blocks.index, methods=GET),
    ApiRoute("/api/v1/mutes", mutes.index, methods=GET),
    ApiRoute("/api/v1/domain_blocks", domain_blocks.index, methods=GET),
    ApiRoute("/api/v1/domain_blocks", domain_blocks.block, methods=POST),
    ApiRoute("/api/v1/domain_blocks", domain_blocks.unblock, methods=DELETE),
    ApiRoute("/api/v1/follow_requests", follow_requests.index, methods=GET),
    ApiRoute("/api/v1/follow_requests/{id}/authorize", follow_requests.authorize, methods=POST),
    ApiRoute("/api/v1/follow_requests/{id}/reject", follow_requests.reject, methods=POST),
    ApiRoute("/api/v2/search", search.everything, methods=GET),
    # The server.
    ApiRoute("/api/v2/instance", instance.v2, methods=GET),
    ApiRoute("/api/v1/instance", instance.v1, methods=GET),
    ApiRoute("/api/v1/instance/peers", servers.peers, methods=GET),
    ApiRoute("/api/v1/instance/domain_blocks", servers.domain_blocks, methods=GET),
    ApiRoute("/api/v1/reports", reports.create, methods=POST),
    ApiRoute("/api/v1/instance/translation_languages", instance.translation_languages, methods=GET),
    ApiRoute("/api/v1/preferences", instance.preferences, methods=GET),
    *(ApiRoute(path, empty.endpoint(scope), methods=GET) for path, scope in empty.LISTS.items()),
    # Applications and OAuth.
    ApiRoute("/api/v1/apps", apps.create, methods=POST),
    ApiRoute("/api/v1/apps/verify_credentials", apps.verify_credentials, methods=GET),
    ApiRoute("/oauth/authorize", oauth.ask, methods=GET),
    ApiRoute("/oauth/authorize", oauth.decide, methods=POST),
    ApiRoute("/oauth/sign_in", oauth.sign_in, methods=POST),
    ApiRoute("/oauth/sign_in/here", intents.sign_in, methods=POST),
    ApiRoute("/oauth/token", tokens.token, methods=POST),
    ApiRoute("/oauth/revoke", tokens.revoke, methods=POST),
    ApiRoute("/oauth/userinfo", tokens.userinfo, methods=["GET", "POST"]),
    ApiRoute("/authorize_interaction", intents.show, methods=GET),
    ApiRoute("/authorize_interaction", intents.act, methods=POST),
    ApiRoute("/share", intents.share, methods=GET),
    ApiRoute("/share", intents.publish, methods=POST),
    ApiRoute("/.well-known/oauth-authorization-server", tokens.metadata, methods=GET),
    # ActivityPub's own clients; what has no token goes on to the documents for other servers.
    ApiRoute("/users/{name}/outbox", outbox.submit, methods=POST),
    TokenRoute("/users/{name}/outbox", outbox.show),
    ApiRoute("/users/{name}/inbox", inbox.show, methods=GET),
    TokenRoute("/users/{name}/statuses/{post_id}", documents.note),
    TokenRoute("/users/{name}/statuses/{post_id}/activity", documents.activity),
    ApiRoute("/users/{name}/media/{id}", uploads.show, methods=GET),
    ApiRoute("/api/c2s/media", uploads.create, methods=POST),
    ApiRoute("/api/c2s/proxy", proxy.ask, methods=POST),
    ApiRoute("/api/{rest:path}", unknown, methods=ANY),
]
