"""Who may do what: the scope of every endpoint."""

from typing import TYPE_CHECKING

import httpx
import pytest

from fedi.api.routes import ROUTES
from fedi.api.routing import ApiRoute
from tests.fedi.api.conftest import Enter, http_client

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/timelines/home"): "read:statuses",
    ("GET", "/api/v1/favourites"): "read:favourites",
    ("POST", "/api/v1/statuses"): "write:statuses",
    ("DELETE", "/api/v1/statuses/{id}"): "write:statuses",
    ("GET", "/api/v1/statuses/{id}/source"): "read:statuses",
    ("POST", "/api/v1/statuses/{id}/favourite"): "write:favourites",
    ("POST", "/api/v1/statuses/{id}/unfavourite"): "write:favourites",
    ("POST", "/api/v1/statuses/{id}/reblog"): "write:statuses",
    ("POST", "/api/v1/statuses/{id}/unreblog"): "write:statuses",
    ("POST", "/api/v2/media"): "write:media",
    ("POST", "/api/v1/media"): "write:media",
    ("GET", "/api/v1/media/{id}"): "write:media",
    ("PUT", "/api/v1/media/{id}"): "write:media",
    ("PATCH", "/api/v1/media/{id}"): "write:media",
    ("DELETE", "/api/v1/media/{id}"): "write:media",
    ("GET", "/api/v1_alpha/async_refreshes/{id}"): "read:statuses",
    ("GET", "/api/v1/notifications"): "read:notifications",
    ("GET", "/api/v1/notifications/{id}"): "read:notifications",
    ("POST", "/api/v1/notifications/clear"): "write:notifications",
    ("POST", "/api/v1/notifications/{id}/dismiss"): "write:notifications",
    ("GET", "/api/v1/markers"): "read:statuses",
    ("POST", "/api/v1/markers"): "write:statuses",
    ("GET", "/api/v1/accounts/verify_credentials"): "read:accounts",
    ("GET", "/api/v1/accounts/search"): "read:accounts",
    ("GET", "/api/v1/accounts/relationships"): "read:follows",
    ("POST", "/api/v1/accounts/{id}/follow"): "write:follows",
    ("POST", "/api/v1/accounts/{id}/unfollow"): "write:follows",
    ("POST", "/api/v1/accounts/{id}/remove_from_followers"): "write:follows",
    ("GET", "/api/v1/follow_requests"): "read:follows",
    ("POST", "/api/v1/follow_requests/{id}/authorize"): "write:follows",
    ("POST", "/api/v1/follow_requests/{id}/reject"): "write:follows",
    ("GET", "/api/v1/preferences"): "read:accounts",
    ("PUT", "/api/v1/preferences"): "write:accounts",
    ("PATCH", "/api/v1/preferences"): "write:accounts",
    ("GET", "/api/v1/profile"): "read:accounts",
    ("POST", "/api/v1/accounts"): "write:accounts",
    ("POST", "/api/v1/emails/confirmations"): "write:accounts",
    ("GET", "/api/v1/emails/check_confirmation"): "read:accounts",
    ("PUT", "/api/v1/profile"): "write:accounts",
    ("PATCH", "/api/v1/profile"): "write:accounts",
    ("POST", "/api/v1/statuses/{id}/translate"): "read:statuses",
    ("GET", "/api/v1/announcements"): "read",
    ("POST", "/api/v1/announcements/{id}/dismiss"): "write:accounts",
    ("PUT", "/api/v1/announcements/{id}/reactions/{name}"): "write:favourites",
    ("PATCH", "/api/v1/announcements/{id}/reactions/{name}"): "write:favourites",
    ("DELETE", "/api/v1/announcements/{id}/reactions/{name}"): "write:favourites",
    ("GET", "/api/v1/donation_campaigns"): "read",
    ("GET", "/api/v1/annual_reports"): "read:accounts",
    ("GET", "/api/v1/annual_reports/{year}/state"): "read:accounts",
    ("GET", "/api/v1/blocks"): "read:blocks",
    ("GET", "/api/v1/bookmarks"): "read:bookmarks",
    ("DELETE", "/api/v1/conversations/{id}"): "write:conversations",
    ("POST", "/api/v1/conversations/{id}/read"): "write:conversations",
    ("POST", "/api/v1/conversations/{id}/unread"): "write:conversations",
    ("DELETE", "/api/v1/notifications/destroy_multiple"): "write:notifications",
    ("DELETE", "/api/v1/notifications/{id}"): "write:notifications",
    ("POST", "/api/v1/notifications/dismiss"): "write:notifications",
    ("GET", "/api/v1/notifications/unread_count"): "read:notifications",
    ("GET", "/api/v1/notifications/policy"): "read:notifications",
    ("PUT", "/api/v1/notifications/policy"): "write:notifications",
    ("PATCH", "/api/v1/notifications/policy"): "write:notifications",
    ("GET", "/api/v1/notifications/requests"): "read:notifications",
    ("GET", "/api/v1/notifications/requests/merged"): "read:notifications",
    ("GET", "/api/v1/notifications/requests/{id}"): "read:notifications",
    ("POST", "/api/v1/notifications/requests/accept"): "write:notifications",
    ("POST", "/api/v1/notifications/requests/dismiss"): "write:notifications",
    ("POST", "/api/v1/notifications/requests/{id}/accept"): "write:notifications",
    ("POST", "/api/v1/notifications/requests/{id}/dismiss"): "write:notifications",
    ("GET", "/api/v2/notifications"): "read:notifications",
    ("GET", "/api/v2/notifications/policy"): "read:notifications",
    ("PUT", "/api/v2/notifications/policy"): "write:notifications",
    ("PATCH", "/api/v2/notifications/policy"): "write:notifications",
    ("GET", "/api/v2/notifications/unread_count"): "read:notifications",
    ("GET", "/api/v2/notifications/{key}"): "read:notifications",
    ("GET", "/api/v2/notifications/{key}/accounts"): "read:notifications",
    ("POST", "/api/v2/notifications/clear"): "write:notifications",
    ("POST", "/api/v2/notifications/{key}/dismiss"): "write:notifications",
    ("GET", "/api/v1/push/subscription"): "push",
    ("POST", "/api/v1/push/subscription"): "push",
    ("PUT", "/api/v1/push/subscription"): "push",
    ("PATCH", "/api/v1/push/subscription"): "push",
    ("DELETE", "/api/v1/push/subscription"): "push",
    ("GET", "/api/v1/timelines/direct"): "read:statuses",
    ("POST", "/api/v1/statuses/{id}/mute"): "write:mutes",
    ("POST", "/api/v1/statuses/{id}/unmute"): "write:mutes",
    ("GET", "/api/v1/conversations"): "read:statuses",
    ("GET", "/api/v1/domain_blocks"): "read:blocks",
    ("GET", "/api/v1/endorsements"): "read:accounts",
    ("GET", "/api/v1/featured_tags"): "read:accounts",
    ("GET", "/api/v1/filters"): "read:filters",
    ("POST", "/api/v2/filters"): "write:filters",
    ("GET", "/api/v2/filters/keywords/{id}"): "read:filters",
    ("PUT", "/api/v2/filters/keywords/{id}"): "write:filters",
    ("PATCH", "/api/v2/filters/keywords/{id}"): "write:filters",
    ("DELETE", "/api/v2/filters/keywords/{id}"): "write:filters",
    ("GET", "/api/v2/filters/statuses/{id}"): "read:filters",
    ("DELETE", "/api/v2/filters/statuses/{id}"): "write:filters",
    ("GET", "/api/v2/filters/{id}"): "read:filters",
    ("PUT", "/api/v2/filters/{id}"): "write:filters",
    ("PATCH", "/api/v2/filters/{id}"): "write:filters",
    ("DELETE", "/api/v2/filters/{id}"): "write:filters",
    ("GET", "/api/v2/filters/{id}/keywords"): "read:filters",
    ("POST", "/api/v2/filters/{id}/keywords"): "write:filters",
    ("GET", "/api/v2/filters/{id}/statuses"): "read:filters",
    ("POST", "/api/v2/filters/{id}/statuses"): "write:filters",
    ("POST", "/api/v1/filters"): "write:filters",
    ("GET", "/api/v1/filters/{id}"): "read:filters",
    ("PUT", "/api/v1/filters/{id}"): "write:filters",
    ("PATCH", "/api/v1/filters/{id}"): "write:filters",
    ("DELETE", "/api/v1/filters/{id}"): "write:filters",
    ("GET", "/api/v1/followed_tags"): "read:follows",
    ("POST", "/api/v1/accounts/{id}/note"): "write:accounts",
    ("POST", "/api/v1/accounts/{id}/pin"): "write:accounts",
    ("POST", "/api/v1/accounts/{id}/unpin"): "write:accounts",
    ("POST", "/api/v1/accounts/{id}/endorse"): "write:accounts",
    ("POST", "/api/v1/accounts/{id}/unendorse"): "write:accounts",
    ("GET", "/api/v1/accounts/familiar_followers"): "read:follows",
    ("DELETE", "/api/v1/suggestions/{id}"): "write:accounts",
    ("POST", "/api/v1/tags/{name}/follow"): "write:follows",
    ("POST", "/api/v1/tags/{name}/unfollow"): "write:follows",
    ("POST", "/api/v1/tags/{name}/feature"): "write:accounts",
    ("POST", "/api/v1/tags/{name}/unfeature"): "write:accounts",
    ("GET", "/api/v1/lists"): "read:lists",
    ("POST", "/api/v1/statuses/{id}/bookmark"): "write:bookmarks",
    ("POST", "/api/v1/statuses/{id}/unbookmark"): "write:bookmarks",
    ("POST", "/api/v1/lists"): "write:lists",
    ("GET", "/api/v1/lists/{id}"): "read:lists",
    ("PUT", "/api/v1/lists/{id}"): "write:lists",
    ("PATCH", "/api/v1/lists/{id}"): "write:lists",
    ("DELETE", "/api/v1/lists/{id}"): "write:lists",
    ("GET", "/api/v1/lists/{id}/accounts"): "read:lists",
    ("POST", "/api/v1/lists/{id}/accounts"): "write:lists",
    ("DELETE", "/api/v1/lists/{id}/accounts"): "write:lists",
    ("GET", "/api/v1/accounts/{id}/lists"): "read:lists",
    ("GET", "/api/v1/timelines/list/{id}"): "read:lists",
    ("GET", "/api/v1/mutes"): "read:mutes",
    ("GET", "/api/v1/scheduled_statuses"): "read:statuses",
    ("GET", "/api/v1/scheduled_statuses/{id}"): "read:statuses",
    ("PUT", "/api/v1/scheduled_statuses/{id}"): "write:statuses",
    ("PATCH", "/api/v1/scheduled_statuses/{id}"): "write:statuses",
    ("DELETE", "/api/v1/scheduled_statuses/{id}"): "write:statuses",
    ("GET", "/api/v1/suggestions"): "read:accounts",
    ("GET", "/api/v2/filters"): "read:filters",
    ("GET", "/api/v2/suggestions"): "read:accounts",
    ("POST", "/api/v1/domain_blocks"): "write:blocks",
    ("DELETE", "/api/v1/domain_blocks"): "write:blocks",
    ("POST", "/api/v1/accounts/{id}/block"): "write:blocks",
    ("POST", "/api/v1/accounts/{id}/unblock"): "write:blocks",
    ("POST", "/api/v1/accounts/{id}/mute"): "write:mutes",
    ("POST", "/api/v1/accounts/{id}/unmute"): "write:mutes",
    ("PUT", "/api/v1/accounts/update_credentials"): "write:accounts",
    ("PATCH", "/api/v1/accounts/update_credentials"): "write:accounts",
    ("DELETE", "/api/v1/profile/avatar"): "write:accounts",
    ("DELETE", "/api/v1/profile/header"): "write:accounts",
    ("POST", "/api/v1/featured_tags"): "write:accounts",
    ("DELETE", "/api/v1/featured_tags/{id}"): "write:accounts",
    ("GET", "/api/v1/featured_tags/suggestions"): "read:accounts",
    ("PUT", "/api/v1/statuses/{id}"): "write:statuses",
    ("PATCH", "/api/v1/statuses/{id}"): "write:statuses",
    ("PUT", "/api/v1/statuses/{id}/interaction_policy"): "write:statuses",
    ("PATCH", "/api/v1/statuses/{id}/interaction_policy"): "write:statuses",
    ("POST", "/api/v1/statuses/{id}/quotes/{quoting_id}/revoke"): "write:statuses",
    ("POST", "/api/v1/statuses/{id}/pin"): "write:accounts",
    ("POST", "/api/v1/statuses/{id}/unpin"): "write:accounts",
    ("POST", "/api/v1/polls/{id}/votes"): "write:statuses",
    ("POST", "/api/v1/reports"): "write:reports",
    ("PUT", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}"): "write:statuses",
    ("PATCH", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}"): "write:statuses",
    ("DELETE", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}"): "write:statuses",
    ("GET", "/api/v2/admin/accounts"): "admin:read:accounts",
    ("GET", "/api/v1/admin/accounts"): "admin:read:accounts",
    ("GET", "/api/v1/admin/accounts/{id}"): "admin:read:accounts",
    ("DELETE", "/api/v1/admin/accounts/{id}"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/action"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/approve"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/reject"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/enable"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/unsilence"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/unsuspend"): "admin:write:accounts",
    ("POST", "/api/v1/admin/accounts/{id}/unsensitive"): "admin:write:accounts",
    ("GET", "/api/v1/admin/reports"): "admin:read:reports",
    ("GET", "/api/v1/admin/reports/{id}"): "admin:read:reports",
    ("PUT", "/api/v1/admin/reports/{id}"): "admin:write:reports",
    ("PATCH", "/api/v1/admin/reports/{id}"): "admin:write:reports",
    ("POST", "/api/v1/admin/reports/{id}/assign_to_self"): "admin:write:reports",
    ("POST", "/api/v1/admin/reports/{id}/unassign"): "admin:write:reports",
    ("POST", "/api/v1/admin/reports/{id}/resolve"): "admin:write:reports",
    ("POST", "/api/v1/admin/reports/{id}/reopen"): "admin:write:reports",
    ("GET", "/api/v1/admin/domain_blocks"): "admin:read:domain_blocks",
    ("POST", "/api/v1/admin/domain_blocks"): "admin:write:domain_blocks",
    ("GET", "/api/v1/admin/domain_blocks/{id}"): "admin:read:domain_blocks",
    ("PUT", "/api/v1/admin/domain_blocks/{id}"): "admin:write:domain_blocks",
    ("PATCH", "/api/v1/admin/domain_blocks/{id}"): "admin:write:domain_blocks",
    ("DELETE", "/api/v1/admin/domain_blocks/{id}"): "admin:write:domain_blocks",
    ("GET", "/api/v1/admin/domain_allows"): "admin:read:domain_allows",
    ("POST", "/api/v1/admin/domain_allows"): "admin:write:domain_allows",
    ("GET", "/api/v1/admin/domain_allows/{id}"): "admin:read:domain_allows",
    ("DELETE", "/api/v1/admin/domain_allows/{id}"): "admin:write:domain_allows",
    ("GET", "/api/v1/admin/email_domain_blocks"): "admin:read:email_domain_blocks",
    ("POST", "/api/v1/admin/email_domain_blocks"): "admin:write:email_domain_blocks",
    ("GET", "/api/v1/admin/email_domain_blocks/{id}"): "admin:read:email_domain_blocks",
    ("DELETE", "/api/v1/admin/email_domain_blocks/{id}"): "admin:write:email_domain_blocks",
    ("GET", "/api/v1/admin/ip_blocks"): "admin:read:ip_blocks",
    ("POST", "/api/v1/admin/ip_blocks"): "admin:write:ip_blocks",
    ("GET", "/api/v1/admin/ip_blocks/{id}"): "admin:read:ip_blocks",
    ("PUT", "/api/v1/admin/ip_blocks/{id}"): "admin:write:ip_blocks",
    ("PATCH", "/api/v1/admin/ip_blocks/{id}"): "admin:write:ip_blocks",
    ("DELETE", "/api/v1/admin/ip_blocks/{id}"): "admin:write:ip_blocks",
    ("GET", "/api/v1/admin/canonical_email_blocks"): "admin:read:canonical_email_blocks",
    ("POST", "/api/v1/admin/canonical_email_blocks"): "admin:write:canonical_email_blocks",
    ("GET", "/api/v1/admin/canonical_email_blocks/{id}"): "admin:read:canonical_email_blocks",
    ("DELETE", "/api/v1/admin/canonical_email_blocks/{id}"): "admin:write:canonical_email_blocks",
    ("POST", "/api/v1/admin/canonical_email_blocks/test"): "admin:read:canonical_email_blocks",
    ("POST", "/api/v1/admin/measures"): "admin:read",
    ("POST", "/api/v1/admin/dimensions"): "admin:read",
    ("POST", "/api/v1/admin/retention"): "admin:read",
    ("GET", "/api/v1/admin/trends/tags"): "admin:read",
    ("POST", "/api/v1/admin/trends/tags/{id}/approve"): "admin:write",
    ("POST", "/api/v1/admin/trends/tags/{id}/reject"): "admin:write",
    ("GET", "/api/v1/admin/trends/statuses"): "admin:read",
    ("POST", "/api/v1/admin/trends/statuses/{id}/approve"): "admin:write",
    ("POST", "/api/v1/admin/trends/statuses/{id}/reject"): "admin:write",
    ("GET", "/api/v1/admin/trends/links"): "admin:read",
    ("POST", "/api/v1/admin/trends/links/{id}/approve"): "admin:write",
    ("POST", "/api/v1/admin/trends/links/{id}/reject"): "admin:write",
    ("GET", "/api/v1/admin/tags/{id}"): "admin:read",
    ("POST", "/api/c2s/media"): "write:media",
    ("POST", "/api/c2s/proxy"): "read:search",
}
"""What only a person with this scope may do."""

