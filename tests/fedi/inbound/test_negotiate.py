"""Who gets a document and who gets a page."""

import pytest
from starlette.requests import Request

from fedi.inbound.negotiate import wants_activity

LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def request(accept: str | None) -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode("latin-1"))]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


@pytest.mark.parametrize(
    "accept",
    [
        "application/activity+json", "Application/Activity+JSON", LD, f"application/activity+json, {LD}",
        "application/json", "application/activity+json;q=0.5", "application/activity+json, text/html;q=0.9",
        "text/html, application/activity+json", f"{LD}, text/html;q=0.1", "application/ld+json",
        "application/activity+json, */*;q=0.1",
    ],
)  # fmt: skip
def test_who_names_a_document_type_gets_a_document(accept: str) -> None:
    assert wants_activity(request(accept))


@pytest.mark.parametrize(
    "accept",
    [
        None, "", "*/*", "text/html", BROWSER, "text/html, application/activity+json;q=0.9",
        "application/activity+json;q=0", "application/json+activity", "image/png", ";;;,,,", "\xff\x00",
        "application/activity+json;q=nan", "application/activity+json;q=x", "x" * 100_000,
    ],
)  # fmt: skip
def test_everyone_else_gets_the_page(accept: str | None) -> None:
    assert not wants_activity(request(accept))
