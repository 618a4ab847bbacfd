"""Favours and boosts by people here: effects, refusals, and what goes out."""

from typing import Any

import pytest

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import Account, Favourite, Job, Post
from fedi.services import following, interacting, posting
from tests.fedi import looking
from tests.fedi.looking import get_post
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def carol(server: Server) -> Account:
    """Somebody else here."""
    return await server.person("carol")


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def do(server: Server, verb: Any, account: Account, post: Post, **more: Any) -> Any:
    async with server.ctx.db.write() as tx:
        me, it = await tx.get_one(Account, account.id), await tx.get_one(Post, post.id)
        return await verb(server.ctx, tx, account=me, post=it, **more)


async def from_bob(server: Server, alice: Account, bob: RemoteActor) -> Post:
    await looking.follow(server, alice, bob)
    note = bob.note()
    await looking.verdict(server, bob, bob.creates(note))
    bob.home.received.clear()
    return await get_post(server, note["id"])


async def test_a_favour_here_is_counted_told_and_stays_here(either_server: Server) -> None:
    server = either_server
    alice, carol = await server.person("alice"), await server.person("carol")
    post = await write(server, alice)
    await server.work()
    for _ in range(2):
        await do(server, interacting.favourite, carol, post)
    assert (await get_post(server, post.iri)).favourites_count == 1
    assert await looking.told(server, alice) == ["favourite"]
    for _ in range(2):
        await do(server, interacting.unfavourite, carol, post)
    assert (await get_post(server, post.iri)).favourites_count == 0
    assert await looking.told(server, alice) == []
    assert await looking.count(server, Job) == 0


async def test_the_new_count_is_seen_in_the_same_transaction(
    server: Server, alice: Account, carol: Account
) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        me, it = await tx.get_one(Account, carol.id), await tx.get_one(Post, post.id)
        await interacting.favourite(server.ctx, tx, account=me, post=it)
        assert it.favourites_count == 1


async def test_a_favour_elsewhere_goes_out_and_so_does_its_end(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    post = await from_bob(server, alice, bob)
    favour = await do(server, interacting.favourite, alice, post)
    await do(server, interacting.favourite, alice, post)
    await do(server, interacting.unfavourite, alice, post)
    await server.work()
    like, undo = bob.home.bodies
    assert (like["type"], like["id"], like["actor"], like["object"]) == (
        "Like",
        favour.iri,
        alice.iri,
        post.iri,
    )
    assert (undo["type"], undo["object"]["id"], undo["object"]["type"]) == ("Undo", favour.iri, "Like")


@pytest.mark.parametrize("verb", ["favourite", "boost"])
async def test_what_cannot_be_seen_is_not_there(
    server: Server, alice: Account, carol: Account, verb: str
) -> None:
    for visibility in ("private", "direct"):
        hidden = await write(server, alice, visibility=visibility)
        with pytest.raises(Refused) as refusal:
            await do(server, getattr(interacting, verb), carol, hidden)
        assert refusal.value.status == 404
    assert await looking.count(server, Favourite) == 0


async def test_a_boost_reaches_home_timelines_and_the_author(
    server: Server, alice: Account, carol: Account
) -> None:
    dan = await server.person("dan")
    async with server.ctx.db.write() as tx:
        one, other = await tx.get_one(Account, dan.id), await tx.get_one(Account, carol.id)
        await following.follow(server.ctx, tx, follower=one, target=other)
    post = await write(server, alice)
    boost = await do(server, interacting.boost, carol, post)
    assert (await do(server, interacting.boost, carol, post)).id == boost.id
    assert await looking.home(server, dan) == [boost.iri]
    assert await looking.told(server, alice) == ["reblog"]
    assert (await get_post(server, post.iri)).reblogs_count == 1
    await do(server, interacting.unboost, carol, post)
    await do(server, interacting.unboost, carol, post)
    assert await looking.home(server, dan) == []
    assert (await get_post(server, post.iri)).reblogs_count == 0
    assert (await looking.get_account(server, carol.iri)).statuses_count == 0


async def test_a_boost_of_a_boost_is_one_of_the_post(server: Server, alice: Account, carol: Account) -> None:
    post = await write(server, alice)
    boost = await do(server, interacting.boost, carol, post)
    dan = await server.person("dan")
    again = await do(server, interacting.boost, dan, boost)
    assert again.reblog_of_id == post.id
    await do(server, interacting.unboost, dan, boost)
    assert (await get_post(server, post.iri)).reblogs_count == 1


async def test_a_boost_goes_to_followers_and_author_and_so_does_its_end(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    post = await from_bob(server, alice, bob)
    fan = bob.home.person("fan", endpoints={})
    await looking.verdict(server, fan, fan.does("Follow", alice.iri))
    bob.home.received.clear()
    boost = await do(server, interacting.boost, alice, post)
    await do(server, interacting.unboost, alice, post)
    await server.work()
    reached = {str(request.url) for request in bob.home.received}
    assert reached == {"https://remote.test/inbox", f"{fan.iri}/inbox"}
    announce = next(body for body in bob.home.bodies if body["type"] == "Announce")
    assert (announce["id"], announce["object"], announce["to"]) == (boost.iri, post.iri, [PUBLIC])
    assert set(announce["cc"]) == {f"{alice.iri}/followers", bob.iri}
    undo = next(body for body in bob.home.bodies if body["type"] == "Undo")
    assert undo["object"]["id"] == boost.iri


@pytest.mark.parametrize(
    ("of", "asked", "expected"),
    [
        ("public", "public", "public"), ("public", "unlisted", "unlisted"), ("unlisted", "private", "private"),
        ("private", "public", "private"), ("public", "direct", "private"), ("public", "odd", "private"),
    ],
)  # fmt: skip
async def test_a_boost_is_never_wider_than_it_may_be(
    server: Server, alice: Account, of: str, asked: str, expected: str
) -> None:
    post = await write(server, alice, visibility=of)
    assert (await do(server, interacting.boost, alice, post, visibility=asked)).visibility == expected


async def test_somebody_elses_private_post_is_not_passed_on(
    server: Server, alice: Account, carol: Account
) -> None:
    async with server.ctx.db.write() as tx:
        one, other = await tx.get_one(Account, carol.id), await tx.get_one(Account, alice.id)
        await following.follow(server.ctx, tx, follower=one, target=other)
    hidden = await write(server, alice, visibility="private")
    with pytest.raises(Refused) as refusal:
        await do(server, interacting.boost, carol, hidden)
    assert refusal.value.status == 422
