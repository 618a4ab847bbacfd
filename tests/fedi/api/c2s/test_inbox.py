"""The inbox from its owner's side."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.queries import inboxes
from tests.fedi import looking
from tests.fedi.api.c2s.conftest import C2S, PUBLIC
from tests.fedi.api.conftest import Enter
from tests.fedi.remote import RemoteActor

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def read(who: C2S) -> list[dict[str, Any]]:
    """Walk all pages."""
    found: list[dict[str, Any]] = []
    page = (await who.get(f"{who.me}/inbox"))["first"]
    while page:
        document = await who.get(page)
        assert document["type"] == "OrderedCollectionPage"
        found += document["orderedItems"]
        page = document.get("next")
    return found


async def ids(who: C2S) -> list[str]:
    return [item["id"] for item in await read(who)]


async def test_it_is_its_owners_alone(server: "Server", alice: C2S, carol: C2S, enter: Enter) -> None:
    stranger = await server.client.get(f"{alice.me}/inbox")
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")
    assert (await carol.http.get(f"{alice.me}/inbox")).status_code == 403
    person = await enter("dora", "write")
    assert (await person.http.get(f"{person.account.iri}/inbox")).status_code == 403
    assert (await alice.http.get(f"{alice.me}/inbox?page=true&max_id=x")).status_code == 400


async def test_what_is_addressed_to_me_comes_as_it_came(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    letter = bob.creates(bob.note(to=[alice.me], cc=[], strange=[{"kept": True}]))
    follow = bob.does("Follow", alice.me)
    for activity in (letter, follow):
        assert await looking.verdict(server, bob, activity) == "done"
    assert await read(alice) == [follow, letter]


async def test_answers_to_what_i_did_are_there(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    note = await alice.note()
    follow = await alice.done({"type": "Follow", "object": bob.iri})
    await server.work()
    like, accept = bob.does("Like", note), bob.does("Accept", {"type": "Follow", "id": follow, "actor": alice.me,
                                                               "object": bob.iri})  # fmt: skip
    for activity in (like, accept):
        assert await looking.verdict(server, bob, activity) == "done"
    assert await ids(alice) == [accept["id"], like["id"]]


async def test_reports_and_blocks_are_kept_from_whom_they_are_about(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    note = await alice.note()
    flag = bob.does("Flag", [alice.me, note], content="a secret", to=[alice.me])
    block = bob.does("Block", alice.me)
    for activity in (flag, block, bob.does("Undo", block)):
        assert await looking.verdict(server, bob, activity) == "done"
    assert await read(alice) == []


async def test_posts_of_whom_i_follow_are_there_and_of_nobody_else(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    eve = bob.home.person("eve")
    await looking.follow(server, alice.account, bob)
    await looking.follow(server, carol.account, eve)
    public = bob.creates(bob.note("1"))
    private = bob.creates(bob.note("2", to=[f"{bob.iri}/followers"], cc=[]))
    letter = bob.creates(bob.note("3", to=[carol.me], cc=[]))
    other = eve.creates(eve.note("4"))
    for who, activity in ((bob, public), (bob, private), (bob, letter), (eve, other)):
        assert await looking.verdict(server, who, activity) == "done"
    assert await ids(alice) == [private["id"], public["id"]]
    assert await ids(carol) == [other["id"], letter["id"]]


async def test_people_here_write_too(server: "Server", alice: C2S, carol: C2S) -> None:
    await alice.done({"type": "Follow", "object": carol.me})
    public, letter = await carol.note(), await carol.note(to=[alice.me])
    await carol.note(to=[])
    await alice.note()
    found = await read(alice)
    assert [item["object"]["id"] for item in found] == [letter, public]
    assert {item["type"] for item in found} == {"Create"}


async def test_what_was_deleted_is_there_no_longer(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    await looking.follow(server, alice.account, bob)
    note = bob.note()
    await looking.verdict(server, bob, bob.creates(note))
    gone = bob.does("Delete", {"type": "Tombstone", "id": note["id"]}, to=[PUBLIC])
    assert await looking.verdict(server, bob, gone) == "done"
    assert await ids(alice) == [gone["id"]]


async def test_what_was_refused_is_not_there(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    lie = bob.creates(bob.note(attributedTo="https://elsewhere.test/users/eve", to=[alice.me]))
    assert await looking.verdict(server, bob, lie) == "refused"
    assert await ids(alice) == []


async def test_copies_from_elsewhere_are_reduced_to_their_id(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    mine = await alice.note("<p>the truth</p>")
    lie = {"id": mine, "type": "Note", "content": "a lie", "attributedTo": alice.me}
    assert await looking.verdict(server, bob, bob.does("Announce", lie, to=[PUBLIC])) == "done"
    (shown,) = await read(alice)
    assert shown["object"] == mine


async def test_a_forwarded_copy_shows_what_could_be_checked(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    eve = bob.home.person("eve")
    await looking.follow(server, alice.account, eve)
    note = eve.note()
    forged = eve.creates({**note, "content": "forged on the way"})
    assert await looking.verdict(server, bob, forged) == "done"
    (shown,) = await read(alice)
    assert shown["object"] == note["id"]
    assert "forged" not in str(shown)


async def test_hidden_recipients_stay_hidden(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    letter = bob.creates(bob.note(to=[alice.me], cc=[]), bcc=["https://remote.test/users/secret"])
    assert await looking.verdict(server, bob, letter) == "done"
    (shown,) = await read(alice)
    assert "bcc" not in shown


async def test_a_page_looks_at_so_many_and_the_walk_ends(
    server: "Server", alice: C2S, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LOOKED_AT_MAX", 3)
    monkeypatch.setattr(inboxes, "SHOWN_MAX", 2)
    monkeypatch.setattr(inboxes, "CHUNK", 2)
    eve = bob.home.person("eve")
    mine = []
    for number in range(4):
        mine.append(bob.creates(bob.note(str(number), to=[alice.me], cc=[]))["id"])
        letter = bob.creates(bob.note(f"again{number}", to=[alice.me], cc=[]))
        mine[-1] = letter["id"]
        await bob.sends(server, letter)
        for _ in range(3):
            await eve.sends(server, eve.does("Like", "https://fedi.test/x"))
    await server.work()
    assert await ids(alice) == mine[::-1]
    first = await alice.get(f"{alice.me}/inbox?page=true")
    assert first["orderedItems"] == []
    assert "next" in first


@pytest.mark.parametrize(
    "thing", [None, 5, [], {}, {"actor": []}, {"actor": {"id": 3}, "object": [[]]}, [[[]]]]
)
def test_odd_objects_are_about_nobody(thing: Any) -> None:
    class Owner:
        iri = "https://fedi.test/users/alice"

    assert inboxes.is_about({"object": thing, "to": thing, "cc": 7}, Owner()) is False  # type: ignore[arg-type] # only the id is asked
