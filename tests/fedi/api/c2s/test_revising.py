"""Update from a client: of posts and of profiles."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Post
from tests.fedi import looking
from tests.fedi.api.c2s.conftest import C2S, PUBLIC
from tests.fedi.remote import RemoteActor

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def updated(alice: C2S, iri: str, **change: Any) -> dict[str, Any]:
    """Change a post and return its document."""
    await alice.done({"type": "Update", "object": {"type": "Note", "id": iri, **change}})
    return await alice.get(iri)


async def test_what_is_left_out_stays(server: "Server", alice: C2S, carol: C2S) -> None:
    tag = [{"type": "Mention", "href": carol.me}, {"type": "Hashtag", "name": "#fox"}]
    iri = await alice.note("<h2>a</h2><p>b @carol</p>", summary="cw", tag=tag, contentMap={"de": "x"})
    before = await alice.get(iri)
    after = await updated(alice, iri, summary="another")
    assert after["summary"] == "another"
    for key in ("content", "tag", "to", "cc", "sensitive", "contentMap", "published"):
        assert after[key] == before[key], key
    assert after["updated"].partition(".")[0] >= before["published"].removesuffix("Z")


async def test_what_is_null_goes(server: "Server", alice: C2S, picture: bytes) -> None:
    sent = await alice.http.post("/api/c2s/media", files={"file": ("x.jpg", picture)})
    iri = await alice.note("a", summary="cw", attachment=sent.headers["location"])
    after = await updated(alice, iri, summary=None, attachment=None, sensitive=False)
    assert (after["summary"], after["attachment"], after["sensitive"]) == (None, [], False)


async def test_words_are_replaced_and_marked_up_as_in_a_new_post(
    server: "Server", alice: C2S, carol: C2S
) -> None:
    iri = await alice.note("<p>one</p>")
    after = await updated(alice, iri, content="<p>two<script>x</script></p>")
    assert after["content"] == "<p>two</p>"
    after = await updated(alice, iri, source={"content": "three @carol", "mediaType": "text/plain"})
    assert "three" in after["content"]
    assert [tag["href"] for tag in after["tag"]] == [carol.me]
    after = await updated(alice, iri, source={"content": "four", "mediaType": "text/plain"})
    assert after["tag"] == []


async def test_pictures_stay_go_and_are_described(server: "Server", alice: C2S, picture: bytes) -> None:
    sent = await alice.http.post("/api/c2s/media", files={"file": ("x.jpg", picture)})
    iri = await alice.note("a", attachment=sent.headers["location"])
    entry = {"type": "Image", "url": sent.json()["url"], "name": "a wall"}
    after = await updated(alice, iri, attachment=[entry])
    assert [shown["name"] for shown in after["attachment"]] == ["a wall"]
    after = await updated(alice, iri, content="b")
    assert [shown["name"] for shown in after["attachment"]] == ["a wall"]


async def test_those_who_have_it_get_the_new_one(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    await looking.meet(server, bob)
    iri = await alice.note("one", cc=[bob.iri])
    where = await alice.done({"type": "Update", "object": {"id": iri, "content": "<p>two</p>"}})
    await server.work()
    sent = bob.home.bodies[-1]
    assert (sent["type"], sent["id"], sent["object"]["content"]) == ("Update", where, "<p>two</p>")


async def test_nobody_changes_what_is_somebody_elses(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    iri = await carol.note("<p>one</p>")
    boost = await alice.done({"type": "Announce", "object": iri})
    for target in (iri, boost, f"{alice.me}/statuses/1", carol.me, bob.iri):
        answer = await alice.post({"type": "Update", "object": {"id": target, "content": "two"}})
        assert answer.status_code == 404, target
    assert (await looking.get_post(server, iri)).content == "<p>one</p>"


async def test_whom_a_post_is_for_stays(server: "Server", alice: C2S) -> None:
    iri = await alice.note(to=[alice.followers])
    answer = await alice.post({"type": "Update", "object": {"id": iri, "content": "x", "to": [PUBLIC]}})
    assert answer.status_code == 422
    await updated(alice, iri, content="x", to=[alice.followers])


async def test_who_may_quote_a_post_can_be_changed(server: "Server", alice: C2S) -> None:
    iri = await alice.note("a", interactionPolicy={"canQuote": {"automaticApproval": [alice.me]}})
    change: dict[str, Any] = {"canQuote": {"automaticApproval": [f"{alice.me}/followers"]}}
    after = await updated(alice, iri, interactionPolicy=change)
    assert after["interactionPolicy"]["canQuote"]["automaticApproval"] == [f"{alice.me}/followers"]
    assert (await updated(alice, iri, summary="cw"))["interactionPolicy"] == after["interactionPolicy"]
    usual = await updated(alice, iri, interactionPolicy=None)
    assert usual["interactionPolicy"]["canQuote"]["automaticApproval"] == [PUBLIC]
    change["canQuote"]["automaticApproval"] = ["https://remote.test/users/bob"]
    note = {"type": "Note", "id": iri, "summary": "other", "interactionPolicy": change}
    assert (await alice.post({"type": "Update", "object": note})).status_code == 422
    assert (await alice.get(iri))["summary"] == "cw"


async def test_a_poll_is_not_changed(server: "Server", alice: C2S, carol: C2S) -> None:
    iri = await poll(server, carol)
    answer = await carol.post({"type": "Update", "object": {"id": iri, "content": "x"}})
    assert answer.status_code == 422


async def poll(server: "Server", who: C2S, **more: Any) -> str:
    end = server.clock() + timedelta(hours=1)
    question = {
        "type": "Question",
        "content": "which?",
        "to": [PUBLIC],
        "oneOf": [{"type": "Note", "name": name} for name in ("one", "two")],
        "endTime": end.isoformat(),
    }
    iri: str = (await who.get(await who.done({**question, **more})))["object"]["id"]
    return iri


async def test_a_question_is_asked_and_answered(server: "Server", alice: C2S, carol: C2S) -> None:
    iri = await poll(server, carol)
    asked = await alice.get(iri)
    assert (asked["type"], [option["name"] for option in asked["oneOf"]]) == ("Question", ["one", "two"])
    vote = {"type": "Note", "name": "two", "inReplyTo": iri, "to": [carol.me]}
    await alice.done(vote)
    counted = (await alice.get(iri))["oneOf"]
    assert [option["replies"]["totalItems"] for option in counted] == [0, 1]
    assert (await alice.post(vote)).status_code == 422
    for wrong in ({**vote, "name": "three"}, {**vote, "inReplyTo": await carol.note()}):
        assert (await alice.post(wrong)).status_code == 422
    assert (await carol.post(vote)).status_code == 422
    assert await looking.count(server, Post) == 2


@pytest.mark.parametrize(
    "change", [{"endTime": None}, {"oneOf": None}, {"oneOf": [{"name": "one"}]}, {"endTime": "2001-01-01T00:00:00Z"},
               {"oneOf": "x"}, {"attachment": ["x"]}],
)  # fmt: skip
async def test_a_question_that_cannot_be_asked_is_422(server: "Server", alice: C2S, change: Any) -> None:
    options = [{"type": "Note", "name": name} for name in ("one", "two")]
    question = {
        "type": "Question",
        "content": "x",
        "to": PUBLIC,
        "oneOf": options,
        "endTime": "2026-12-01T00:00:00Z",
    }
    assert (await alice.post({**question, **change})).status_code == 422
    assert await looking.count(server, Post) == 0


async def test_a_vote_elsewhere_goes_there(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    options = [{"type": "Note", "name": name} for name in ("one", "two")]
    asked = bob.note(type="Question", oneOf=options, endTime="2030-01-01T00:00:00Z")
    where = await alice.done({"type": "Note", "name": "two", "inReplyTo": asked["id"], "to": bob.iri})
    await server.work()
    (sent,) = bob.home.bodies
    assert (sent["id"], sent["object"]["name"], sent["object"]["inReplyTo"]) == (where, "two", asked["id"])


async def test_the_profile_changes_and_tells(
    server: "Server", alice: C2S, bob: RemoteActor, picture: bytes
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.me))
    sent = await alice.http.post("/api/c2s/media", files={"file": ("x.jpg", picture)})
    await alice.done({
        "type": "Update",
        "object": {
            "id": alice.me, "type": "Person", "name": "Alice <b>", "summary": "<p>I draw</p>",
            "manuallyApprovesFollowers": True, "icon": {"type": "Image", "url": sent.json()["url"], "name": "me"},
            "attachment": [{"type": "PropertyValue", "name": "Site", "value": "x.example"}],
        },
    })  # fmt: skip
    after = await alice.get(alice.me)
    assert (after["name"], after["summary"]) == ("Alice <b>", "<p>I draw</p>")
    assert after["manuallyApprovesFollowers"] is True
    assert [row["name"] for row in after["attachment"]] == ["Site"]
    assert after["icon"]["url"].startswith("https://fedi.test/media/")
    server.clock.advance(600)
    await server.work()
    assert bob.home.bodies[-1]["type"] == "Update"
    assert bob.home.bodies[-1]["object"]["name"] == "Alice <b>"


async def test_the_whole_actor_may_come_back(server: "Server", alice: C2S) -> None:
    whole = await alice.get(alice.me)
    await alice.done({"type": "Update", "object": {**whole, "name": "New"}})
    assert await alice.get(alice.me) == {**whole, "name": "New"}


@pytest.mark.parametrize(
    "change",
    [
        {"inbox": "https://evil.test/inbox"}, {"publicKey": {"id": "x"}}, {"preferredUsername": "root"},
        {"movedTo": "https://evil.test/x"}, {"endpoints": {}}, {"type": "Group"}, {"strange": 1},
        {"icon": {"type": "Image", "url": "https://evil.test/x.png"}}, {"icon": 5}, {"name": "x" * 31},
        {"alsoKnownAs": ["https://evil.test/x"]},
    ],
)  # fmt: skip
async def test_what_a_profile_cannot_take_is_told(server: "Server", alice: C2S, change: Any) -> None:
    before = await alice.get(alice.me)
    answer = await alice.post({"type": "Update", "object": {"id": alice.me, **change}})
    assert answer.status_code == 422, answer.text
    assert await alice.get(alice.me) == before


async def test_pins_and_hashtags_are_added_and_removed(server: "Server", alice: C2S, carol: C2S) -> None:
    me = await alice.get(alice.me)
    iri = await alice.note()
    pin = {"object": iri, "target": me["featured"]}
    tag = {"object": {"type": "Hashtag", "name": "#Fox"}, "target": me["featuredTags"]}
    await alice.done({"type": "Add", **pin})
    await alice.done({"type": "Add", **tag})
    pinned = (await alice.get(me["featured"]))["orderedItems"]
    assert iri in [item if isinstance(item, str) else item["id"] for item in pinned]
    assert (await alice.post({"type": "Add", **pin, "object": await carol.note()})).status_code == 404
    for wrong in (carol.me, f"{carol.me}/collections/featured", 5, None):
        assert (await alice.post({"type": "Add", "object": iri, "target": wrong})).status_code == 422
    await alice.done({"type": "Remove", **pin})
    await alice.done({"type": "Remove", **tag})
    assert (await alice.post({"type": "Remove", **tag})).status_code == 404
    assert (await alice.get(me["featured"]))["orderedItems"] == []


async def test_blocking_goes_out_and_is_taken_back(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    where = await alice.done({"type": "Block", "object": bob.iri})
    assert await alice.done({"type": "Block", "object": bob.iri}) == where
    await alice.done({"type": "Undo", "object": {"type": "Block", "object": bob.iri}})
    again = await alice.done({"type": "Block", "object": bob.iri})
    await alice.done({"type": "Undo", "object": again})
    await server.work()
    assert [sent["type"] for sent in bob.home.bodies] == ["Block", "Undo", "Block", "Undo"]
    assert [sent["id"] for sent in bob.home.bodies][::2] == [where, again]