OPTIONAL: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/timelines/public"): "read:statuses",
    ("GET", "/api/v1/accounts/{id}/endorsements"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}/identity_proofs"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}/collections"): "read:collections",
    ("GET", "/api/v1/accounts/{id}/in_collections"): "read:collections",
    ("GET", "/api/v1/directory"): "read:accounts",
    ("GET", "/api/v1/tags/{name}"): "read:statuses",
    ("GET", "/api/v1/statuses"): "read:statuses",
    ("GET", "/api/v1/accounts"): "read:accounts",
    ("GET", "/api/v1/statuses/{id}/favourited_by"): "read:accounts",
    ("GET", "/api/v1/statuses/{id}/reblogged_by"): "read:accounts",
    ("GET", "/api/v1/statuses/{id}/card"): "read:statuses",
    ("GET", "/api/v1/timelines/tag/{name}"): "read:statuses",
    ("GET", "/api/v1/statuses/{id}"): "read:statuses",
    ("GET", "/api/v1/statuses/{id}/context"): "read:statuses",
    ("GET", "/api/v1/accounts/lookup"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}/statuses"): "read:statuses",
    ("GET", "/api/v1/accounts/{id}/followers"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}/following"): "read:accounts",
    ("GET", "/api/v1/accounts/{id}/featured_tags"): "read:accounts",
    ("GET", "/api/v1/pleroma/statuses/{id}/reactions"): "read:statuses",
    ("GET", "/api/v1/pleroma/statuses/{id}/reactions/{emoji}"): "read:statuses",
    ("GET", "/api/v1/polls/{id}"): "read:statuses",
    ("GET", "/api/v1/statuses/{id}/history"): "read:statuses",
    ("GET", "/api/v1/statuses/{id}/quotes"): "read:statuses",
    ("GET", "/api/v2/search"): "read:search",
    ("GET", "/api/v1/trends/statuses"): "read:statuses",
    ("GET", "/api/v1/search"): "read:search",
}
"""What strangers may do too; a token that is sent must have this scope."""

