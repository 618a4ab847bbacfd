"""Lists through the API."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.queries.lists import lists_with
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def ids(http: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    answer = await http.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


async def follow(one: Person, *others: Person) -> None:
    for other in others:
        assert (await one.http.post(f"/api/v1/accounts/{other.account.id}/follow")).status_code == 200


async def make(person: Person, *members: Person, **how: Any) -> str:
    answer = await person.http.post("/api/v1/lists", json={"title": "Friends", **how})
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["id"]
    if members:
        chosen = {"account_ids": [str(one.account.id) for one in members]}
        put = await person.http.post(f"/api/v1/lists/{found}/accounts", json=chosen)
        assert (put.status_code, put.json()) == (200, {})
    return found


async def test_a_list_is_made_changed_and_deleted(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    made = (await anna.http.post("/api/v1/lists", data={"title": " Art "})).json()
    assert made == {"id": made["id"], "title": "Art", "replies_policy": "list", "exclusive": False}
    path = f"/api/v1/lists/{made['id']}"
    changed = {"title": "Birds", "replies_policy": "none", "exclusive": True}
    assert (await anna.http.put(path, json=changed)).json() == {"id": made["id"], **changed}
    assert (await anna.http.patch(path, data={"exclusive": "false"})).json()["title"] == "Birds"
    assert (await anna.http.get(path)).json()["exclusive"] is False
    assert await ids(anna.http, "/api/v1/lists") == [made["id"]]
    for method, tail in (
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/accounts"), ("POST", "/accounts"), ("DELETE", "/accounts"),
    ):  # fmt: skip
        assert (await ben.http.request(method, path + tail)).status_code == 404
    assert (await ben.http.get(f"/api/v1/timelines/list/{made['id']}")).status_code == 404
    assert (await anna.http.delete(path)).json() == {}
    assert await ids(anna.http, "/api/v1/lists") == []


async def test_a_list_has_a_title_a_known_policy_and_company(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await enter("anna")
    for wrong in ({}, {"title": "  "}, {"title": "x" * 257}, {"title": "a", "replies_policy": "some"}):
        assert (await anna.http.post("/api/v1/lists", json=wrong)).status_code == 422
    monkeypatch.setattr("fedi.services.curating.LISTS_MAX", 1)
    await make(anna)
    assert (await anna.http.post("/api/v1/lists", json={"title": "b"})).status_code == 422


async def test_only_whom_one_follows_can_be_on_a_list_and_only_so_long(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await follow(anna, ben)
    found = await make(anna, ben, anna)
    path = f"/api/v1/lists/{found}/accounts"
    assert (await anna.http.post(path, json={"account_ids": [str(eve.account.id)]})).status_code == 422
    assert (await anna.http.post(path, json={"account_ids": ["1"]})).status_code == 404
    again = await anna.http.post(path, data={"account_ids[]": str(ben.account.id)})
    assert again.status_code == 200
    on_it = {str(anna.account.id), str(ben.account.id)}
    assert set(await ids(anna.http, path)) == set(await ids(anna.http, path, limit=0)) == on_it
    assert await ids(anna.http, f"/api/v1/accounts/{ben.account.id}/lists") == [found]
    assert await ids(ben.http, f"/api/v1/accounts/{ben.account.id}/lists") == []
    await follow(anna, eve)
    monkeypatch.setattr("fedi.services.curating.MEMBERS_MAX", 2)
    assert (await anna.http.post(path, json={"account_ids": [str(eve.account.id)]})).status_code == 422
    await ben.post("there")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/unfollow")
    assert await ids(anna.http, path) == [str(anna.account.id)]
    assert await ids(anna.http, f"/api/v1/timelines/list/{found}") == []


@pytest.mark.parametrize(
    "how",
    [
        lambda ids: {"params": {"account_ids[]": ids}},
        lambda ids: {"data": {"account_ids[]": ids}},
        lambda ids: {"json": {"account_ids": ids}},
    ],
    ids=["query", "form", "json"],
)
async def test_people_are_taken_off_in_every_spelling(enter: Enter, how: Any) -> None:
    anna, ben, cleo = await enter("anna"), await enter("ben"), await enter("cleo")
    await follow(anna, ben, cleo)
    found = await make(anna, ben, cleo)
    await ben.post("one")
    kept = (await cleo.post("two"))["id"]
    gone = how([str(ben.account.id), str(anna.account.id)])
    answer = await anna.http.request("DELETE", f"/api/v1/lists/{found}/accounts", **gone)
    assert (answer.status_code, answer.json()) == (200, {})
    assert await ids(anna.http, f"/api/v1/lists/{found}/accounts") == [str(cleo.account.id)]
    assert await ids(anna.http, f"/api/v1/timelines/list/{found}") == [kept]


async def test_which_answers_a_list_shows_is_its_owners_choice(enter: Enter) -> None:
    anna, ben, cleo, dan, eve = [await enter(name) for name in ("anna", "ben", "cleo", "dan", "eve")]
    await follow(anna, ben, cleo, dan)
    found = await make(anna, ben, cleo)
    roots: dict[str, str] = {}
    for name, one in (("anna", anna), ("ben", ben), ("cleo", cleo), ("dan", dan), ("eve", eve)):
        roots[name] = (await one.post("root"))["id"]
    answers = {
        name: (await ben.post(f"to {name}", in_reply_to_id=root))["id"] for name, root in roots.items()
    }
    path = f"/api/v1/timelines/list/{found}"
    always = {roots["ben"], roots["cleo"], answers["ben"], answers["anna"]}
    for policy, more in (
        ("none", set()),
        ("list", {answers["cleo"]}),
        ("followed", {answers["cleo"], answers["dan"]}),
    ):
        await anna.http.put(f"/api/v1/lists/{found}", json={"replies_policy": policy})
        assert set(await ids(anna.http, path)) == always | more, policy


async def test_a_list_shows_what_its_owner_may_see_and_wants(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    before = (await ben.post("before"))["id"]
    await follow(anna, ben)
    found = await make(anna, ben)
    path = f"/api/v1/timelines/list/{found}"
    assert await ids(anna.http, path) == [before], "what was there comes along"
    private = (await ben.post("for followers", visibility="private"))["id"]
    await ben.post("@eve in secret", visibility="direct")
    await ben.post("@anna in secret", visibility="direct")
    theirs = (await eve.post("of eve"))["id"]
    boost = (await ben.http.post(f"/api/v1/statuses/{theirs}/reblog")).json()["id"]
    assert await ids(anna.http, path) == [boost, private, before]
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow", json={"reblogs": False})
    assert await ids(anna.http, path) == [private, before]
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/mute")
    assert await ids(anna.http, path) == []


async def test_languages_that_one_does_not_want_of_somebody_stay_out(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow", json={"languages": ["de"]})
    found = await make(anna, ben)
    await ben.post("hello", language="en")
    wanted = (await ben.post("hallo", language="de-AT"))["id"]
    assert await ids(anna.http, f"/api/v1/timelines/list/{found}") == [wanted]


async def test_an_exclusive_list_keeps_its_members_from_home(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await follow(anna, ben)
    first = (await ben.post("one"))["id"]
    found = await make(anna, ben, exclusive=True)
    second = (await ben.post("two"))["id"]
    home, path = "/api/v1/timelines/home", f"/api/v1/timelines/list/{found}"
    assert await ids(anna.http, home) == []
    assert await ids(anna.http, path) == [second, first]
    await anna.http.put(f"/api/v1/lists/{found}", json={"exclusive": False})
    assert await ids(anna.http, home) == [second, first]
    await anna.http.put(f"/api/v1/lists/{found}", json={"exclusive": True})
    assert await ids(anna.http, home) == []
    await anna.http.delete(f"/api/v1/lists/{found}/accounts", params={"account_ids[]": ben.account.id})
    assert await ids(anna.http, home) == [second, first]
    await anna.http.post(f"/api/v1/lists/{found}/accounts", json={"account_ids": [str(ben.account.id)]})
    assert await ids(anna.http, home) == []
    await anna.http.delete(f"/api/v1/lists/{found}")
    assert await ids(anna.http, home) == [second, first]


async def test_streams_are_told_in_which_lists_a_post_is_shown(server: "Server", enter: Enter) -> None:
    anna, ben, cleo, eve = [await enter(name) for name in ("anna", "ben", "cleo", "eve")]
    for one in (anna, cleo):
        await follow(one, ben)
    strict, wide = await make(anna, ben, replies_policy="none"), await make(cleo, ben)
    await make(anna, anna)
    root = (await ben.post("root"))["id"]
    theirs = (await eve.post("of eve"))["id"]
    boost = (await ben.http.post(f"/api/v1/statuses/{theirs}/reblog")).json()["id"]
    own = (await ben.post("to myself", in_reply_to_id=root))["id"]
    answer = (await ben.post("to eve", in_reply_to_id=theirs))["id"]
    both = [(int(strict), anna.account.id), (int(wide), cleo.account.id)]
    await cleo.http.post(f"/api/v1/accounts/{ben.account.id}/follow", json={"reblogs": False})
    async with server.ctx.db.read() as tx:
        assert await lists_with(tx, int(root)) == await lists_with(tx, int(own)) == both
        assert await lists_with(tx, int(boost)) == both[:1]
        assert await lists_with(tx, int(answer)) == await lists_with(tx, int(theirs)) == []


async def test_who_agrees_later_comes_into_the_list_then(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await ben.http.patch("/api/v1/accounts/update_credentials", json={"locked": True})
    hidden = (await ben.post("hidden", visibility="private"))["id"]
    await follow(anna, ben)
    found = await make(anna, ben)
    assert await ids(anna.http, f"/api/v1/timelines/list/{found}") == []
    await ben.http.post(f"/api/v1/follow_requests/{anna.account.id}/authorize")
    assert await ids(anna.http, f"/api/v1/timelines/list/{found}") == [hidden]
