"""Like and Announce and their Undo, as they come from another server."""

from datetime import timedelta
from typing import Any

import pytest

from activitypub import activities
from activitypub.read import rfc3339
from activitypub.vocab import PUBLIC
from fedi.inbound.handlers import announce as announce_handler
from fedi.inbound.received import Ignored, Received
from fedi.models import Account, ActivityState, Favourite, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import Budget
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.looking import find_post, get_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mine(server: Server, alice: Account) -> Post:
    """A public post of alice's."""
    return await write(server, alice)


@pytest.fixture
def otto(server: Server) -> RemoteActor:
    """Somebody on a third server."""
    return RemoteServer(server.network, host="third.test").person("otto")


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


def announces(bob: RemoteActor, iri: str, **changes: Any) -> dict[str, Any]:
    return bob.does("Announce", iri, **{"to": [PUBLIC], "cc": [f"{bob.iri}/followers"]} | changes)


# --- Like -----------------------------------------------------------------------------------------------------


async def test_a_like_is_counted_and_told_once(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    assert await verdict(server, bob, bob.does("Like", mine.iri)) == ActivityState.DONE
    assert await verdict(server, bob, bob.does("Like", mine.iri)) == ActivityState.DONE
    assert (await get_post(server, mine.iri)).favourites_count == 1
    assert await looking.told(server, alice) == ["favourite"]


async def test_likes_of_what_is_not_ours_are_ignored_unfetched(
    server: Server, bob: RemoteActor, otto: RemoteActor
) -> None:
    for iri in (otto.note()["id"], "https://fedi.test/users/alice/statuses/1"):
        assert await verdict(server, bob, bob.does("Like", iri)) == ActivityState.IGNORED
    assert otto.home.asked == []
    known = await resolve.note(server.ctx, otto.note()["id"])
    assert await verdict(server, bob, bob.does("Like", known.iri)) == ActivityState.IGNORED
    assert (await get_post(server, known.iri)).favourites_count == 0


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_who_cannot_see_a_post_cannot_like_it(
    server: Server, bob: RemoteActor, alice: Account, visibility: str
) -> None:
    hidden = await write(server, alice, visibility=visibility)
    assert await verdict(server, bob, bob.does("Like", hidden.iri)) == ActivityState.IGNORED
    assert (await get_post(server, hidden.iri)).favourites_count == 0
    await verdict(server, bob, bob.does("Follow", alice.iri))
    expected = ActivityState.DONE if visibility == "private" else ActivityState.IGNORED
    assert await verdict(server, bob, bob.does("Like", hidden.iri)) == expected


@pytest.mark.parametrize("form", ["id", "embedded", "embedded under a new id"])
async def test_a_like_can_be_taken_back(
    server: Server, bob: RemoteActor, alice: Account, mine: Post, form: str
) -> None:
    like = bob.does("Like", mine.iri)
    await verdict(server, bob, like)
    inner = {"id": like["id"], "embedded": like, "embedded under a new id": like | {"id": f"{bob.iri}/new"}}
    assert await verdict(server, bob, bob.does("Undo", inner[form])) == ActivityState.DONE
    assert (await get_post(server, mine.iri)).favourites_count == 0
    assert await looking.count(server, Favourite) == 0
    assert await looking.told(server, alice) == []


async def test_a_like_taken_back_before_it_came_is_not_counted(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    like = bob.does("Like", mine.iri)
    await verdict(server, bob, bob.does("Undo", like))
    assert await verdict(server, bob, like) == ActivityState.IGNORED
    assert (await get_post(server, mine.iri)).favourites_count == 0


async def test_a_third_party_takes_no_like_back(
    server: Server, bob: RemoteActor, otto: RemoteActor, remote: RemoteServer, mine: Post
) -> None:
    like = bob.does("Like", mine.iri)
    await verdict(server, bob, like)
    for thief in (otto, remote.person("carol")):
        await looking.meet(server, thief)
        for inner in (like, like["id"], like | {"actor": thief.iri}):
            await verdict(server, thief, thief.does("Undo", inner))
    assert (await get_post(server, mine.iri)).favourites_count == 1


# --- Announce -------------------------------------------------------------------------------------------------


async def test_a_boost_of_ours_is_counted_and_told(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    announce = announces(bob, mine.iri)
    assert await verdict(server, bob, announce) == ActivityState.DONE
    assert (await get_post(server, mine.iri)).reblogs_count == 1
    assert await looking.told(server, alice) == ["reblog"]
    boost = await get_post(server, announce["id"])
    assert (boost.reblog_of_id, boost.visibility, boost.local) == (mine.id, "public", False)


async def test_a_boost_by_somebody_followed_brings_the_post_home(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = otto.note()
    announce = announces(bob, note["id"], published=rfc3339(server.clock() + timedelta(days=3)))
    assert await verdict(server, bob, announce) == ActivityState.DONE
    assert await looking.home(server, alice) == [announce["id"]]
    assert (await get_post(server, note["id"])).reblogs_count == 1
    assert (await get_post(server, announce["id"])).created_at <= server.clock()


async def test_a_boosted_post_comes_home_itself_when_its_author_is_followed_too(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    """The boost came first and fetched the post; its Create still puts it into the timeline."""
    await looking.follow(server, alice, bob)
    await looking.follow(server, alice, otto)
    note = otto.note()
    announce = announces(bob, note["id"])
    await verdict(server, bob, announce)
    assert await verdict(server, otto, otto.creates(note)) == ActivityState.DONE
    assert set(await looking.home(server, alice)) == {announce["id"], note["id"]}


async def test_a_boost_that_concerns_nobody_is_not_looked_up(
    server: Server, bob: RemoteActor, otto: RemoteActor, alice: Account
) -> None:
    assert await verdict(server, bob, announces(bob, otto.note()["id"])) == ActivityState.IGNORED
    assert otto.home.asked == []


async def test_an_embedded_copy_of_a_boosted_post_is_not_believed(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = otto.note(content="<p>true</p>")
    forged = announces(bob, note["id"]) | {"object": note | {"content": "<p>forged</p>"}}
    assert await verdict(server, bob, forged) == ActivityState.DONE
    assert (await get_post(server, note["id"])).content == "<p>true</p>"


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_a_hidden_post_of_ours_is_not_passed_on(
    server: Server, bob: RemoteActor, alice: Account, visibility: str
) -> None:
    await verdict(server, bob, bob.does("Follow", alice.iri))
    hidden = await write(server, alice, visibility=visibility)
    assert await verdict(server, bob, announces(bob, hidden.iri)) == ActivityState.REFUSED
    assert (await get_post(server, hidden.iri)).reblogs_count == 0


async def test_an_author_may_pass_on_to_their_followers_what_is_for_them(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note(to=[f"{bob.iri}/followers"], cc=[])
    await verdict(server, bob, bob.creates(note))
    announce = announces(bob, note["id"])
    assert await verdict(server, bob, announce) == ActivityState.DONE
    assert (await get_post(server, announce["id"])).visibility == "private", "whatever it says itself"
    assert set(await looking.home(server, alice)) == {note["id"], announce["id"]}


async def test_a_letter_is_not_passed_on_by_its_author_either(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note(to=[alice.iri], cc=[])
    await verdict(server, bob, bob.creates(note))
    assert await verdict(server, bob, announces(bob, note["id"])) == ActivityState.REFUSED


async def test_a_hidden_post_of_others_is_not_passed_on(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = otto.note(to=[f"{otto.iri}/followers"], cc=[])
    assert await verdict(server, bob, announces(bob, note["id"])) == ActivityState.REFUSED
    assert await looking.home(server, alice) == []


@pytest.mark.parametrize("lie", ["another id", "another author", "gone", "html"])
async def test_a_boosted_post_must_be_where_it_says(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor, lie: str
) -> None:
    await looking.follow(server, alice, bob)
    note = otto.note()
    match lie:
        case "another id":
            otto.home.serve(note["id"], note | {"id": f"{bob.iri}/notes/9"})
        case "another author":
            otto.home.serve(note["id"], note | {"attributedTo": bob.iri})
        case "gone":
            otto.home.serve(note["id"], {"type": "Tombstone", "id": note["id"]}, status=410)
        case "html":
            otto.home.serve(note["id"], note, content_type="text/html")
    assert await verdict(server, bob, announces(bob, note["id"])) == ActivityState.REFUSED
    assert await find_post(server, note["id"]) is None
    assert await looking.home(server, alice) == []


async def test_a_boost_is_tried_again_while_the_posts_server_is_away(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = otto.note()
    otto.home.serve(note["id"], {}, status=502)
    announce = announces(bob, note["id"])
    assert await verdict(server, bob, announce) == ActivityState.RECEIVED
    otto.note()
    server.clock.advance(60)
    await server.work()
    assert await looking.home(server, alice) == [announce["id"]]


async def test_a_boost_taken_back_before_it_came_is_not_made_nor_looked_up(
    server: Server, bob: RemoteActor, alice: Account, otto: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    announce = announces(bob, otto.note()["id"])
    await verdict(server, bob, bob.does("Undo", announce))
    assert await verdict(server, bob, announce) == ActivityState.IGNORED
    assert otto.home.asked == []
    assert await looking.count(server, Post) == 0


async def test_a_boost_taken_back_while_its_post_is_fetched_is_not_made(
    server: Server, bob: RemoteActor, alice: Account, mine: Post
) -> None:
    said = announces(bob, mine.iri)
    await looking.meet(server, bob)
    activity = activities.parse(said)
    assert isinstance(activity, activities.Announce)
    effect = await announce_handler.handle(server.ctx, Received(activity=activity, budget=Budget()))
    await verdict(server, bob, bob.does("Undo", said))
    async with server.ctx.db.write() as tx:
        with pytest.raises(Ignored, match="taken back"):
            await effect(tx)


async def test_a_boost_with_an_id_that_no_index_holds_is_refused(
    server: Server, bob: RemoteActor, mine: Post
) -> None:
    long = announces(bob, mine.iri) | {"id": f"{bob.iri}/" + "\u00fc" * 1100}  # 2200 bytes
    assert await verdict(server, bob, long) == ActivityState.REFUSED
    assert (await get_post(server, mine.iri)).reblogs_count == 0


async def test_a_like_whose_made_up_id_no_index_holds_is_refused(
    server: Server, remote: RemoteServer, mine: Post
) -> None:
    """An id of its own is put together where none was given: of an address that is long enough already."""
    wordy = remote.wordy()
    act = wordy.does("Like", mine.iri)
    del act["id"]
    assert await verdict(server, wordy, act) == ActivityState.REFUSED
    assert (await looking.last_activity(server)).reason == "an identifier has more than 2048 bytes"


@pytest.mark.parametrize("form", ["id", "embedded", "embedded under a new id"])
async def test_a_boost_can_be_taken_back(
    server: Server, bob: RemoteActor, alice: Account, mine: Post, form: str
) -> None:
    announce = announces(bob, mine.iri)
    await verdict(server, bob, announce)
    new = announce | {"id": f"{bob.iri}/new"}
    inner = {"id": announce["id"], "embedded": announce, "embedded under a new id": new}
    assert await verdict(server, bob, bob.does("Undo", inner[form])) == ActivityState.DONE
    assert (await get_post(server, mine.iri)).reblogs_count == 0
    assert await find_post(server, announce["id"]) is None
    assert await looking.told(server, alice) == []


async def test_of_several_boosts_the_one_that_is_meant_is_taken_back(
    server: Server, bob: RemoteActor, otto: RemoteActor, alice: Account, mine: Post
) -> None:
    other = await write(server, alice)
    for booster, post in ((bob, mine), (otto, mine), (bob, other)):
        assert await verdict(server, booster, announces(booster, post.iri)) == ActivityState.DONE
    unknown = announces(bob, mine.iri)  # under an id that was never sent
    assert await verdict(server, bob, bob.does("Undo", unknown)) == ActivityState.DONE
    assert (await get_post(server, mine.iri)).reblogs_count == 1
    assert (await get_post(server, other.iri)).reblogs_count == 1


async def test_a_third_party_takes_no_boost_back(
    server: Server, bob: RemoteActor, otto: RemoteActor, remote: RemoteServer, mine: Post
) -> None:
    announce = announces(bob, mine.iri)
    await verdict(server, bob, announce)
    for thief in (otto, remote.person("carol")):
        await looking.meet(server, thief)
        for inner in (announce, announce["id"], announce | {"actor": thief.iri}):
            await verdict(server, thief, thief.does("Undo", inner))
    assert (await get_post(server, mine.iri)).reblogs_count == 1


async def test_an_undo_of_something_else_is_ignored(server: Server, bob: RemoteActor) -> None:
    move = bob.does("Move", bob.iri, target="https://remote.test/users/b")
    assert await verdict(server, bob, bob.does("Undo", move)) == ActivityState.IGNORED
