"""Bookmarks, who did something with a post, and several posts or accounts at once."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def ids(http: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    answer = await http.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


async def test_a_bookmark_is_the_viewers_own_and_can_be_taken_back(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    posts = [(await ben.post(str(number)))["id"] for number in range(3)]
    for post in (posts[1], posts[0], posts[1]):
        kept = await anna.http.post(f"/api/v1/statuses/{post}/bookmark")
        assert kept.json()["bookmarked"] is True
    assert await ids(anna.http, "/api/v1/bookmarks") == [posts[0], posts[1]], "by when they were kept"
    assert await ids(ben.http, "/api/v1/bookmarks") == []
    assert (await ben.http.get(f"/api/v1/statuses/{posts[0]}")).json()["bookmarked"] is False
    taken_back = await anna.http.post(f"/api/v1/statuses/{posts[0]}/unbookmark")
    assert (taken_back.json()["id"], taken_back.json()["bookmarked"]) == (posts[0], False)
    assert await ids(anna.http, "/api/v1/bookmarks") == [posts[1]]


async def test_to_bookmark_a_boost_is_to_bookmark_what_it_holds(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = (await ben.post("x"))["id"]
    boost = (await anna.http.post(f"/api/v1/statuses/{post}/reblog")).json()["id"]
    assert (await anna.http.post(f"/api/v1/statuses/{boost}/bookmark")).json()["id"] == post
    shown = (await anna.http.get(f"/api/v1/statuses/{boost}")).json()
    assert shown["bookmarked"] is shown["reblog"]["bookmarked"] is True


async def test_what_one_may_not_see_can_neither_be_kept_nor_asked_about(
    server: "Server", enter: Enter
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    private = (await ben.post("private", visibility="private"))["id"]
    for verb in ("bookmark", "unbookmark"):
        assert (await anna.http.post(f"/api/v1/statuses/{private}/{verb}")).status_code == 404
    for what in ("favourited_by", "reblogged_by", "card"):
        for http in (anna.http, server.client):
            assert (await http.get(f"/api/v1/statuses/{private}/{what}")).status_code == 404
        assert (await ben.http.get(f"/api/v1/statuses/{private}/{what}")).status_code == 200
    public = (await ben.post("public"))["id"]
    await anna.http.post(f"/api/v1/statuses/{public}/bookmark")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/block")
    assert await ids(anna.http, "/api/v1/bookmarks") == []


async def test_who_liked_and_boosted_a_post(server: "Server", enter: Enter) -> None:
    anna, ben, cleo = await enter("anna"), await enter("ben"), await enter("cleo")
    post = (await anna.post("x"))["id"]
    for one in (ben, cleo):
        await one.http.post(f"/api/v1/statuses/{post}/favourite")
        await one.http.post(f"/api/v1/statuses/{post}/reblog")
    both = [str(cleo.account.id), str(ben.account.id)]
    boost = (await ids(ben.http, f"/api/v1/accounts/{ben.account.id}/statuses"))[0]
    for what in ("favourited_by", "reblogged_by"):
        assert await ids(server.client, f"/api/v1/statuses/{post}/{what}") == both
        assert await ids(server.client, f"/api/v1/statuses/{boost}/{what}") == both
        page = await server.client.get(f"/api/v1/statuses/{post}/{what}?limit=1")
        assert await ids(server.client, page.links["next"]["url"]) == both[1:]
    await anna.http.post(f"/api/v1/accounts/{cleo.account.id}/block")
    for what in ("favourited_by", "reblogged_by"):
        assert await ids(anna.http, f"/api/v1/statuses/{post}/{what}") == both[1:]


async def test_boosts_for_followers_only_are_not_told(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = (await anna.post("x"))["id"]
    await ben.http.post(f"/api/v1/statuses/{post}/reblog", json={"visibility": "private"})
    assert await ids(anna.http, f"/api/v1/statuses/{post}/reblogged_by") == []


async def test_several_posts_and_accounts_at_once(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    one, two = (await anna.post("1"))["id"], (await anna.post("2"))["id"]
    private = (await anna.post("3", visibility="private"))["id"]
    wanted = [two, private, one, "1"]
    for spelling in ("id[]", "id"):
        assert await ids(anna.http, "/api/v1/statuses", **{spelling: wanted}) == [two, private, one]
        assert await ids(ben.http, "/api/v1/statuses", **{spelling: wanted}) == [two, one]
        assert await ids(server.client, "/api/v1/statuses", **{spelling: wanted}) == [two, one]
        people = [str(ben.account.id), "1", str(anna.account.id)]
        assert await ids(server.client, "/api/v1/accounts", **{spelling: people}) == [people[0], people[2]]
    for path, most in (("/api/v1/statuses", 20), ("/api/v1/accounts", 40)):
        many = {"id[]": list(range(1, most + 2))}
        assert (await anna.http.get(path, params=many)).status_code == 422
        assert await ids(anna.http, path) == []
