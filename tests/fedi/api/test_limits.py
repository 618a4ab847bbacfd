"""Limits on requests."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fedi.api import limits
from fedi.api.limits import Limit, RateLimitMiddleware, Tally
from fedi.errors import Refused

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


async def fine(_request: Request) -> Response:
    return PlainTextResponse("fine")


def client(clock: Clock, *, enabled: bool = True, address: str = "192.0.2.1") -> httpx.AsyncClient:
    routes = [Route("/{rest:path}", fine, methods=["GET", "POST", "DELETE"])]
    app = Starlette(routes=routes, middleware=[Middleware(RateLimitMiddleware, enabled=enabled, clock=clock)])
    return client_of(app, address)


def client_of(app: Starlette, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_answers_say_what_is_left_and_until_when() -> None:
    async with client(Clock()) as http:
        answer = await http.get("/api/v1/instance")
    assert answer.headers["x-ratelimit-limit"] == "300"
    assert answer.headers["x-ratelimit-remaining"] == "299"
    assert answer.headers["x-ratelimit-reset"] == "2026-01-01T00:05:00.000Z"


async def test_one_request_too_many_is_refused_until_the_window_ends() -> None:
    clock = Clock()
    async with client(clock) as http:
        for _ in range(300):
            assert (await http.get("/api/x")).status_code == 200
        refused = await http.get("/api/x")
        assert refused.status_code == 429
        assert refused.json() == {"error": "Too many requests"}
        assert refused.headers["retry-after"] == "300"
        assert refused.headers["x-ratelimit-remaining"] == "0"
        clock.now += timedelta(seconds=300)
        assert (await http.get("/api/x")).status_code == 200


async def test_each_token_has_a_limit_of_its_own() -> None:
    async with client(Clock()) as http:
        for _ in range(300):
            await http.get("/api/x", headers={"authorization": "Bearer a"})
        assert (await http.get("/api/x", headers={"authorization": "Bearer a"})).status_code == 429
        assert (await http.get("/api/x", headers={"authorization": "Bearer b"})).status_code == 200


async def test_made_up_tokens_do_not_lift_the_limit_of_an_address() -> None:
    async with client(Clock()) as http:
        answers = [
            (await http.get("/api/x", headers={"authorization": f"Bearer {number}"})).status_code
            for number in range(1501)
        ]
    assert answers.count(429) == 1


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("POST", "/api/v1/apps", 5),
        ("POST", "/oauth/sign_in", 25),
        ("POST", "/api/v2/media", 30),
        ("POST", "/api/v1/media", 30),
        ("DELETE", "/api/v1/statuses/1", 30),
    ],
)
async def test_what_costs_more_is_limited_more(method: str, path: str, most: int) -> None:
    async with client(Clock()) as http:
        for _ in range(most):
            assert (await http.request(method, path)).status_code == 200
        assert (await http.request(method, path)).status_code == 429


async def test_logins_count_by_address_whatever_the_token() -> None:
    async with client(Clock()) as http:
        for number in range(25):
            await http.post("/oauth/sign_in", headers={"authorization": f"Bearer {number}"})
        assert (await http.post("/oauth/sign_in", headers={"authorization": "Bearer x"})).status_code == 429


async def test_forwarded_addresses_are_not_believed_here() -> None:
    async with client(Clock()) as http:
        for number in range(5):
            await http.post("/api/v1/apps", headers={"x-forwarded-for": f"198.51.100.{number}"})
        answer = await http.post("/api/v1/apps", headers={"x-forwarded-for": "198.51.100.9"})
    assert answer.status_code == 429


async def test_neighbours_in_one_ipv6_network_share_a_limit() -> None:
    app = Starlette(
        routes=[Route("/{rest:path}", fine, methods=["POST"])],
        middleware=[Middleware(RateLimitMiddleware, enabled=True, clock=Clock())],
    )
    for number in range(5):
        async with client_of(app, f"2001:db8::{number}") as http:
            assert (await http.post("/api/v1/apps")).status_code == 200
    async with client_of(app, "2001:db8::ffff") as http:
        assert (await http.post("/api/v1/apps")).status_code == 429
    async with client_of(app, "2001:db8:0:1::1") as http:
        assert (await http.post("/api/v1/apps")).status_code == 200


async def test_pages_and_documents_are_not_counted() -> None:
    async with client(Clock()) as http:
        assert "x-ratelimit-limit" not in (await http.get("/@anna")).headers


async def test_switched_off_nothing_is_counted() -> None:
    async with client(Clock(), enabled=False) as http:
        for _ in range(10):
            answer = await http.post("/api/v1/apps")
    assert answer.status_code == 200
    assert "x-ratelimit-limit" not in answer.headers


def test_an_endpoint_can_charge_for_what_only_it_knows() -> None:
    request = Request({"type": "http", "state": {"tally": Tally(Clock())}})
    limit = Limit(name="login_account", most=2, window_s=60)
    limits.charge(request, limit, "anna")
    limits.charge(request, limit, "anna")
    limits.charge(request, limit, "ben")
    with pytest.raises(Refused) as refusal:
        limits.charge(request, limit, "anna")
    assert refusal.value.status == 429
    assert refusal.value.headers["Retry-After"] == "60"


def test_the_table_of_counts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COUNTS_MAX", 100)
    tally = Tally(Clock())
    for number in range(1000):
        tally.count(limits.PER_CLIENT, str(number))
    assert len(tally._counts) <= 101
    assert tally.count(limits.PER_CLIENT, "999").used == 2, "the newest are kept"
