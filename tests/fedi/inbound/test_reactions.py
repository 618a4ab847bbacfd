"""Reactions with an emoji, as other servers send and take them back."""

from typing import Any

import pytest

from fedi.models import Account, ActivityState, Favourite, Notification, Peer, Post, Reaction, Severity
from fedi.queries import posts as find
from fedi.services import domain_rules, posting
from tests.fedi import looking
from tests.fedi.looking import get_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

FOX = {
    "type": "Emoji", "id": "https://remote.test/emoji/fox", "name": ":fox:",
    "icon": {"type": "Image", "url": "https://cdn.test/fox.png"},
}  # fmt: skip


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


@pytest.fixture
async def mine(server: Server, alice: Account) -> Post:
    """A public post of alice's."""
    return await write(server, alice)


async def shown(server: Server, post: Post) -> list[tuple[str, int, str | None]]:
    async with server.ctx.db.read() as tx:
        view = await find.load_one(tx, post.id)
    assert view is not None
    return [(entry.name, entry.count, entry.url) for entry in view.reactions]


@pytest.mark.parametrize("kind", ["EmojiReact", "Like", "Like by Misskey"])
async def test_a_reaction_is_kept_and_told_once(
    server: Server, bob: RemoteActor, alice: Account, mine: Post, kind: str
) -> None:
    field = "_misskey_reaction" if kind == "Like by Misskey" else "content"
    for _ in range(2):
        activity = bob.does(kind.partition(" ")[0], mine.iri, **{field: "🦊"})
        assert await verdict(server, bob, activity) == ActivityState.DONE
    assert await shown(server, mine) == [("🦊", 1, None)]
    assert (await get_post(server, mine.iri)).favourites_count == 0
    assert await looking.told(server, alice) == ["favourite"]
    peer = await server_of(server, "remote.test")
    assert peer is not None
    assert peer.reacts


async def server_of(server: Server, host: str) -> Peer | None:
    async with server.ctx.db.read() as tx:
        return await tx.get(Peer, host)


async def test_people_are_counted_by_us(server: Server, bob: RemoteActor, mine: Post) -> None:
    people = [bob, bob.home.person("carol"), RemoteServer(server.network, host="third.test").person("dora")]
    for person in people:
        activity = person.does("EmojiReact", mine.iri, content="🦊", totalItems=900)
        assert await verdict(server, person, activity) == ActivityState.DONE
    assert await shown(server, mine) == [("🦊", 3, None)]


async def test_custom_emoji_belong_to_their_server(server: Server, bob: RemoteActor, mine: Post) -> None:
    dora = RemoteServer(server.network, host="third.test").person("dora")
    other = FOX | {"icon": {"type": "Image", "url": "https://third.test/fox.gif"}}
    await verdict(server, bob, bob.does("EmojiReact", mine.iri, content=":fox:", tag=[FOX]))
    await verdict(server, dora, dora.does("Like", mine.iri, content=":fox:", tag=other))
    assert await shown(server, mine) == [
        ("fox@remote.test", 1, "https://cdn.test/fox.png"),
        ("fox@third.test", 1, "https://third.test/fox.gif"),
    ]


@pytest.mark.parametrize(
    ("content", "tag"),
    [
        ("hello", []),
        ("🦊🦊", []),
        (":fox:", []),
        (":wolf:", [FOX]),
        (":fox:", [FOX | {"icon": {"type": "Image", "url": "javascript:alert(1)"}}]),
        (":fox:", [FOX | {"icon": {"type": "Image", "url": f"https://cdn.test/{'x' * 2100}"}}]),
        ("<img src=x>", []),
    ],
)
async def test_what_is_no_emoji_is_none_and_a_like_stays_a_like(
    server: Server, bob: RemoteActor, mine: Post, content: str, tag: list[Any]
) -> None:
    react = bob.does("EmojiReact", mine.iri, content=content, tag=tag)
    assert await verdict(server, bob, react) == ActivityState.IGNORED
    assert await looking.count(server, Reaction) == 0
    like = bob.does("Like", mine.iri, content=content, tag=tag)
    assert await verdict(server, bob, like) == ActivityState.DONE
    assert await looking.count(server, Reaction) == 0
    assert (await get_post(server, mine.iri)).favourites_count == 1


