"""Web pages of other origins as clients."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

ORIGIN = {"origin": "https://client.example"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v2/instance", 200),
        ("GET", "/api/v1/timelines/home", 401),
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/oauth/token", 401),
        ("POST", "/oauth/revoke", 401),
        ("GET", "/oauth/userinfo", 401),
        ("GET", "/.well-known/oauth-authorization-server", 200),
    ],
)
async def test_answers_and_errors_are_open_exactly_once(
    server: "Server", method: str, path: str, status: int
) -> None:
    answer = await server.client.request(method, path, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "Link" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_needs_no_token(server: "Server") -> None:
    answer = await server.client.options(
        "/api/v1/statuses", headers={**ORIGIN, "access-control-request-method": "POST"}
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert method in answer.headers["access-control-allow-methods"]
    for header in ("Authorization", "Content-Type", "Idempotency-Key"):
        assert header in answer.headers["access-control-allow-headers"]


async def test_the_pages_that_know_cookies_are_not_open(server: "Server") -> None:
    answer = await server.client.get("/oauth/authorize", headers=ORIGIN)
    assert "access-control-allow-origin" not in answer.headers
