"""Accounts of ours that move away, and their aliases; on both databases."""

from typing import Any

import pytest

from fedi.errors import Refused
from fedi.models import Account, Job
from fedi.queries import lists, relations
from fedi.services import curating, following, interacting, moving, noting
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

MONTH_S = 30 * 24 * 3600


@pytest.fixture
def server(either_server: Server) -> Server:
    """Each of the two databases in turn."""
    return either_server


@pytest.fixture
def town(server: Server) -> Town:
    return Town(server)


@pytest.fixture
async def alice(town: Town) -> Account:
    """Somebody here, who moves."""
    return await town.one("alice")


@pytest.fixture
def alias(remote: RemoteServer, alice: Account) -> RemoteActor:
    """Her new account elsewhere, which names the old one."""
    return remote.person("alicia", alsoKnownAs=[alice.iri])


async def set_aliases(server: Server, account: Account, *iris: str) -> None:
    async with server.ctx.db.write() as tx:
        await moving.set_aliases(server.ctx, tx, account=await tx.get_one(Account, account.id), iris=iris)


async def test_a_move_is_told_to_followers_with_the_changed_profile_before_it(
    server: Server, town: Town, alice: Account, alias: RemoteActor, bob: RemoteActor
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    bob.home.received.clear()
    moved_to = await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    assert moved_to.iri == alias.iri
    await server.work()
    update, move = bob.home.bodies
    assert (update["type"], update["object"]["movedTo"]) == ("Update", alias.iri)
    assert move["type"] == "Move"
    assert (move["actor"], move["object"], move["target"]) == (alice.iri, alice.iri, alias.iri)
    assert move["to"] == [f"{alice.iri}/followers"]
    document = (
        await server.client.get("/users/alice", headers={"accept": "application/activity+json"})
    ).json()
    assert document["movedTo"] == alias.iri
    found = await server.client.get("/.well-known/webfinger?resource=acct:alice@fedi.test")
    assert found.status_code == 200
    assert any(link.get("href") == alice.iri for link in found.json()["links"])


async def test_followers_here_go_along(
    server: Server, town: Town, alice: Account, alias: RemoteActor
) -> None:
    await town.follows("carol", "alice")
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    await server.work()
    carol, new = await town.one("carol"), await looking.get_account(server, alias.iri)
    async with server.ctx.db.read() as tx:
        assert await following.find(tx, follower=carol, target=alice) is None
        assert await following.find(tx, follower=carol, target=new) is not None
    assert [body["type"] for body in alias.home.bodies] == ["Follow"]


async def test_lists_and_notes_go_along(
    server: Server, town: Town, alice: Account, alias: RemoteActor
) -> None:
    await town.follows("carol", "alice")
    carol, ctx = await town.one("carol"), server.ctx
    async with ctx.db.write() as tx:
        friends = await curating.create(ctx, tx, owner=carol, title="Friends")
        await curating.add(ctx, tx, found=friends, account_ids=[alice.id])
        await noting.note(ctx, tx, account=carol, target=alice, comment="met in Rome")
    await moving.move(ctx, account_id=alice.id, target_iri=alias.iri)
    await server.work()
    new = await looking.get_account(server, alias.iri)
    async with ctx.db.read() as tx:
        assert [one.id for one in await lists.everyone_on(tx, friends.id)] == [new.id]
        assert (await relations.between(tx, carol.id, [new.id]))[new.id].note == "met in Rome"


async def test_nobody_elsewhere_is_made_to_follow(
    server: Server, alice: Account, alias: RemoteActor, bob: RemoteActor
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    await server.work()
    them, new = await looking.get_account(server, bob.iri), await looking.get_account(server, alias.iri)
    async with server.ctx.db.read() as tx:
        assert await following.find(tx, follower=them, target=alice) is not None
        assert await following.find(tx, follower=them, target=new) is None
    assert await looking.count(server, Job, Job.kind == "carry") == 0


@pytest.mark.parametrize("ended", ["suspended", "came back"])
async def test_a_move_that_ended_meanwhile_carries_nobody_over(
    server: Server, town: Town, alice: Account, alias: RemoteActor, ended: str
) -> None:
    await town.follows("carol", "alice")
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    carol, new = await town.one("carol"), await looking.get_account(server, alias.iri)
    async with server.ctx.db.write() as tx:
        if ended == "suspended":
            (await tx.get_one(Account, new.id)).suspended_at = server.clock()
        else:
            await moving.come_back(server.ctx, tx, account=await tx.get_one(Account, alice.id))
    await server.work()
    async with server.ctx.db.read() as tx:
        assert await following.find(tx, follower=carol, target=alice) is not None
        assert await following.find(tx, follower=carol, target=new) is None


async def test_one_may_move_to_another_account_here(server: Server, town: Town, alice: Account) -> None:
    anna = await town.one("anna")
    await town.follows("carol", "alice")
    await set_aliases(server, anna, alice.iri)
    await moving.move(server.ctx, account_id=alice.id, target_iri=anna.iri)
    await server.work()
    async with server.ctx.db.read() as tx:
        assert await following.find(tx, follower=await town.one("carol"), target=anna) is not None


async def move_refused(server: Server, account: Account, target: str, told: str) -> None:
    with pytest.raises(Refused, match=told) as refusal:
        await moving.move(server.ctx, account_id=account.id, target_iri=target)
    assert refusal.value.status == 422


async def test_the_new_account_must_name_the_old_one_now(
    server: Server, alice: Account, alias: RemoteActor, remote: RemoteServer
) -> None:
    await looking.meet(server, alias)
    remote.person("alicia")
    await move_refused(server, alice, alias.iri, "as an alias first")
    assert (await looking.get_account(server, alice.iri)).moved_to is None


@pytest.mark.parametrize(
    "changes", [{"movedTo": "https://third.test/users/x"}, {"type": "Application"}], ids=["moved", "a server"]
)
async def test_nobody_moves_to_what_is_no_home(
    server: Server, alice: Account, remote: RemoteServer, changes: dict[str, Any]
) -> None:
    stop = remote.person("stop", alsoKnownAs=[alice.iri], **changes)
    await move_refused(server, alice, stop.iri, "Nobody can move to")


@pytest.mark.parametrize("column", ["suspended_at", "deleted_at"])
async def test_nobody_moves_to_somebody_who_is_suspended_or_gone(
    server: Server, alice: Account, alias: RemoteActor, column: str
) -> None:
    await looking.meet(server, alias)
    known = await looking.get_account(server, alias.iri)
    async with server.ctx.db.write() as tx:
        setattr(await tx.get_one(Account, known.id), column, server.clock())
    await move_refused(server, alice, alias.iri, "Nobody can move to")


async def test_nobody_moves_to_themselves(server: Server, alice: Account) -> None:
    await move_refused(server, alice, alice.iri, "Nobody can move to")


async def test_a_second_move_waits_for_a_month_even_after_coming_back(
    server: Server, alice: Account, alias: RemoteActor
) -> None:
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    await move_refused(server, alice, alias.iri, "moved already")
    async with server.ctx.db.write() as tx:
        await moving.come_back(server.ctx, tx, account=await tx.get_one(Account, alice.id))
    await move_refused(server, alice, alias.iri, "less than 30 days")
    server.clock.advance(MONTH_S + 1)
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)


async def test_who_moved_posts_and_boosts_nothing_until_they_come_back(
    server: Server, town: Town, alice: Account, alias: RemoteActor
) -> None:
    theirs = await town.posts("carol")
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    with pytest.raises(Refused, match="has moved") as refusal:
        await town.posts("alice")
    assert refusal.value.status == 403

    async def boosts() -> None:
        async with server.ctx.db.write() as tx:
            me = await tx.get_one(Account, alice.id)
            await interacting.boost(server.ctx, tx, account=me, post=await town.post(theirs.id))

    with pytest.raises(Refused, match="has moved"):
        await boosts()
    async with server.ctx.db.write() as tx:
        await moving.come_back(server.ctx, tx, account=await tx.get_one(Account, alice.id))
    await boosts()
    await town.posts("alice")


async def test_nobody_begins_to_follow_who_moved(
    server: Server, town: Town, alice: Account, alias: RemoteActor, bob: RemoteActor
) -> None:
    carol = await town.one("carol")
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    target = await looking.get_account(server, alice.iri)
    async with server.ctx.db.write() as tx:
        with pytest.raises(Refused) as refusal:
            await following.follow(server.ctx, tx, follower=carol, target=target)
    assert refusal.value.status == 403
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    assert [body["type"] for body in bob.home.bodies] == ["Reject"]


async def test_a_follower_who_asks_again_is_answered_after_the_move(
    server: Server, alice: Account, alias: RemoteActor, bob: RemoteActor
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    await moving.move(server.ctx, account_id=alice.id, target_iri=alias.iri)
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    assert [body["type"] for body in bob.home.bodies if body["type"] in {"Accept", "Reject"}] == [
        "Accept"
    ] * 2


async def test_aliases_are_published_and_told_to_followers(
    server: Server, town: Town, alice: Account, bob: RemoteActor
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    await set_aliases(server, alice, bob.iri, bob.iri)
    await server.work()
    assert bob.home.bodies[-1]["object"]["alsoKnownAs"] == [bob.iri]
    document = (
        await server.client.get("/users/alice", headers={"accept": "application/activity+json"})
    ).json()
    assert document["alsoKnownAs"] == [bob.iri]


async def test_aliases_have_bounds(server: Server, alice: Account) -> None:
    with pytest.raises(Refused, match="no alias of itself"):
        await set_aliases(server, alice, alice.iri)
    with pytest.raises(Refused, match="20 aliases"):
        await set_aliases(server, alice, *(f"https://far.test/users/{number}" for number in range(21)))
