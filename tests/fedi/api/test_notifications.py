"""Notifications through the API."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/notifications"


@pytest.fixture
async def told(enter: Enter) -> tuple[Person, Person]:
    """Somebody with four notifications, and who caused them."""
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    await ben.post("@anna hello")
    return anna, ben


async def kinds(person: Person, **query: Any) -> list[str]:
    answer = await person.http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return [entry["type"] for entry in answer.json()]


async def test_they_come_newest_first_and_can_be_narrowed(told: tuple[Person, Person]) -> None:
    anna, ben = told
    assert await kinds(anna) == ["mention", "reblog", "favourite", "follow"]
    assert await kinds(ben) == []
    assert await kinds(anna, **{"types[]": ["mention", "reaction"]}) == ["mention"]
    assert await kinds(anna, **{"types[]": ["reaction"]}) == []
    assert await kinds(anna, **{"exclude_types[]": ["mention", "follow", "reaction"]}) == [
        "reblog",
        "favourite",
    ]
    assert await kinds(anna, account_id=str(ben.account.id), limit=1) == ["mention"]
    assert await kinds(anna, account_id=str(anna.account.id)) == []


async def test_they_are_paged(told: tuple[Person, Person]) -> None:
    anna, _ = told
    first = await anna.http.get(PATH, params={"limit": 3, "exclude_types[]": "poll"})
    assert "exclude_types" in first.links["next"]["url"]
    second = await anna.http.get(first.links["next"]["url"])
    assert [entry["type"] for entry in second.json()] == ["follow"]
    assert set(second.links) == {"prev"}


async def test_one_can_be_read_and_put_away(told: tuple[Person, Person]) -> None:
    anna, ben = told
    newest = (await anna.http.get(PATH)).json()[0]
    path = f"{PATH}/{newest['id']}"
    assert (await anna.http.get(path)).json() == newest
    assert (await ben.http.get(path)).status_code == 404
    assert (await ben.http.post(f"{path}/dismiss")).json() == {}
    assert len(await kinds(anna)) == 4, "only the owner puts it away"
    for _ in range(2):
        answer = await anna.http.post(f"{path}/dismiss")
        assert (answer.status_code, answer.json()) == (200, {})
    assert await kinds(anna) == ["reblog", "favourite", "follow"]
    assert (await anna.http.get(path)).status_code == 404


async def test_all_can_be_put_away(told: tuple[Person, Person]) -> None:
    anna, _ = told
    assert (await anna.http.post(f"{PATH}/clear")).json() == {}
    answer = await anna.http.get(PATH)
    assert (answer.json(), answer.links) == ([], {})


async def test_what_a_suspended_person_caused_is_left_out(
    server: "Server", told: tuple[Person, Person]
) -> None:
    anna, ben = told
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, ben.account.id)).suspended_at = server.clock()
    assert await kinds(anna) == []


async def test_a_deleted_post_takes_its_notification_along(told: tuple[Person, Person]) -> None:
    anna, ben = told
    mention = (await anna.http.get(PATH)).json()[0]["status"]
    await ben.http.delete(f"/api/v1/statuses/{mention['id']}")
    assert await kinds(anna) == ["reblog", "favourite", "follow"]
