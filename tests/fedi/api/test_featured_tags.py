"""Hashtags on a profile through the API."""

from typing import TYPE_CHECKING

import pytest

from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/featured_tags"


async def test_a_hashtag_is_put_on_shown_and_taken_off(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.post("the #Sky")
    await anna.post("the #sky, in private", visibility="private")
    made = (await anna.http.post(PATH, data={"name": "Sky"})).json()
    today = server.clock().date().isoformat()
    expected = {
        "id": made["id"],
        "name": "sky",
        "url": "https://fedi.test/tags/sky",
        "statuses_count": "1",
        "last_status_at": today,
    }
    assert made == expected
    assert (await anna.http.get(PATH)).json() == [expected]
    path = f"/api/v1/accounts/{anna.account.id}/featured_tags"
    assert (await ben.http.get(path)).json() == (await server.client.get(path)).json() == [expected]
    assert (await ben.http.delete(f"{PATH}/{made['id']}")).status_code == 404
    answer = await anna.http.delete(f"{PATH}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await anna.http.get(PATH)).json() == []
    assert (await anna.http.delete(f"{PATH}/nothing")).status_code == 404


async def test_suggestions_are_what_one_uses_most_and_does_not_show(enter: Enter) -> None:
    anna = await enter("anna")
    for text in ("#sky", "#sky #sea", "#sea #shore #sky"):
        await anna.post(text)
    await anna.post("#hidden", visibility="direct")
    await anna.http.post(PATH, json={"name": "sea"})
    found = (await anna.http.get(f"{PATH}/suggestions")).json()
    assert [tag["name"] for tag in found] == ["sky", "shore"]


async def test_an_unused_hashtag_counts_nothing(enter: Enter) -> None:
    anna = await enter("anna")
    made = (await anna.http.post(PATH, json={"name": "#quiet"})).json()
    assert (made["statuses_count"], made["last_status_at"]) == ("0", None)


@pytest.mark.parametrize("given", [{}, {"name": ""}, {"name": "two words"}])
async def test_what_is_no_hashtag_is_refused(enter: Enter, given: dict[str, str]) -> None:
    anna = await enter("anna")
    assert (await anna.http.post(PATH, json=given)).status_code == 422


async def test_it_takes_the_right_to_write_accounts(enter: Enter) -> None:
    anna = await enter("anna", "read", "write:statuses")
    assert (await anna.http.post(PATH, json={"name": "sky"})).status_code == 403
    assert (await anna.http.delete(f"{PATH}/1")).status_code == 403
