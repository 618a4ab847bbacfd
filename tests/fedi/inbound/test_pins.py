"""Add and Remove, as they come from another server, and the collections that another server reads here."""

from typing import Any

import pytest
from sqlalchemy import select

from activitypub import activities
from fedi.inbound.handlers import add
from fedi.inbound.received import Ignored, Received
from fedi.models import Account, ActivityState, FeaturedTag, Pin, Post
from fedi.outbound.fetch import Budget
from fedi.services import featuring, pinning, posting
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def bob(remote: RemoteServer) -> RemoteActor:
    """Somebody elsewhere with both collections."""
    iri = f"{remote.origin}/users/bob"
    return remote.person("bob", featured=f"{iri}/pins", featuredTags=f"{iri}/tags")


async def pinned(server: Server) -> set[str]:
    async with server.ctx.db.read() as tx:
        return set((await tx.execute(select(Post.iri).join(Pin, Pin.post_id == Post.id))).scalars())


async def tags(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(FeaturedTag.name))).scalars())


def adds(bob: RemoteActor, thing: Any, shelf: str = "pins", kind: str = "Add", **more: Any) -> dict[str, Any]:
    return bob.does(kind, thing, target=f"{bob.iri}/{shelf}", **more)


HASHTAG = {"type": "Hashtag", "href": "https://remote.test/tags/Sky", "name": "#Sky"}


async def test_a_pin_of_somebody_followed_is_fetched_from_its_own_server(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note()
    lie = note | {"content": "<p>another text</p>"}
    assert await verdict(server, bob, adds(bob, lie)) == ActivityState.DONE
    assert await pinned(server) == {note["id"]}
    assert (await looking.get_post(server, note["id"])).content == "<p>hello</p>"


async def test_a_post_that_is_deleted_meanwhile_is_not_pinned(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    activity = activities.parse(adds(bob, bob.note()["id"]))
    assert isinstance(activity, activities.Add)
    effect = await add.handle(server.ctx, Received(activity=activity, budget=Budget()))
    await verdict(server, bob, bob.does("Delete", activity.object_id))
    with pytest.raises(Ignored, match="deleted"):
        async with server.ctx.db.write() as tx:
            await effect(tx)


async def test_a_pin_is_taken_back(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note()
    await verdict(server, bob, adds(bob, note["id"]))
    assert await verdict(server, bob, adds(bob, note["id"], kind="Remove")) == ActivityState.DONE
    assert await pinned(server) == set()
    assert await verdict(server, bob, adds(bob, note["id"], kind="Remove")) == ActivityState.IGNORED


async def test_a_pin_of_somebody_unfollowed_fetches_nothing(server: Server, bob: RemoteActor) -> None:
    await looking.meet(server, bob)
    note = bob.note()
    assert await verdict(server, bob, adds(bob, note["id"])) == ActivityState.IGNORED
    assert note["id"] not in bob.home.asked


async def test_a_pin_by_nobody_known_is_ignored(server: Server, bob: RemoteActor) -> None:
    assert await verdict(server, bob, adds(bob, bob.note()["id"])) == ActivityState.IGNORED
    assert await looking.find_account(server, bob.iri) is None


@pytest.mark.parametrize("kind", ["Add", "Remove"])
async def test_another_collection_than_their_own_is_refused(
    server: Server, bob: RemoteActor, alice: Account, kind: str
) -> None:
    await looking.follow(server, alice, bob)
    carol = bob.home.person("carol", featured=f"{bob.home.origin}/users/carol/pins")
    await looking.follow(server, alice, carol)
    note = bob.note()
    await verdict(server, bob, adds(bob, note["id"]))
    for target in (f"{carol.iri}/pins", f"{bob.iri}/followers", f"{bob.iri}/pins2"):
        sent = bob.does(kind, note["id"], target=target)
        assert await verdict(server, bob, sent) == ActivityState.REFUSED, target
    assert await pinned(server) == {note["id"]}


async def test_a_post_of_another_server_is_refused(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    eve = RemoteServer(server.network, host="evil.test").person("eve")
    note = eve.note()
    assert await verdict(server, bob, adds(bob, note["id"])) == ActivityState.REFUSED
    assert note["id"] not in eve.home.asked


async def test_a_neighbours_post_is_refused(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    carol = bob.home.person("carol")
    assert await verdict(server, bob, adds(bob, carol.note()["id"])) == ActivityState.REFUSED
    assert await pinned(server) == set()


async def test_a_letter_is_not_pinned(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    letter = bob.note(to=[alice.iri], cc=[])
    assert await verdict(server, bob, adds(bob, letter["id"])) == ActivityState.REFUSED


async def test_a_hashtag_is_recorded_and_taken_back(server: Server, bob: RemoteActor) -> None:
    await looking.meet(server, bob)
    assert await verdict(server, bob, adds(bob, HASHTAG, "tags")) == ActivityState.DONE
    assert await tags(server) == ["sky"]
    assert await verdict(server, bob, adds(bob, HASHTAG, "tags", "Remove")) == ActivityState.DONE
    assert await tags(server) == []


async def test_something_else_among_the_hashtags_is_ignored(server: Server, bob: RemoteActor) -> None:
    await looking.meet(server, bob)
    for thing in (bob.note()["id"], HASHTAG | {"type": "Mention"}):
        assert await verdict(server, bob, adds(bob, thing, "tags")) == ActivityState.IGNORED
    assert await tags(server) == []


# --- Ours, as others read them --------------------------------------------------------------------------------


async def read(server: Server, iri: str, status: int = 200) -> Any:
    answer = await server.client.get(iri.removeprefix("https://fedi.test"), headers={"accept": ACTIVITY_JSON})
    assert answer.status_code == status
    return answer.json()


async def test_the_featured_collection_names_what_is_pinned_for_everyone(
    server: Server, alice: Account
) -> None:
    made = []
    for visibility in ("public", "private", "unlisted"):
        async with server.ctx.db.write() as tx:
            me = await tx.get_one(Account, alice.id)
            new = posting.NewPost(text="hello", visibility=visibility)
            post = await posting.publish(server.ctx, tx, author=me, new=new)
            await pinning.pin(server.ctx, tx, account=me, post=post)
            made.append(post.iri)
        server.clock.advance(1)
    described = await read(server, (await looking.get_account(server, alice.iri)).featured or "")
    assert (described["type"], described["totalItems"]) == ("OrderedCollection", 2)
    assert described["orderedItems"] == [made[2], made[0]]


async def test_the_hashtags_of_a_profile_are_a_collection(server: Server, alice: Account) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        await featuring.feature(server.ctx, tx, account=me, name="sky")
    described = await read(server, f"{alice.iri}/collections/tags")
    assert (described["type"], described["totalItems"]) == ("Collection", 1)
    assert described["items"] == [{"type": "Hashtag", "name": "#sky", "href": "https://fedi.test/tags/sky"}]
    actor = await read(server, alice.iri)
    assert actor["featuredTags"] == described["id"]


@pytest.mark.parametrize("shelf", ["featured", "tags"])
async def test_a_suspended_profile_shows_nothing(server: Server, alice: Account, shelf: str) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).suspended_at = server.clock()
    await read(server, f"{alice.iri}/collections/{shelf}", 404)


async def test_the_server_itself_shows_nothing(server: Server) -> None:
    assert (await read(server, "https://fedi.test/actor/collections/tags"))["totalItems"] == 0
