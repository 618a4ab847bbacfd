"""The server about itself, and the lists that are empty here."""

from typing import TYPE_CHECKING

import pytest

from fedi.api import empty
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_counts_are_of_this_server_and_kept_for_a_while(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    await anna.post("x")
    assert (await server.client.get("/api/v1/instance")).json()["stats"] == {
        "user_count": 1, "status_count": 1, "domain_count": 0,
    }  # fmt: skip
    assert (await server.client.get("/api/v2/instance")).json()["usage"] == {"users": {"active_month": 1}}
    await anna.post("y")
    assert (await server.client.get("/api/v1/instance")).json()["stats"]["status_count"] == 1
    server.clock.advance(301)
    assert (await server.client.get("/api/v1/instance")).json()["stats"]["status_count"] == 2


async def test_the_limits_are_those_that_are_enforced(server: "Server", enter: Enter) -> None:
    limits = (await server.client.get("/api/v2/instance")).json()["configuration"]
    anna = await enter("anna")
    most = limits["statuses"]["max_characters"]
    assert (await anna.http.post("/api/v1/statuses", json={"status": "x" * (most + 1)})).status_code == 422
    await anna.post("x" * most)
    assert limits["statuses"]["max_media_attachments"] == 4
    assert limits["urls"]["streaming"] == "wss://fedi.test"


async def test_what_there_is_none_of_is_an_empty_list(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    for path, scope in empty.LISTS.items():
        answer = await anna.http.get(path)
        assert (answer.status_code, answer.json()) == (200, []), path
        anonymous = await server.client.get(path)
        assert anonymous.status_code == (200 if scope is None else 401), path
    assert (await server.client.get("/api/v1/instance/translation_languages")).json() == {}


async def test_an_unknown_path_is_json_and_404_whatever_the_method(server: "Server") -> None:
    for path in ("/api/v1/nothing", "/api/v3/x/y/", "/api/", "/api/v1/statuses/1/nothing"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"):
            answer = await server.client.request(method, path, headers={"accept": "text/html"})
            assert (answer.status_code, answer.json()) == (404, {"error": "Record not found"}), (method, path)


async def test_a_known_path_with_another_method_is_404_too(server: "Server") -> None:
    assert (await server.client.delete("/api/v2/instance")).json() == {"error": "Record not found"}


async def test_a_slash_at_the_end_changes_nothing(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    for path in ("/api/v1/instance/", "/api/v1/timelines/home/", "/api/v1/timelines/tag/x/"):
        assert (await anna.http.get(path)).status_code == 200
    assert (await anna.http.post("/api/v1/statuses/", json={"status": "x"})).status_code == 200
    assert (await server.client.get("/api/v1/instance//")).status_code == 404


async def test_head_is_answered_as_get(server: "Server") -> None:
    answer = await server.client.head("/api/v2/instance")
    assert (answer.status_code, answer.content) == (200, b"")
