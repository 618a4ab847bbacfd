"""The headers that keep a browser from doing what a page never asked for."""

import logging

import pytest
import structlog

from fedi.web.headers import HeadersMiddleware, headers_for
from tests.fedi.web.showing import HTML
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/", "/about", "/nothing", "/@nobody", "/api/v1/instance", "/health"])
async def test_every_answer_carries_the_policy(server: Server, path: str) -> None:
    headers = (await server.client.get(path, headers=HTML)).headers
    directives = headers["content-security-policy"].split("; ")
    assert directives[0] == "default-src 'none'"
    assert {
        "img-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    } < {*directives}
    assert not any("unsafe" in directive or "script-src" in directive for directive in directives)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers


def test_oauth_pages_may_lead_to_the_client() -> None:
    headers = headers_for("/oauth/authorize", secure=True)
    assert "form-action" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Cross-Origin-Opener-Policy" not in headers


async def test_https_is_insisted_on_only_over_https(make_server) -> None:
    secure, plain = await make_server("https://a.test"), await make_server("http://b.test")
    assert "strict-transport-security" in (await secure.client.get("/health")).headers
    assert "strict-transport-security" not in (await plain.client.get("/health")).headers


async def test_each_request_has_a_number_of_its_own(server: Server) -> None:
    numbers = {(await server.client.get("/health")).headers["x-request-id"] for _ in range(3)}
    assert len(numbers) == 3
    given = await server.client.get("/health", headers={"X-Request-Id": "forged"})
    assert given.headers["x-request-id"] != "forged"


async def test_log_lines_of_a_request_carry_its_number(server: Server) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = await server.client.get("/nothing", headers=HTML)
    assert [line["request"] for line in lines] == [answer.headers["x-request-id"]]
    assert logging.getLevelName(logging.INFO).lower() == lines[0]["log_level"]


async def test_what_is_no_request_is_passed_on(server: Server) -> None:
    seen = []

    async def app(scope, _receive, _send) -> None:
        seen.append(scope)

    scope = {"type": "lifespan"}
    await HeadersMiddleware(app, settings=server.settings)(scope, None, None)
    assert seen == [scope]