OPEN = {
    "/api/oembed", "/api/v1/instance/activity", "/api/v1/instance/extended_description",
    "/api/v1/instance/languages", "/api/v1/instance/privacy_policy", "/api/v1/instance/terms_of_service",
    "/api/v1/instance/terms_of_service/{date}", "/api/v1/peers/search",
    "/auth/sign_up",
    "/api/v2/instance", "/api/v1/instance", "/api/v1/instance/translation_languages", "/api/v1/instance/rules",
    "/api/v1/custom_emojis", "/api/v1/trends", "/api/v1/trends/tags", "/api/v1/trends/links",
    "/api/v1/timelines/link", "/api/v1/apps", "/api/v1/apps/verify_credentials", "/oauth/authorize",
    "/oauth/sign_in", "/oauth/sign_in/code", "/oauth/sign_in/here", "/authorize_interaction", "/share", "/oauth/token", "/oauth/revoke", "/oauth/userinfo",
    "/.well-known/oauth-authorization-server", "/api/{rest:path}", "/users/{name}/inbox",
    "/users/{name}/outbox", "/users/{name}/media/{id}",
    "/api/v1/instance/domain_blocks", "/api/v1/instance/peers",
}  # fmt: skip
"""What no scope stands before; each has its own tests."""


ELSEWHERE = ("/settings", "/api/v1/streaming", "/api/fedi/v1/")
"""Beginnings of paths with tests of their own: pages, which ask for a browser's session, streams, which do
not end, and pictures, which two scopes may look at."""


