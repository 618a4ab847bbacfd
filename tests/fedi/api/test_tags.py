"""Hashtags through the API, and the home timeline of who follows one."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

HOME = "/api/v1/timelines/home"


async def get(http: httpx.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(person: Person, path: str = HOME) -> list[str]:
    return [one["id"] for one in await get(person.http, path)]


async def test_a_hashtag_tells_of_its_last_seven_days(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    for one in (anna, ben):
        await one.http.patch("/api/v1/accounts/update_credentials", json={"discoverable": True})
    for author, visibility in ((anna, "public"), (anna, "public"), (ben, "public"), (ben, "private")):
        await author.post("#fox", visibility=visibility)
    found = await get(server.client, "/api/v1/tags/FOX/")
    assert found.keys() == {"id", "name", "url", "history"}, "what is the viewer's is told to viewers"
    assert found["id"].isdigit()
    told = await get(anna.http, "/api/v1/tags/fox")
    assert told == {**found, "following": False, "featuring": False}
    assert found["name"] == "fox"
    assert found["url"] == "https://fedi.test/tags/fox"
    today = datetime.combine(server.clock().date(), datetime.min.time(), tzinfo=UTC).timestamp()
    assert found["history"] == [
        {
            "day": str(int(today) - back * 86400),
            "uses": "0" if back else "3",
            "accounts": "0" if back else "2",
        }
        for back in range(7)
    ]
    assert len((await get(server.client, "/api/v1/tags/unheardof"))["history"]) == 7
    assert (await server.client.get("/api/v1/tags/no%20tag")).status_code == 404


async def test_public_posts_with_a_followed_hashtag_come_home(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await ben.post("before #fox")
    answer = (await anna.http.post("/api/v1/tags/Fox/follow/")).json()
    assert (answer["name"], answer["following"]) == ("fox", True)
    first = (await ben.post("#FOX and #hen"))["id"]
    for visibility in ("unlisted", "private", "direct"):
        await ben.post("#fox", visibility=visibility)
    await ben.post("no fox")
    boosted = await ben.http.post(f"/api/v1/statuses/{first}/reblog")
    assert boosted.status_code == 200
    assert await ids(anna) == [first]
    answer_to_another = (await ben.post("#fox", in_reply_to_id=first))["id"]
    own = (await anna.post("#fox"))["id"]
    assert await ids(anna) == [own, answer_to_another, first]
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/mute")
    assert await ids(anna) == [own]


async def test_a_post_that_comes_for_two_reasons_comes_once(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    for name in ("fox", "hen"):
        await anna.http.post(f"/api/v1/tags/{name}/follow")
        await anna.http.post(f"/api/v1/tags/{name}/follow")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    post = (await ben.post("#fox #hen"))["id"]
    assert await ids(anna) == [post]


async def test_hashtags_of_who_is_limited_do_not_come(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.http.post("/api/v1/tags/fox/follow")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, ben.account.id)).silenced_at = server.clock()
    await ben.post("#fox")
    assert await ids(anna) == []


async def test_when_it_ends_what_only_the_hashtag_brought_goes(enter: Enter) -> None:
    anna, ben, cleo = await enter("anna"), await enter("ben"), await enter("cleo")
    await anna.http.post(f"/api/v1/accounts/{cleo.account.id}/follow")
    for name in ("fox", "hen"):
        await anna.http.post(f"/api/v1/tags/{name}/follow")
    await ben.post("#fox")
    by_another = (await ben.post("#fox #hen"))["id"]
    by_a_friend = (await cleo.post("#fox"))["id"]
    own = (await anna.post("#fox"))["id"]
    answer = (await anna.http.post("/api/v1/tags/fox/unfollow")).json()
    assert answer["following"] is False
    assert await ids(anna) == [own, by_a_friend, by_another]
    assert (await anna.http.post("/api/v1/tags/fox/unfollow")).status_code == 200
    await ben.post("#fox again")
    assert await ids(anna) == [own, by_a_friend, by_another]


async def test_followed_hashtags_are_listed_last_first(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await enter("anna")
    for name in ("fox", "hen", "cow"):
        await anna.http.post(f"/api/v1/tags/{name}/follow")
    page = await anna.http.get("/api/v1/followed_tags?limit=2")
    assert [(one["name"], one["following"]) for one in page.json()] == [("cow", True), ("hen", True)]
    assert [one["name"] for one in await get(anna.http, page.links["next"]["url"])] == ["fox"]
    monkeypatch.setattr("fedi.services.tagging.TAGS_MAX", 3)
    assert (await anna.http.post("/api/v1/tags/owl/follow")).status_code == 422
    assert (await anna.http.post("/api/v1/tags/cow/follow")).status_code == 200


async def test_a_hashtag_is_featured_and_taken_off_by_its_name(enter: Enter) -> None:
    anna = await enter("anna")
    assert (await anna.http.post("/api/v1/tags/fox/feature")).json()["featuring"] is True
    assert [one["name"] for one in await get(anna.http, "/api/v1/featured_tags")] == ["fox"]
    assert (await get(anna.http, "/api/v1/tags/fox"))["featuring"] is True
    for _ in range(2):
        assert (await anna.http.post("/api/v1/tags/fox/unfeature")).json()["featuring"] is False
    assert await get(anna.http, "/api/v1/featured_tags") == []
