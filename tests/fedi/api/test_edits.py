"""Editing over the API, and the versions that it leaves."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person, http_client

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

KEYS = {
    "content", "spoiler_text", "sensitive", "created_at", "account", "poll", "media_attachments", "emojis",
}  # fmt: skip


async def edit(person: Person, post: dict[str, Any], **changes: Any) -> Any:
    return await person.http.put(f"/api/v1/statuses/{post['id']}", json=changes)


async def history(person: Person, post: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await person.http.get(f"/api/v1/statuses/{post['id']}/history")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


async def upload(person: Person, picture: bytes, description: str) -> str:
    files = {"file": ("a.jpg", picture, "image/jpeg")}
    answer = await person.http.post("/api/v2/media", files=files, data={"description": description})
    return str(answer.json()["id"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_post_is_edited_and_shown_as_edited(enter: Enter, method: str) -> None:
    anna = await enter("anna")
    post = await anna.post("one #a", spoiler_text="cw")
    changes = {"status": "two #b", "language": "de", "sensitive": "true"}
    answer = await anna.http.request(method, f"/api/v1/statuses/{post['id']}", json=changes)
    assert answer.status_code == 200
    edited = answer.json()
    assert edited["id"] == post["id"]
    assert "two" in edited["content"]
    assert (edited["spoiler_text"], edited["sensitive"], edited["language"]) == ("", True, "de")
    assert [tag["name"] for tag in edited["tags"]] == ["b"]
    assert post["edited_at"] is None
    assert edited["edited_at"] > post["created_at"]
    source = (await anna.http.get(f"/api/v1/statuses/{post['id']}/source")).json()
    assert source == {"id": post["id"], "text": "two #b", "spoiler_text": ""}


async def test_the_history_begins_with_the_first_version(enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("one")
    assert len(await history(anna, post)) == 1
    edited = (await edit(anna, post, status="two", spoiler_text="cw")).json()
    first, second = await history(anna, post)
    assert first.keys() == second.keys() == KEYS
    assert (first["created_at"], second["created_at"]) == (post["created_at"], edited["edited_at"])
    assert "one" in first["content"]
    assert (second["spoiler_text"], second["sensitive"], second["poll"]) == ("cw", True, None)
    assert second["account"]["acct"] == "anna"


async def test_pictures_stay_only_when_they_are_named_again(enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    one, two = await upload(anna, picture, "one"), await upload(anna, picture, "two")
    post = await anna.post("look", media_ids=[one, two])
    described = [{"id": two, "description": "better", "focus": "0.5,0.5"}]
    edited = (await edit(anna, post, media_ids=[two], media_attributes=described)).json()
    (shown,) = edited["media_attachments"]
    assert (shown["id"], shown["description"], shown["meta"]["focus"]) == (
        two,
        "better",
        {"x": 0.5, "y": 0.5},
    )
    assert "look" in edited["content"]
    first, second = await history(anna, post)
    assert [entry["description"] for entry in first["media_attachments"]] == ["two"]
    assert [entry["description"] for entry in second["media_attachments"]] == ["better"]
    bare = (await edit(anna, post, status="look")).json()
    assert bare["media_attachments"] == []


async def test_descriptions_are_read_from_a_form_too(enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    one = await upload(anna, picture, "one")
    post = await anna.post("look", media_ids=[one])
    form = {"status": "look", "media_ids[]": one, "media_attributes[][id]": one}
    form["media_attributes[][description]"] = "from a form"
    answer = await anna.http.put(f"/api/v1/statuses/{post['id']}", data=form)
    assert answer.json()["media_attachments"][0]["description"] == "from a form"


async def test_a_poll_is_changed_and_its_options_are_history(enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("which?", poll={"options": ["a", "b"], "expires_in": 300})
    changed = {"options": ["a", "c"], "expires_in": 600}
    edited = (await edit(anna, post, status="which?", poll=changed)).json()
    assert [option["title"] for option in edited["poll"]["options"]] == ["a", "c"]
    assert edited["poll"]["id"] == post["poll"]["id"]
    first, second = await history(anna, post)
    assert first["poll"] == {"options": [{"title": "a"}, {"title": "b"}]}
    assert second["poll"] == {"options": [{"title": "a"}, {"title": "c"}]}
    assert (await edit(anna, post, status="which?")).json()["poll"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "  "},
        {"status": "x" * 2001},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x", "media_ids": ["nonsense"]},
        {"status": "x", "media_attributes": [{"description": "of nothing"}]},
        {"status": "x", "poll": {"options": ["a"], "expires_in": 300}},
        {"status": {"a": "b"}},
    ],
)
async def test_what_a_post_cannot_become_is_refused_and_nothing_changes(
    enter: Enter, changes: dict[str, Any]
) -> None:
    anna = await enter("anna")
    post = await anna.post("one")
    assert (await edit(anna, post, **changes)).status_code == 422
    assert (await anna.http.get(f"/api/v1/statuses/{post['id']}")).json() == post


async def test_nobody_edits_what_is_not_theirs(server: "Server", enter: Enter) -> None:
    anna, ben, reader = await enter("anna"), await enter("ben"), await enter("reader", "read")
    post = await anna.post("one")
    assert (await edit(ben, post, status="stolen")).status_code == 404
    assert (await edit(reader, post, status="stolen")).status_code == 403
    nobody = http_client(server)
    assert (await nobody.put(f"/api/v1/statuses/{post['id']}", json={"status": "x"})).status_code == 401
    assert "one" in (await looking.get_post(server, post["uri"])).content


async def test_the_history_of_what_one_may_not_see_is_not_there(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one", visibility="private")
    path = f"/api/v1/statuses/{post['id']}/history"
    assert (await ben.http.get(path)).status_code == 404
    assert (await http_client(server).get(path)).status_code == 404
    assert (await anna.http.get(path)).status_code == 200


async def test_the_history_of_a_boost_is_that_of_the_post(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    await edit(anna, post, status="two")
    assert len(await history(ben, boost)) == 2
    told = (await ben.http.get("/api/v1/notifications")).json()
    assert [entry["type"] for entry in told] == ["update"]