def concrete(path: str) -> str:
    return (
        path.replace("{id}", "123")
        .replace("{quoting_id}", "124")
        .replace("{name}", "tag")
        .replace("{emoji}", "x")
        .replace("{key}", "ungrouped-1")
    )


def test_every_route_is_in_one_of_the_tables() -> None:
    routes = {
        (method, route.path)
        for route in ROUTES
        if isinstance(route, ApiRoute) and route.path not in OPEN and not route.path.startswith(ELSEWHERE)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert routes == set(NEEDS) | set(OPTIONAL)


async def test_without_a_token_they_are_refused(server: "Server") -> None:
    for method, path in NEEDS:
        answer = await server.client.request(method, concrete(path))
        refusal = (answer.status_code, answer.json())
        assert refusal == (401, {"error": "The access token is invalid"}), (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_with_all_other_scopes_is_refused(server: "Server", enter: Enter) -> None:
    every = (
        {"read", "write", "follow", "push", "admin:read", "admin:write"}
        | set(NEEDS.values())
        | set(OPTIONAL.values())
    )
    persons: dict[str, object] = {}
    for needed in sorted(set(NEEDS.values()) | set(OPTIONAL.values())):
        top = needed.rpartition(":")[0]
        others = every - {needed, top}
        if needed.endswith((":follows", ":blocks", ":mutes")):
            others -= {"follow"}
        persons[needed] = await enter(f"p{len(persons)}", *sorted(others))
    for (method, path), needed in [*NEEDS.items(), *OPTIONAL.items()]:
        answer = await persons[needed].http.request(method, concrete(path), params={"q": "x"})  # type: ignore[attr-defined] # a Person
        assert (answer.status_code, answer.json()) == (
            403,
            {"error": "This action is outside the authorized scopes"},
        ), (method, path)


async def test_a_scope_gives_what_it_says_and_so_does_its_parent(server: "Server", enter: Enter) -> None:
    tables = [*NEEDS.items(), *OPTIONAL.items()]
    clients: dict[str, httpx.AsyncClient] = {}
    for _, needed in tables:
        for scope in {needed, needed.rpartition(":")[0] or needed} - set(clients):
            clients[scope] = (await enter(f"p{len(clients)}", scope)).http
    for (method, path), needed in tables:
        for scope in {needed, needed.rpartition(":")[0] or needed}:
            answer = await clients[scope].request(method, concrete(path), params={"q": "x"})
            assert answer.status_code != 401, (method, path, scope)
            assert "outside the authorized scopes" not in answer.text, (method, path, scope)


async def test_the_narrowest_scope_shows_who_one_is_and_nothing_else(enter: Enter) -> None:
    anna = await enter("anna", "profile")
    assert (await anna.http.get("/api/v1/accounts/verify_credentials")).status_code == 200
    assert (await anna.http.get("/oauth/userinfo")).status_code == 200
    for path in (f"/api/v1/accounts/{anna.account.id}", "/api/v1/timelines/home", "/api/v1/preferences"):
        assert (await anna.http.get(path)).status_code == 403


async def test_a_token_that_was_never_given_out_is_refused_everywhere(server: "Server") -> None:
    for header in ("Bearer wrong", "Bearer " + "x" * 5000, "Bearer \x00"):
        http = http_client(server, authorization=header)
        for path in ("/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/apps/verify_credentials"):
            assert (await http.get(path)).status_code == 401


async def test_a_token_in_the_query_is_not_looked_at(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    answer = await server.client.get("/api/v1/timelines/home", params={"access_token": anna.token})
    assert answer.status_code == 401


async def test_a_suspended_persons_token_is_refused(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    async with server.ctx.db.write() as tx:
        account = await tx.get_one(type(anna.account), anna.account.id)
        account.suspended_at = server.clock()
    for path in ("/api/v1/timelines/home", "/api/v1/timelines/public"):
        answer = await anna.http.get(path)
        assert (answer.status_code, answer.json()["error"]) == (403, "Your login is currently disabled")


async def test_answers_are_for_no_shared_cache(enter: Enter) -> None:
    anna = await enter("anna")
    answer = await anna.http.get("/api/v1/timelines/home")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "Authorization" in answer.headers["vary"]