async def test_a_picture_of_a_server_whose_media_are_refused_is_not_shown(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    async with server.ctx.db.write() as tx:
        wanted = domain_rules.Wish(severity=Severity.NOOP, reject_media=True)
        await domain_rules.wish(server.ctx, tx, domain="cdn.test", wanted=wanted)
    react = bob.does("EmojiReact", mine.iri, content=":fox:", tag=[FOX])
    assert await verdict(server, bob, react) == ActivityState.IGNORED


@pytest.mark.parametrize("kind", ["EmojiReact", "Like"])
async def test_reactions_to_what_is_not_ours_are_ignored_unfetched(
    server: Server, bob: RemoteActor, kind: str
) -> None:
    otto = RemoteServer(server.network, host="third.test").person("otto")
    for iri in (otto.note()["id"], "https://fedi.test/users/alice/statuses/1"):
        assert await verdict(server, bob, bob.does(kind, iri, content="🦊")) == ActivityState.IGNORED
    assert otto.home.asked == []


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_who_cannot_see_a_post_cannot_react_to_it(
    server: Server, bob: RemoteActor, alice: Account, visibility: str
) -> None:
    hidden = await write(server, alice, visibility=visibility)
    react = bob.does("EmojiReact", hidden.iri, content="🦊")
    assert await verdict(server, bob, react) == ActivityState.IGNORED
    assert await looking.count(server, Reaction) == 0
    assert await server_of(server, "remote.test") is None


async def test_one_person_reacts_so_often_and_no_more(server: Server, bob: RemoteActor, mine: Post) -> None:
    for number in range(12):
        await verdict(server, bob, bob.does("EmojiReact", mine.iri, content=chr(0x1F400 + number)))
    assert await looking.count(server, Reaction) == 10


FORMS = ["id", "embedded", "embedded under a new id"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["EmojiReact 🦊", "EmojiReact :fox:", "Like 🦊", "Like :fox:"])
async def test_a_reaction_can_be_taken_back(
    server: Server, bob: RemoteActor, mine: Post, form: str, what: str
) -> None:
    kind, content = what.split()
    react = bob.does(kind, mine.iri, content=content, tag=[FOX])
    await verdict(server, bob, react)
    await verdict(server, bob, bob.does("EmojiReact", mine.iri, content="🐺"))
    inner = {
        "id": react["id"],
        "embedded": react,
        "embedded under a new id": react | {"id": f"{bob.iri}/new"},
    }
    assert await verdict(server, bob, bob.does("Undo", inner[form])) == ActivityState.DONE
    assert await shown(server, mine) == [("🐺", 1, None)]
    assert await looking.count(server, Notification) == 1


async def test_a_reaction_whose_made_up_id_no_index_holds_is_refused(
    server: Server, remote: RemoteServer, mine: Post
) -> None:
    """An id of its own is put together where none was given: of an address that is long enough already."""
    wordy = remote.wordy()
    act = wordy.does("EmojiReact", mine.iri, content="🦊")
    del act["id"]
    assert await verdict(server, wordy, act) == ActivityState.REFUSED
    assert (await looking.last_activity(server)).reason == "an identifier has more than 2048 bytes"


async def test_of_several_reactions_the_one_that_is_meant_is_taken_back(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    other = await write(server, alice)
    for post in (mine, other):
        await verdict(server, bob, bob.does("EmojiReact", post.iri, content="🦊"))
    unknown = bob.does("EmojiReact", other.iri, content="🦊")  # under an id that was never sent
    assert await verdict(server, bob, bob.does("Undo", unknown)) == ActivityState.DONE
    assert (await shown(server, mine), await shown(server, other)) == ([("🦊", 1, None)], [])


async def test_with_the_last_reaction_goes_the_news_of_it(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    react = bob.does("EmojiReact", mine.iri, content="🦊")
    await verdict(server, bob, react)
    await verdict(server, bob, bob.does("Undo", react))
    assert await looking.told(server, alice) == []


async def test_taking_a_reaction_back_leaves_the_favour(server: Server, bob: RemoteActor, mine: Post) -> None:
    await verdict(server, bob, bob.does("Like", mine.iri))
    react = bob.does("Like", mine.iri, content="🦊")
    await verdict(server, bob, react)
    await verdict(server, bob, bob.does("Undo", react | {"id": f"{bob.iri}/new"}))
    assert await shown(server, mine) == []
    assert await looking.count(server, Favourite) == 1


async def test_a_reaction_taken_back_before_it_came_is_not_kept(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    react = bob.does("EmojiReact", mine.iri, content="🦊")
    await verdict(server, bob, bob.does("Undo", react))
    assert await verdict(server, bob, react) == ActivityState.IGNORED
    assert await shown(server, mine) == []


async def test_a_third_party_takes_no_reaction_back(server: Server, bob: RemoteActor, mine: Post) -> None:
    react = bob.does("EmojiReact", mine.iri, content="🦊")
    await verdict(server, bob, react)
    thief = bob.home.person("carol")
    await looking.meet(server, thief)
    for inner in (react, react["id"], react | {"actor": thief.iri}):
        await verdict(server, thief, thief.does("Undo", inner))
    assert await shown(server, mine) == [("🦊", 1, None)]


# --- requests for leave to interact (GoToSocial) --------------------------------------------------------------


def request(bob: RemoteActor, kind: str, iri: str, **changes: Any) -> dict[str, Any]:
    """Return bob's request to like, answer or pass on a post."""
    if kind == "Reply":
        wanted = bob.note("reply", inReplyTo=iri)
    else:
        wanted = bob.does(kind, iri)
        bob.home.serve(wanted["id"], wanted)
    return bob.does(f"{kind}Request", iri, instrument=wanted | changes)


async def answers(bob: RemoteActor) -> list[dict[str, Any]]:
    return [body for body in bob.home.bodies if body["type"] in {"Accept", "Reject"}]


KINDS = ["Like", "Reply", "Announce"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["embedded", "by id"])
async def test_leave_to_interact_is_given_with_a_stamp(
    server: Server, bob: RemoteActor, mine: Post, kind: str, form: str
) -> None:
    alice = await looking.get_account(server, "https://fedi.test/users/alice")
    asked = request(bob, kind, mine.iri)
    instrument = asked["instrument"]["id"]
    asked |= {} if form == "embedded" else {"instrument": instrument}
    assert await verdict(server, bob, asked) == ActivityState.DONE
    (answer,) = await answers(bob)
    assert (answer["type"], answer["actor"], answer["object"]["id"]) == ("Accept", alice.iri, asked["id"])
    assert answer["object"]["type"] == f"{kind}Request"
    assert answer["object"]["instrument"] == instrument
    served = (await server.client.get(answer["result"].removeprefix(server.settings.origin))).json()
    assert (served["type"], served["attributedTo"]) == (f"{kind}Authorization", alice.iri)
    assert (served["interactingObject"], served["interactionTarget"]) == (instrument, mine.iri)
    assert (await get_post(server, mine.iri)).favourites_count == 0


async def test_a_followers_only_post_may_be_liked_and_answered_but_not_passed_on(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await write(server, alice, visibility="private")
    await verdict(server, bob, bob.does("Follow", alice.iri))
    for kind in KINDS:
        await verdict(server, bob, request(bob, kind, post.iri))
    assert [answer["type"] for answer in await answers(bob)] == ["Accept", "Accept", "Accept", "Reject"]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_cannot_see_a_post_gets_no_answer(
    server: Server, bob: RemoteActor, alice: Account, kind: str
) -> None:
    post = await write(server, alice, visibility="private")
    assert await verdict(server, bob, request(bob, kind, post.iri)) == ActivityState.IGNORED
    assert await answers(bob) == []


FAULTS: dict[str, dict[str, Any]] = {
    "somebody else's": {"actor": "https://remote.test/users/carol", "attributedTo": "https://remote.test/users/carol"},
    "about another post": {
        "object": "https://fedi.test/users/alice/statuses/9", "inReplyTo": "https://fedi.test/users/alice/statuses/9",
    },
    "of another kind": {"type": "Follow"},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_leave_is_not_given_for_what_does_not_fit(
    server: Server, bob: RemoteActor, mine: Post, kind: str, fault: str
) -> None:
    asked = request(bob, kind, mine.iri, **FAULTS[fault])
    assert await verdict(server, bob, asked) == ActivityState.REFUSED
    assert await answers(bob) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_leave_is_not_given_for_what_lives_elsewhere(
    server: Server, bob: RemoteActor, mine: Post, kind: str
) -> None:
    otto = RemoteServer(server.network, host="third.test").person("otto")
    asked = request(bob, kind, mine.iri) | {"instrument": request(otto, kind, mine.iri)["instrument"]}
    assert await verdict(server, bob, asked) == ActivityState.REFUSED


@pytest.mark.parametrize("kind", [*KINDS, "Quote"])
async def test_requests_about_what_is_not_ours_are_ignored(
    server: Server, bob: RemoteActor, kind: str
) -> None:
    asked = request(bob, "Reply", "https://third.test/1") | {"type": f"{kind}Request"}
    assert await verdict(server, bob, asked) == ActivityState.IGNORED


async def test_a_request_to_be_featured_is_recorded_and_ignored(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    asked = bob.does("FeatureRequest", alice.iri, instrument=f"{bob.iri}/collections/1")
    assert await verdict(server, bob, asked) == ActivityState.IGNORED
    actor = (await server.client.get("/users/alice", headers={"accept": "application/activity+json"})).json()
    assert actor["interactionPolicy"] == {"canFeature": {"automaticApproval": [alice.iri]}}
