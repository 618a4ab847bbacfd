"""Finding people, notes about them, and people on profiles."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def get(http: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await http.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(http: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    return [one["username"] for one in await get(http, path, **query)]


async def follow(one: Person, *others: Person) -> None:
    for other in others:
        assert (await one.http.post(f"/api/v1/accounts/{other.account.id}/follow")).status_code == 200


async def set_up(server: "Server", *people: Person, **columns: Any) -> None:
    async with server.ctx.db.write() as tx:
        for one in people:
            account = await tx.get_one(Account, one.account.id)
            for name, value in columns.items():
                setattr(account, name, value)


async def test_a_note_is_for_its_writer_only(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    path = f"/api/v1/accounts/{ben.account.id}/note"
    for comment, kept in (("met in Rome", "met in Rome"), ("  ", ""), ("again", "again")):
        answer = await anna.http.post(path, data={"comment": comment})
        assert answer.json()["note"] == kept
        (relation,) = await get(anna.http, "/api/v1/accounts/relationships", **{"id[]": ben.account.id})
        assert relation["note"] == kept
    (other_way,) = await get(ben.http, "/api/v1/accounts/relationships", id=anna.account.id)
    assert other_way["note"] == ""
    assert (await anna.http.post(path, json={"comment": "x" * 2001})).status_code == 422
    assert (await anna.http.post(path, json={})).json()["note"] == ""


async def test_only_whom_one_follows_can_be_shown_and_only_so_long(
    server: "Server", enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben, cleo = await enter("anna"), await enter("ben"), await enter("cleo")
    assert (await anna.http.post(f"/api/v1/accounts/{ben.account.id}/pin")).status_code == 422
    await follow(anna, ben, cleo)
    for person, verb in ((ben, "pin"), (cleo, "endorse"), (ben, "endorse")):
        answer = await anna.http.post(f"/api/v1/accounts/{person.account.id}/{verb}")
        assert answer.json()["endorsed"] is True
    mine, of_anna = "/api/v1/endorsements", f"/api/v1/accounts/{anna.account.id}/endorsements"
    assert await names(anna.http, mine) == await names(server.client, of_anna) == ["cleo", "ben"]
    page = await server.client.get(f"{of_anna}?limit=1")
    assert await names(server.client, page.links["next"]["url"]) == ["ben"]
    (relation,) = await get(anna.http, "/api/v1/accounts/relationships", id=ben.account.id)
    assert relation["endorsed"] is True
    await cleo.http.post(f"/api/v1/accounts/{ben.account.id}/block")
    assert await names(cleo.http, of_anna) == ["cleo"]
    assert (await anna.http.post(f"/api/v1/accounts/{cleo.account.id}/unpin")).json()["endorsed"] is False
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/unfollow")
    assert await names(anna.http, mine) == []
    await anna.http.post(f"/api/v1/accounts/{cleo.account.id}/endorse")
    monkeypatch.setattr("fedi.services.endorsing.ENDORSED_MAX", 1)
    await follow(anna, ben)
    assert (await anna.http.post(f"/api/v1/accounts/{ben.account.id}/endorse")).status_code == 422
    await cleo.http.post(f"/api/v1/accounts/{ben.account.id}/unblock")
    assert await names(ben.http, of_anna) == ["cleo"]
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/block")
    assert await names(ben.http, of_anna) == []


async def test_familiar_followers_are_those_whom_one_follows(server: "Server", enter: Enter) -> None:
    anna, ben, cleo, dan, eve = [await enter(name) for name in ("anna", "ben", "cleo", "dan", "eve")]
    await follow(anna, ben, cleo)
    await follow(ben, dan)
    await follow(cleo, dan)
    await follow(eve, dan)
    path, asked = "/api/v1/accounts/familiar_followers", {"id[]": [dan.account.id, eve.account.id, 1]}
    found = await get(anna.http, path, **asked)
    told = {one["id"]: {row["username"] for row in one["accounts"]} for one in found}
    assert told == {str(dan.account.id): {"ben", "cleo"}, str(eve.account.id): set()}
    await set_up(server, cleo, hides_collections=True)
    (only, _) = await get(anna.http, path, **asked)
    assert [row["username"] for row in only["accounts"]] == ["ben"]


async def test_suggested_is_whom_friends_follow_and_who_is_popular(server: "Server", enter: Enter) -> None:
    people = [await enter(name) for name in ("anna", "ben", "cleo", "dan", "eve")]
    anna, ben, cleo, dan, _eve = people
    await set_up(server, *people, discoverable=True)
    await follow(anna, ben)
    await follow(ben, cleo)
    await follow(cleo, dan)
    await follow(ben, anna)
    path = "/api/v2/suggestions"
    found = await get(anna.http, path)
    assert [(one["source"], one["sources"], one["account"]["username"]) for one in found] == [
        ("past_interactions", ["friends_of_friends", "most_followed"], "cleo"),
        ("global", ["most_followed"], "dan"),
    ]
    assert await names(anna.http, "/api/v1/suggestions") == ["cleo", "dan"]
    assert await names(anna.http, "/api/v1/suggestions", limit=1, offset=1) == ["dan"]
    await set_up(server, ben, hides_collections=True)
    assert {tuple(one["sources"]) for one in await get(anna.http, path)} == {("most_followed",)}
    assert (await anna.http.delete(f"/api/v1/suggestions/{cleo.account.id}")).json() == {}
    assert await names(anna.http, "/api/v1/suggestions") == ["dan"]
    assert (await anna.http.delete("/api/v1/suggestions/1")).json() == {}
    hiding: list[dict[str, Any]] = [
        {"discoverable": False},
        {"discoverable": True, "silenced_at": server.clock()},
        {"silenced_at": None, "moved_to": "https://elsewhere.example/dan"},
        {"moved_to": None, "suspended_at": server.clock()},
    ]
    for columns in hiding:
        await set_up(server, dan, **columns)
        assert await names(anna.http, "/api/v1/suggestions") == []
    await set_up(server, dan, suspended_at=None)
    assert await names(anna.http, "/api/v1/suggestions") == ["dan"]
    await anna.http.post(f"/api/v1/accounts/{dan.account.id}/mute")
    assert await names(anna.http, "/api/v1/suggestions") == []
    await anna.http.post(f"/api/v1/accounts/{dan.account.id}/unmute")
    await dan.http.post(f"/api/v1/accounts/{anna.account.id}/block")
    assert await names(anna.http, "/api/v1/suggestions") == []


async def test_the_directory_lists_who_wants_to_be_found(server: "Server", enter: Enter) -> None:
    anna, ben, cleo, dan = [await enter(name) for name in ("anna", "ben", "cleo", "dan")]
    await set_up(server, dan, discoverable=False)
    await ben.post("x")
    await anna.post("x")
    path = "/api/v1/directory"
    assert await names(server.client, path) == ["anna", "ben"], "who posted lately"
    assert await names(server.client, path, local="true") == ["anna", "ben", "cleo"]
    assert await names(server.client, path, order="new", local="true") == ["cleo", "ben", "anna"]
    assert await names(server.client, path, order="new", limit=1, offset=1) == ["ben"]
    assert (await server.client.get(path, params={"order": "odd"})).status_code == 422
    assert (await server.client.get(path, params={"offset": 10**6})).status_code == 422
    await set_up(server, ben, domain="elsewhere.example")
    assert await names(server.client, path, local="1") == ["anna", "cleo"]
    assert await names(server.client, path, order="new") == ["cleo", "ben", "anna"]
    for one in (ben, cleo):
        await anna.http.post(f"/api/v1/accounts/{one.account.id}/block")
    for order in ("new", "active"):
        assert await names(anna.http, path, order=order) == ["anna"]


async def test_what_nobody_has_here_is_said_in_its_shape(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    base = f"/api/v1/accounts/{anna.account.id}"
    assert await get(server.client, f"{base}/identity_proofs") == []
    for path in ("collections", "in_collections"):
        assert await get(server.client, f"{base}/{path}") == {"collections": []}
    for path in ("identity_proofs", "collections", "in_collections", "endorsements"):
        assert (await server.client.get(f"/api/v1/accounts/1/{path}")).status_code == 404


async def test_relations_to_suspended_accounts_are_told_when_wanted(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await follow(anna, ben)
    await set_up(server, ben, suspended_at=server.clock())
    path, asked = "/api/v1/accounts/relationships", {"id[]": [ben.account.id, anna.account.id, 1]}
    assert [one["id"] for one in await get(anna.http, path, **asked)] == [str(anna.account.id)]
    found = await get(anna.http, path, **asked, with_suspended="true")
    assert [(one["id"], one["following"]) for one in found] == [
        (str(ben.account.id), True), (str(anna.account.id), False),
    ]  # fmt: skip
