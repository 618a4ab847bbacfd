"""Filters through the API, in both versions, and what they do to posts."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import update

from fedi.clock import utcnow
from fedi.models import Filter
from tests.fedi.api.conftest import Enter, Person
from tests.fedi.api.test_timelines import counted

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

V2, V1 = "/api/v2/filters", "/api/v1/filters"


async def make(person: Person, **how: Any) -> dict[str, Any]:
    answer = await person.http.post(V2, json={"title": "T", "context": ["home"], **how})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def get(http: httpx.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def filtered(person: Person, post: dict[str, Any]) -> list[Any]:
    found: list[Any] = (await get(person.http, f"/api/v1/statuses/{post['id']}"))["filtered"]
    return found


async def test_a_filter_is_made_changed_and_deleted(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    form = {
        "title": "Cats",
        "context[]": ["home", "thread"],
        "filter_action": "blur",
        "expires_in": "60",
        "keywords_attributes[0][keyword]": "cat",
        "keywords_attributes[0][whole_word]": "false",
        "keywords_attributes[1][keyword]": "dog",
    }
    made = (await anna.http.post(V2, data=form)).json()
    cat, dog = made.pop("keywords")
    assert (cat["keyword"], cat["whole_word"]) == ("cat", False)
    assert (dog["keyword"], dog["whole_word"]) == ("dog", True)
    expires_at = made.pop("expires_at")
    assert expires_at.endswith("Z")
    assert made == {
        "id": made["id"], "title": "Cats", "context": ["home", "thread"], "filter_action": "blur", "statuses": [],
    }  # fmt: skip
    path = f"{V2}/{made['id']}"
    words = [{"id": cat["id"], "_destroy": True}, {"id": dog["id"], "keyword": "puppy"}, {"keyword": "fox"}]
    changed = (await anna.http.put(path, json={"keywords_attributes": words})).json()
    assert [word["keyword"] for word in changed["keywords"]] == ["puppy", "fox"]
    assert (changed["expires_at"], changed["title"]) == (expires_at, "Cats"), "what is not given stays"
    more = {"title": "Dogs", "context": ["public"], "filter_action": "hide", "expires_in": ""}
    changed = (await anna.http.put(path, json=more)).json()
    assert (changed["title"], changed["context"]) == ("Dogs", ["public"])
    assert (changed["filter_action"], changed["expires_at"]) == ("hide", None)
    assert await get(anna.http, path) == changed
    assert await get(anna.http, V2) == [changed]
    assert (await anna.http.delete(path)).json() == {}
    assert await get(anna.http, V2) == []


async def test_a_filter_that_makes_no_sense_is_refused(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await enter("anna")
    wrong: dict[str, Any]
    for wrong in (
        {"title": " "}, {"title": "x" * 257}, {"context": []}, {"context": ["home", "moon"]}, {"filter_action": "burn"},
        {"expires_in": 10**12}, {"keywords_attributes": [{"keyword": ""}]},
        {"keywords_attributes": [{"keyword": "x" * 513}]},
    ):  # fmt: skip
        answer = await anna.http.post(V2, json={"title": "T", "context": ["home"], **wrong})
        assert answer.status_code == 422, wrong
    assert (await anna.http.post(V2, json={"context": ["home"]})).status_code == 422
    assert await get(anna.http, V2) == []
    monkeypatch.setattr("fedi.services.filtering.PARTS_MAX", 1)
    found = await make(anna, keywords_attributes=[{"keyword": "a"}])
    path = f"{V2}/{found['id']}"
    assert (await anna.http.post(f"{path}/keywords", json={"keyword": "b"})).status_code == 422
    posts = [await anna.post(text) for text in ("one", "two")]
    answers = [await anna.http.post(f"{path}/statuses", json={"status_id": post["id"]}) for post in posts]
    assert [answer.status_code for answer in answers] == [200, 422]
    monkeypatch.setattr("fedi.services.filtering.FILTERS_MAX", 1)
    assert (await anna.http.post(V2, json={"title": "T", "context": ["home"]})).status_code == 422


async def test_keywords_have_addresses_of_their_own(enter: Enter) -> None:
    anna = await enter("anna")
    path = f"{V2}/{(await make(anna))['id']}/keywords"
    word = (await anna.http.post(path, json={"keyword": "cat"})).json()
    assert word == {"id": word["id"], "keyword": "cat", "whole_word": True}
    own = f"{V2}/keywords/{word['id']}"
    changed = (await anna.http.put(own, data={"keyword": "cats", "whole_word": "0"})).json()
    assert changed == {"id": word["id"], "keyword": "cats", "whole_word": False}
    assert await get(anna.http, own) == changed
    assert await get(anna.http, path) == [changed]
    assert (await anna.http.put(own, json={"keyword": " "})).status_code == 422
    assert (await anna.http.delete(own)).json() == {}
    assert await get(anna.http, path) == []


async def test_nobody_gets_at_the_filters_of_others(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    found = await make(anna, keywords_attributes=[{"keyword": "a"}])
    word = found["keywords"][0]["id"]
    post = (await anna.post("x"))["id"]
    named = (await anna.http.post(f"{V2}/{found['id']}/statuses", json={"status_id": post})).json()["id"]
    mine = await make(ben)
    for method, path in (
        ("GET", found["id"]), ("PUT", found["id"]), ("DELETE", found["id"]), ("GET", f"{found['id']}/keywords"),
        ("POST", f"{found['id']}/keywords"), ("GET", f"{found['id']}/statuses"), ("POST", f"{found['id']}/statuses"),
        ("GET", f"keywords/{word}"), ("PUT", f"keywords/{word}"), ("DELETE", f"keywords/{word}"),
        ("GET", f"statuses/{named}"), ("DELETE", f"statuses/{named}"),
    ):  # fmt: skip
        answer = await ben.http.request(method, f"{V2}/{path}", json={"keyword": "b", "status_id": post})
        assert answer.status_code == 404, (method, path)
    for method in ("GET", "PUT", "DELETE"):
        assert (await ben.http.request(method, f"{V1}/{word}", json={"phrase": "b"})).status_code == 404
    stolen = {"keywords_attributes": [{"id": word, "keyword": "b"}]}
    assert (await ben.http.put(f"{V2}/{mine['id']}", json=stolen)).status_code == 404
    assert (await ben.http.get(V2)).json() == [mine]
    assert [one["id"] for one in await get(anna.http, V2)] == [found["id"]]


async def test_posts_tell_which_filters_they_met(server: "Server", enter: Enter, picture: bytes) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    made = await make(anna, filter_action="hide", keywords_attributes=[{"keyword": "fox"}])
    summary = {key: made[key] for key in ("id", "title", "context", "expires_at", "filter_action")}
    media = (
        await ben.http.post(
            "/api/v2/media", files={"file": ("a.jpg", picture)}, data={"description": "A fox"}
        )
    ).json()["id"]
    poll = {"options": ["fox", "hen"], "expires_in": 600}
    posts = [
        await ben.post("the Fox ran"),
        await ben.post("x", spoiler_text="fox"),
        await ben.post("x", media_ids=[media]),
        await ben.post("x", poll=poll),
    ]
    met = {"filter": summary, "keyword_matches": ["fox"], "status_matches": None}
    told = {one["id"]: one["filtered"] for one in await get(anna.http, "/api/v1/timelines/home")}
    assert [told[post["id"]] for post in posts] == [
        [{**met, "keyword_matches": [word]}] for word in ("Fox", "fox", "fox", "fox")
    ], "also what is to be hidden is delivered"
    assert await filtered(ben, posts[0]) == []
    boost = (await ben.http.post(f"/api/v1/statuses/{posts[1]['id']}/reblog")).json()
    wrapper = await get(anna.http, f"/api/v1/statuses/{boost['id']}")
    assert wrapper["filtered"] == wrapper["reblog"]["filtered"] == [met]
    quoting = await ben.post("look", quoted_status_id=posts[1]["id"])
    shown = await get(anna.http, f"/api/v1/statuses/{quoting['id']}")
    assert (shown["filtered"], shown["quote"]["quoted_status"]["filtered"]) == ([], [met])
    await ben.post("@anna fox")
    notified = await get(anna.http, "/api/v1/notifications?types[]=mention")
    assert notified[0]["status"]["filtered"] == [met]
    assert "filtered" not in (await get(server.client, f"/api/v1/statuses/{posts[0]['id']}"))


async def test_a_single_post_can_be_filtered(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post, other = await ben.post("x"), await ben.post("y")
    private = await ben.post("z", visibility="private")
    path = f"{V2}/{(await make(anna))['id']}/statuses"
    named = (await anna.http.post(path, json={"status_id": post["id"]})).json()
    assert named == {"id": named["id"], "status_id": post["id"]}
    assert (await anna.http.post(path, json={"status_id": post["id"]})).json() == named, "once is enough"
    for unseen in (private["id"], "1", "x"):
        assert (await anna.http.post(path, json={"status_id": unseen})).status_code == 404
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()["id"]
    assert (await anna.http.post(path, json={"status_id": boost})).json() == named, "what it holds is meant"
    own = f"{V2}/statuses/{named['id']}"
    assert await get(anna.http, path) == [await get(anna.http, own)] == [named]
    (met,) = await filtered(anna, post)
    assert (met["keyword_matches"], met["status_matches"]) == (None, [post["id"]])
    assert await filtered(anna, other) == []
    assert (await anna.http.delete(own)).json() == {}
    assert await filtered(anna, post) == []


async def test_a_filter_that_ended_counts_no_more_and_is_still_listed(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("fox")
    made = await make(anna, expires_in=3600, keywords_attributes=[{"keyword": "fox"}])
    assert len(await filtered(anna, post)) == 1
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Filter).values(expires_at=utcnow()))
    assert await filtered(anna, post) == []
    assert [one["id"] for one in await get(anna.http, V2)] == [made["id"]]


async def test_open_streams_hear_of_each_change(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await enter("anna")
    heard: list[Any] = []

    async def hear(_tx: Any, kind: str, **about: Any) -> None:
        if kind == "filters_changed":
            heard.append(about["account_id"])

    monkeypatch.setattr("fedi.services.filtering.publish", hear)
    post = (await anna.post("x"))["id"]
    found = (await make(anna))["id"]
    word = (await anna.http.post(f"{V2}/{found}/keywords", json={"keyword": "a"})).json()["id"]
    named = (await anna.http.post(f"{V2}/{found}/statuses", json={"status_id": post})).json()["id"]
    for method, path, given in (
        ("PUT", f"{V2}/{found}", {"title": "U"}),
        ("PUT", f"{V2}/keywords/{word}", {"keyword": "b"}),
        ("DELETE", f"{V2}/keywords/{word}", {}),
        ("DELETE", f"{V2}/statuses/{named}", {}),
        ("DELETE", f"{V2}/{found}", {}),
    ):
        assert (await anna.http.request(method, path, json=given)).status_code == 200, path
    assert heard == [anna.account.id] * 8


async def test_a_page_costs_no_statement_more_for_filters(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    for number in range(5):
        await anna.post(f"fox {number}")
    counts = []
    for _ in range(2):
        with counted(server) as sent:
            page = await get(anna.http, "/api/v1/timelines/home")
        counts.append((len(sent), [len(post["filtered"]) for post in page]))
        await make(anna, keywords_attributes=[{"keyword": "fox"}, {"keyword": "hen"}])
    assert [found for _, found in counts] == [[0] * 5, [1] * 5]
    assert counts[0][0] == counts[1][0]


async def test_the_first_version_is_a_view_of_keywords(enter: Enter) -> None:
    anna = await enter("anna")
    old = {"phrase": "fox", "context": ["home", "public"], "irreversible": "true", "whole_word": "true"}
    made = (await anna.http.post(V1, data={**old, "expires_in": 600})).json()
    assert made["expires_at"] is not None
    assert {**made, "expires_at": None} == {
        "id": made["id"], "phrase": "fox", "context": ["home", "public"], "whole_word": True, "expires_at": None,
        "irreversible": False,
    }  # fmt: skip
    (new,) = await get(anna.http, V2)
    assert (new["title"], new["filter_action"], new["keywords"][0]["id"]) == ("fox", "hide", made["id"])
    path = f"{V1}/{made['id']}"
    other = {
        "phrase": "hen",
        "context": ["thread"],
        "whole_word": False,
        "expires_in": "",
        "irreversible": False,
    }
    changed = (await anna.http.put(path, json=other)).json()
    assert (changed["phrase"], changed["context"], changed["whole_word"]) == ("hen", ["thread"], False)
    assert changed["expires_at"] is None
    assert await get(anna.http, path) == changed
    assert await get(anna.http, V1) == [changed]
    added = (await anna.http.post(f"{V2}/{new['id']}/keywords", json={"keyword": "cow"})).json()
    assert [one["phrase"] for one in await get(anna.http, V1)] == ["hen", "cow"]
    assert (await anna.http.put(path, json={"phrase": "h", "context": ["home"]})).status_code == 422
    assert (await anna.http.put(path, json={"phrase": "h", "context": ["thread"]})).json()["phrase"] == "h"
    for word in (made["id"], added["id"]):
        assert (await anna.http.delete(f"{V1}/{word}")).json() == {}
    assert await get(anna.http, V2) == [], "a filter without anything in it goes with its last keyword"
