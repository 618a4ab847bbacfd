"""Reading threads from where they live: what is asked, what is believed, and where it ends."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from activitypub.vocab import PUBLIC
from fedi.models import Job, Post
from fedi.outbound import resolve
from fedi.services import backfilling, receiving
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def remote(server: Server) -> RemoteServer:
    return RemoteServer(server.network)


@pytest.fixture
def bob(remote: RemoteServer) -> RemoteActor:
    return remote.person("bob")


def listed(home: RemoteServer, iri: str, *pages: Sequence[Any], **changes: Any) -> str:
    """Serve a collection in pages, the first of them embedded."""
    made = [
        {"id": f"{iri}?page={number}", "type": "CollectionPage", "partOf": iri, "items": list(items)}
        | ({"next": f"{iri}?page={number + 1}"} if number + 1 < len(pages) else {})
        for number, items in enumerate(pages)
    ]
    for page in made:
        home.serve(page["id"], page | changes)
    home.serve(iri, {"id": iri, "type": "Collection", "first": made[0]})
    return iri


async def opened(server: Server, note: dict[str, Any]) -> Post:
    """Have somebody here open the thread of a post, and read the rest of it."""
    post = await resolve.note(server.ctx, note["id"])
    async with server.ctx.db.write() as tx:
        assert await backfilling.want(server.ctx, tx, post=await tx.get_one(Post, post.id))
    await server.work("default")
    return post


async def test_answers_are_read_page_by_page_and_fetched_from_their_own_hosts(
    server: Server, bob: RemoteActor
) -> None:
    carol = RemoteServer(server.network, host="carol.test").person("carol")
    root = bob.note("root", replies=f"{bob.iri}/notes/replies")
    answers = [who.note(f"a{number}", inReplyTo=root["id"]) for number, who in enumerate([bob, carol, bob])]
    ids = [note["id"] for note in answers]
    lie = {
        "id": ids[1],
        "type": "Note",
        "attributedTo": carol.iri,
        "content": "forged",
        "inReplyTo": root["id"],
    }
    listed(bob.home, root["replies"], [ids[0], lie], [], [ids[2]])
    post = await opened(server, root)
    kept = [await looking.get_post(server, iri) for iri in ids]
    assert [answer.in_reply_to_id for answer in kept] == [post.id] * 3
    assert kept[1].content == "<p>hello</p>"
    assert ids[1] in carol.home.asked
    assert await looking.count(server, Job) == 0


async def test_answers_to_answers_are_read_too(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r0")
    child = bob.note("child", inReplyTo=root["id"], replies=f"{bob.iri}/r1")
    grandchild = bob.note("grandchild", inReplyTo=child["id"])
    listed(bob.home, root["replies"], [child["id"]])
    listed(bob.home, child["replies"], [grandchild["id"]])
    await opened(server, root)
    assert await looking.find_post(server, grandchild["id"]) is not None


async def test_the_conversation_is_read(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", context="https://remote.test/c/1")
    other = bob.note("other", context="https://remote.test/c/1", inReplyTo=f"{bob.iri}/notes/elsewhere")
    foreign = bob.note("foreign", context="https://remote.test/c/2")
    listed(bob.home, "https://remote.test/c/1", [root["id"], other["id"], foreign["id"]])
    await opened(server, root)
    assert await looking.find_post(server, other["id"]) is not None
    assert await looking.find_post(server, foreign["id"]) is None


async def test_a_post_that_came_before_lists_were_kept_is_asked_for_them(
    server: Server, bob: RemoteActor
) -> None:
    root = bob.note("root")
    await resolve.note(server.ctx, root["id"])
    root = bob.note("root", replies=f"{bob.iri}/r")
    answer = bob.note("answer", inReplyTo=root["id"])
    listed(bob.home, root["replies"], [answer["id"]])
    await opened(server, root)
    assert await looking.find_post(server, answer["id"]) is not None


async def test_what_is_above_is_fetched(server: Server, bob: RemoteActor) -> None:
    notes = [bob.note("0")]
    for number in range(1, 8):
        notes.append(bob.note(str(number), inReplyTo=notes[-1]["id"]))
    await opened(server, notes[-1])
    for note in notes:
        assert await looking.find_post(server, note["id"]) is not None


async def test_what_does_not_belong_to_the_thread_is_not_kept(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    strays = [
        bob.note("stray"),
        bob.note("hidden", inReplyTo=root["id"], to=[f"{bob.iri}/followers"], cc=[]),
        bob.note("direct", inReplyTo=root["id"], to=["https://fedi.test/users/alice"], cc=[]),
        bob.note("vote", inReplyTo=root["id"], name="yes", content=""),
        bob.note("stolen", inReplyTo=root["id"], attributedTo="https://other.test/users/eve"),
    ]
    listed(bob.home, root["replies"], [note["id"] for note in strays])
    await opened(server, root)
    for note in strays:
        assert await looking.find_post(server, note["id"]) is None, note["id"]


async def test_our_own_posts_are_never_asked_for(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], ["https://fedi.test/users/alice/statuses/1"])
    await opened(server, root)
    assert all(request.url.host != "fedi.test" for request in server.network.requests)


async def test_pages_that_lead_in_a_circle_end(server: Server, bob: RemoteActor) -> None:
    name = f"{bob.iri}/r"
    root = bob.note("root", replies=name)
    listed(bob.home, name, [], [])
    bob.home.serve(
        f"{name}?page=1", {"id": f"{name}?page=1", "type": "CollectionPage", "next": f"{name}?page=1"}
    )
    await opened(server, root)
    assert bob.home.asked.count(f"{name}?page=1") == 1


async def test_pages_on_another_server_are_not_read(server: Server, bob: RemoteActor) -> None:
    victim = RemoteServer(server.network, host="victim.test")
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], [], next="https://victim.test/page")
    bob.home.serve(
        root["replies"], {"id": root["replies"], "type": "Collection", "first": "https://victim.test/page"}
    )
    await opened(server, root)
    assert victim.asked == []


async def test_a_host_whose_ids_lead_nowhere_is_soon_left_alone(server: Server, bob: RemoteActor) -> None:
    victim = RemoteServer(server.network, host="victim.test")
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], [f"https://victim.test/{number}" for number in range(50)])
    await opened(server, root)
    assert len(victim.asked) == backfilling.MISSES_MAX


async def test_a_host_that_is_down_is_asked_once(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], [f"https://down.test/{number}" for number in range(10)])
    await opened(server, root)
    asked = [request for request in server.network.requests if request.url.host == "down.test"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "limit",
    [("REPLIES_PER_POST_MAX", 3, 3), ("POSTS_MAX", 4, 4), ("PAGES_MAX", 3, 6), ("FETCHES_MAX", 14, 6)],
)
async def test_reading_ends_at_its_limits(
    server: Server, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int, int]
) -> None:
    name, value, expected = limit
    monkeypatch.setattr(backfilling, name, value)
    root = bob.note("root", replies=f"{bob.iri}/r")
    answers = [bob.note(f"a{number}", inReplyTo=root["id"])["id"] for number in range(12)]
    listed(bob.home, root["replies"], *[answers[start : start + 2] for start in range(0, 12, 2)])
    await opened(server, root)
    assert await looking.count(server, Post, Post.in_reply_to_iri == root["id"]) == expected


async def test_reading_ends_at_its_deadline(
    server: Server, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfilling, "DEADLINE_S", 0.0)
    root = bob.note("root", replies=f"{bob.iri}/r")
    answer = bob.note("answer", inReplyTo=root["id"])
    listed(bob.home, root["replies"], [answer["id"]])
    await opened(server, root)
    assert await looking.find_post(server, answer["id"]) is None
    assert await looking.count(server, Job) == 0


async def test_a_thread_is_read_again_only_after_a_while(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], [])
    post = await opened(server, root)
    for pause, again in ((timedelta(minutes=14), False), (timedelta(minutes=2), True)):
        server.clock.advance(pause.total_seconds())
        async with server.ctx.db.write() as tx:
            assert await backfilling.want(server.ctx, tx, post=await tx.get_one(Post, post.id)) is again


async def test_two_who_open_a_thread_at_once_have_it_read_once(either_server: Server) -> None:
    server, bob = either_server, RemoteServer(either_server.network).person("bob")
    post = await resolve.note(server.ctx, bob.note("root")["id"])
    # Both read the row before either of them wrote to it.
    async with server.ctx.db.write() as tx:
        assert await backfilling.want(server.ctx, tx, post=post)
    async with server.ctx.db.write() as tx:
        assert not await backfilling.want(server.ctx, tx, post=post)
    assert await looking.count(server, Job) == 1
    assert await server.work("default") == 1


async def test_the_answers_to_a_known_answer_are_read_after_a_while(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r0")
    child = bob.note("child", inReplyTo=root["id"], replies=f"{bob.iri}/r1")
    listed(bob.home, root["replies"], [child["id"]])
    listed(bob.home, child["replies"], [])
    await opened(server, root)
    late = bob.note("late", inReplyTo=child["id"])
    listed(bob.home, child["replies"], [late["id"]])
    server.clock.advance(901)
    await opened(server, root)
    assert await looking.find_post(server, late["id"]) is not None


async def test_young_hidden_and_local_posts_are_left_alone(server: Server, bob: RemoteActor) -> None:
    now = server.clock()
    fresh = bob.note("fresh", published=(now - timedelta(minutes=4)).isoformat())
    hidden = bob.note("hidden", to=["https://fedi.test/users/alice"], cc=[])
    for note in (fresh, hidden):
        assert not backfilling.is_due(await resolve.note(server.ctx, note["id"]), now)
    old = await resolve.note(server.ctx, bob.note("old", to=[PUBLIC])["id"])
    assert backfilling.is_due(old, now)
    old.local = True
    assert not backfilling.is_due(old, now)


async def test_what_a_delivered_answer_answers_is_fetched(server: Server, bob: RemoteActor) -> None:
    alice = await server.person("alice")
    await looking.follow(server, alice, bob)
    notes = [bob.note("0")]
    for number in range(1, 6):
        notes.append(bob.note(str(number), inReplyTo=notes[-1]["id"]))
    assert await looking.verdict(server, bob, bob.creates(notes[-1])) == "done"
    for above, below in pairwise(notes):
        parent, child = [await looking.get_post(server, note["id"]) for note in (above, below)]
        assert child.in_reply_to_id == parent.id
    # Only what was delivered stands in the home timeline.
    assert await looking.home(server, alice) == [notes[-1]["id"]]


async def test_chains_of_answers_are_followed_only_so_far(server: Server, bob: RemoteActor) -> None:
    alice = await server.person("alice")
    await looking.follow(server, alice, bob)
    last = bob.note("0")
    for number in range(1, backfilling.ANCESTORS_MAX + 10):
        last = bob.note(str(number), inReplyTo=last["id"])
    await looking.verdict(server, bob, bob.creates(last))
    assert await looking.count(server, Post) == backfilling.ANCESTORS_MAX + 2


async def test_what_was_deleted_is_not_asked_for_again(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    answer = bob.note("answer", inReplyTo=root["id"])
    listed(bob.home, root["replies"], [answer["id"]])
    async with server.ctx.db.write() as tx:
        await receiving.bury(server.ctx, tx, answer["id"])
    await opened(server, root)
    assert answer["id"] not in bob.home.asked
    assert await looking.find_post(server, answer["id"]) is None


async def test_one_name_cannot_send_us_to_hosts_without_end(server: Server, bob: RemoteActor) -> None:
    root = bob.note("root", replies=f"{bob.iri}/r")
    listed(bob.home, root["replies"], [f"https://h{number}.victim.test/1" for number in range(50)])
    await opened(server, root)
    asked = {request.url.host for request in server.network.requests if "victim" in request.url.host}
    assert len(asked) == backfilling.SUBDOMAINS_MAX
