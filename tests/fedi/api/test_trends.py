"""Trends, as clients ask for them."""

from typing import TYPE_CHECKING

import pytest

from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_trends_are_counted_and_remembered(server: "Server", enter: Enter) -> None:
    people = [await enter(name) for name in ("anna", "ben", "cy")]
    posts = [await person.post("about #boats") for person in people]
    for person in people:
        await person.http.post(f"/api/v1/statuses/{posts[1]['id']}/favourite")
    for path in ("/api/v1/trends", "/api/v1/trends/tags"):
        [tag] = (await server.client.get(path)).json()
        assert (tag["name"], tag["url"]) == ("boats", "https://fedi.test/tags/boats")
        assert len(tag["history"]) == 7
        assert sum(int(day["uses"]) for day in tag["history"]) == 3
        assert all(isinstance(value, str) for day in tag["history"] for value in day.values())
    [popular] = (await server.client.get("/api/v1/trends/statuses")).json()
    assert popular["id"] == posts[1]["id"]
    assert "favourited" not in popular
    [mine] = (await people[0].http.get("/api/v1/trends/statuses")).json()
    assert mine["favourited"] is True
    assert (await server.client.get("/api/v1/trends/tags", params={"offset": 1})).json() == []
    assert (await server.client.get("/api/v1/trends/tags", params={"limit": -1})).status_code == 422
    # What becomes hidden is gone at once, whatever is remembered.
    await people[2].http.post(f"/api/v1/accounts/{people[1].account.id}/block")
    assert (await people[2].http.get("/api/v1/trends/statuses")).json() == []
    await people[1].http.delete(f"/api/v1/statuses/{posts[1]['id']}")
    assert (await server.client.get("/api/v1/trends/statuses")).json() == []
