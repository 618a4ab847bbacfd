"""People and how one stands to them; the names before the ids."""

from starlette.routing import BaseRoute

from fedi.api import (
    accounts,
    blocks,
    domain_blocks,
    featured_tags,
    follow_requests,
    mutes,
    profile,
    reports,
    search,
)
from fedi.api.routing import DELETE, GET, POST, PUT, ApiRoute

__all__ = ["ROUTES"]

ROUTES: list[BaseRoute] = [
    ApiRoute("/api/v1/accounts/verify_credentials", accounts.verify_credentials, methods=GET),
    ApiRoute("/api/v1/accounts/update_credentials", profile.update, methods=PUT),
    ApiRoute("/api/v1/preferences", profile.preferences, methods=GET),
    ApiRoute("/api/v1/preferences", profile.change_preferences, methods=PUT),
    ApiRoute("/api/v1/profile", profile.show, methods=GET),
    ApiRoute("/api/v1/profile", profile.change, methods=PUT),
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
    ApiRoute("/api/v1/reports", reports.create, methods=POST),
]
