"""Routes are found by the beginning of their path."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from fedi.routing import IndexedRouter


def route(path: str, *methods: str) -> Route:
    async def answer(_request: Request) -> Response:
        return PlainTextResponse(path)

    return Route(path, answer, methods=list(methods) or ["GET"])


PATHS = [
    "/", "/inbox", "/api/v1/statuses", "/api/v1/statuses/{id}", "/api/v2/search", "/api/{rest:path}", "/users/{name}",
    "/@{name}", "/@{name}/{id}", "/{page}",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/inbox", "/inbox"),
        ("/api/v1/statuses", "/api/v1/statuses"),
        ("/api/v1/statuses/1", "/api/v1/statuses/{id}"),
        ("/api/v2/search", "/api/v2/search"),
        ("/api/v1/nothing", "/api/{rest:path}"),
        ("/api/v1/statuses/1/2", "/api/{rest:path}"),
        ("/users/a", "/users/{name}"),
        ("/@a", "/@{name}"),
        ("/@a/1", "/@{name}/{id}"),
        ("/about", "/{page}"),
    ],
)
def test_a_request_finds_the_route_that_a_plain_router_finds(path: str, expected: str) -> None:
    client = TestClient(IndexedRouter([route(each) for each in PATHS]))
    assert client.get(path).text == expected


def test_the_order_within_a_group_is_kept() -> None:
    client = TestClient(IndexedRouter([route("/a/b"), route("/a/{x}"), route("/{y}/b")]))
    assert client.get("/a/b").text == "/a/b"
    assert client.get("/a/c").text == "/a/{x}"
    assert client.get("/z/b").text == "/{y}/b"


def test_no_route_is_404_and_another_method_405() -> None:
    client = TestClient(IndexedRouter([route("/a", "POST")]))
    assert client.get("/b").status_code == 404
    assert client.get("/a").status_code == 405


def test_a_slash_at_the_end_is_not_redirected() -> None:
    client = TestClient(IndexedRouter([route("/a")]))
    assert client.get("/a/", follow_redirects=False).status_code == 404
