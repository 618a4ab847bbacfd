"""Pages, cursors and the Link header."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.requests import Request

from fedi.api import paging
from fedi.api.params import Params
from fedi.errors import Refused
from fedi.queries.page import Page


def request(path: str, query: str) -> Request:
    settings = SimpleNamespace(origin="https://fedi.test")
    app = SimpleNamespace(state=SimpleNamespace(ctx=SimpleNamespace(settings=settings)))
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"evil.example")],
            "app": app,
        }
    )


@pytest.fixture(autouse=True)
def _any_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedi.context.of", lambda connection: connection.app.state.ctx)


def parsed(header: str) -> dict[str, dict[str, list[str]]]:
    found = {}
    for part in header.split(", <"):
        address, _, rel = part.removeprefix("<").partition('>; rel="')
        assert address.startswith("https://fedi.test/api/v1/timelines/public?")
        found[rel.removesuffix('"')] = parse_qs(urlsplit(address).query)
    return found


def test_links_keep_every_other_parameter_and_come_from_the_origin() -> None:
    query = "local=true&limit=2&types[]=a&types[]=b&since_id=1&min_id=2&max_id=3"
    links = paging.links(request("/api/v1/timelines/public", query), [9, 7], more=True)
    kept = {"local": ["true"], "limit": ["2"], "types[]": ["a", "b"]}
    assert parsed(links["Link"]) == {"next": {**kept, "max_id": ["7"]}, "prev": {**kept, "min_id": ["9"]}}


def test_the_last_page_has_no_next_and_an_empty_one_nothing() -> None:
    where = request("/api/v1/timelines/public", "")
    assert set(parsed(paging.links(where, [9], more=False)["Link"])) == {"prev"}
    assert paging.links(where, [], more=False) == {}


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ({}, Page(limit=20)),
        ({"limit": "5"}, Page(limit=5)),
        ({"limit": "4000"}, Page(limit=40)),
        ({"max_id": "3", "min_id": "1"}, Page(limit=20, max_id=3, min_id=1)),
        ({"since_id": "", "max_id": "  "}, Page(limit=20)),
    ],
)
def test_what_page_is_wanted(given: dict[str, Any], page: Page) -> None:
    assert paging.wanted(Params(given)) == page


@pytest.mark.parametrize(
    "given",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "x"},
        {"max_id": "x"},
        {"min_id": "-1"},
        {"since_id": "9" * 20},
    ],
)
def test_a_page_that_makes_no_sense_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(Refused) as refusal:
        paging.wanted(Params(given))
    assert refusal.value.status == 422
