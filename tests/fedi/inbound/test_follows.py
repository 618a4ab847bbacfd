"""Follow, Accept, Reject and their Undo, as they come from another server."""

import pytest
from sqlalchemy import update

from activitypub.vocab import PUBLIC
from fedi.models import Account, ActivityState, Follow, FollowState, Tombstone
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def relation(server: Server) -> Follow | None:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(Follow.__table__.select())
        row = rows.first()
        return await tx.get(Follow, row.id) if row else None


# --- Follow ---------------------------------------------------------------------------------------------------


async def test_a_follow_is_accepted_with_its_own_id_inside(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    follow = bob.does("Follow", alice.iri)
    assert await verdict(server, bob, follow) == ActivityState.DONE
    (accept,) = bob.home.bodies
    assert accept["type"] == "Accept"
    assert accept["actor"] == alice.iri
    assert accept["object"] == {key: follow[key] for key in ("id", "type", "actor", "object")}
    assert str(bob.home.received[0].url) == f"{bob.iri}/inbox"
    assert (await looking.get_account(server, alice.iri)).followers_count == 1
    assert (await looking.get_account(server, bob.iri)).following_count == 1
    assert await looking.told(server, alice) == ["follow"]


async def test_a_person_who_approves_by_hand_is_asked(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == alice.id).values(locked=True))
    assert await verdict(server, bob, bob.does("Follow", alice.iri)) == ActivityState.DONE
    found = await relation(server)
    assert found is not None
    assert found.state == FollowState.PENDING
    assert bob.home.received == []
    assert await looking.told(server, alice) == ["follow_request"]
    assert (await looking.get_account(server, alice.iri)).followers_count == 0


async def test_a_repeated_follow_is_answered_again_and_counts_once(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    first, second = bob.does("Follow", alice.iri), bob.does("Follow", alice.iri)
    await verdict(server, bob, first)
    await verdict(server, bob, second)
    assert [body["object"]["id"] for body in bob.home.bodies] == [first["id"], second["id"]]
    assert (await looking.get_account(server, alice.iri)).followers_count == 1
    assert await looking.told(server, alice) == ["follow"]


@pytest.mark.parametrize("target", ["https://fedi.test/users/nobody", "https://other.test/users/x"])
async def test_only_people_here_can_be_followed(server: Server, bob: RemoteActor, target: str) -> None:
    assert await verdict(server, bob, bob.does("Follow", target)) == ActivityState.IGNORED
    assert await relation(server) is None
    assert bob.home.received == []


async def test_people_elsewhere_are_not_followed_here(
    server: Server, bob: RemoteActor, remote: RemoteServer
) -> None:
    carol = remote.person("carol")
    await looking.meet(server, carol)
    assert await verdict(server, bob, bob.does("Follow", carol.iri)) == ActivityState.IGNORED
    assert await relation(server) is None


async def test_a_follower_whose_handle_leads_elsewhere_is_refused(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    eve = remote.person("eve", found=False)
    remote.handle("eve", "https://remote.test/users/somebody-else")
    assert await verdict(server, eve, eve.does("Follow", alice.iri)) == ActivityState.REFUSED
    assert await looking.find_account(server, eve.iri) is None


async def test_a_follower_without_webfinger_is_refused(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    eve = remote.person("eve", found=False)
    assert await verdict(server, eve, eve.does("Follow", alice.iri)) == ActivityState.REFUSED


# --- Undo(Follow) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "embedded", "embedded under a new id"])
async def test_a_follow_can_be_taken_back(
    server: Server, bob: RemoteActor, alice: Account, form: str
) -> None:
    follow = bob.does("Follow", alice.iri)
    await verdict(server, bob, follow)
    inner = {
        "id": follow["id"],
        "embedded": follow,
        "embedded under a new id": follow | {"id": f"{bob.iri}/new"},
    }
    assert await verdict(server, bob, bob.does("Undo", inner[form])) == ActivityState.DONE
    assert await relation(server) is None
    assert (await looking.get_account(server, alice.iri)).followers_count == 0
    assert await looking.told(server, alice) == []


@pytest.mark.parametrize("form", ["id", "embedded", "claimed"])
@pytest.mark.parametrize("where", ["the same server", "another server"])
async def test_a_third_party_cannot_take_a_follow_back(
    *, server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account, form: str, where: str
) -> None:
    follow = bob.does("Follow", alice.iri)
    await verdict(server, bob, follow)
    there = remote if where == "the same server" else RemoteServer(server.network, host="evil.test")
    mallory = there.person("mallory")
    await looking.meet(server, mallory)
    inner = {"id": follow["id"], "embedded": follow, "claimed": follow | {"actor": mallory.iri}}
    ended = await verdict(server, mallory, mallory.does("Undo", inner[form]))
    assert (ended == ActivityState.REFUSED) == (form == "embedded")
    assert await relation(server) is not None
    assert (await looking.get_account(server, alice.iri)).followers_count == 1


@pytest.mark.parametrize("kind", ["Undo", "Accept"])
async def test_what_people_elsewhere_have_with_one_another_is_not_decided_here(
    server: Server, bob: RemoteActor, remote: RemoteServer, kind: str
) -> None:
    carol = remote.person("carol")
    await looking.meet(server, bob, carol)
    who, whom = (bob, carol) if kind == "Undo" else (carol, bob)
    follow = who.does("Follow", whom.iri)
    async with server.ctx.db.write() as tx:
        there = [await looking.get_account(server, one.iri) for one in (who, whom)]
        tx.add(
            Follow(
                id=server.ctx.ids.next(), account_id=there[0].id, target_id=there[1].id, iri=follow["id"],
                state=FollowState.PENDING, created_at=server.clock(),
            )
        )  # fmt: skip
    for inner in (follow, follow["id"]):
        await verdict(server, bob, bob.does(kind, inner))
    assert (await looking.first(server, Follow)).state == FollowState.PENDING


async def test_a_follow_that_was_taken_back_before_it_came_is_not_begun(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    follow = bob.does("Follow", alice.iri)
    await verdict(server, bob, bob.does("Undo", follow))
    assert await verdict(server, bob, follow) == ActivityState.IGNORED
    assert await relation(server) is None
    assert bob.home.received == []


async def test_another_server_cannot_forbid_a_follow_beforehand(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    follow = bob.does("Follow", alice.iri)
    mallory = RemoteServer(server.network, host="evil.test").person("mallory")
    await verdict(server, mallory, mallory.does("Undo", follow["id"]))
    assert await looking.count(server, Tombstone) == 0
    assert await verdict(server, bob, follow) == ActivityState.DONE


# --- Accept and Reject ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "embedded", "embedded without id"])
async def test_our_follow_begins_with_their_accept(
    server: Server, bob: RemoteActor, alice: Account, form: str
) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    await server.work()
    (ask,) = bob.home.bodies
    assert (ask["type"], ask["actor"], ask["object"]) == ("Follow", alice.iri, bob.iri)
    assert await verdict(server, bob, bob.creates(bob.note("before", to=[PUBLIC]))) == ActivityState.IGNORED

    anonymous = {key: ask[key] for key in ("type", "actor", "object")}
    inner = {"id": ask["id"], "embedded": ask, "embedded without id": anonymous}
    assert await verdict(server, bob, bob.does("Accept", inner[form])) == ActivityState.DONE
    found = await relation(server)
    assert found is not None
    assert found.state == FollowState.ACCEPTED
    assert (await looking.get_account(server, alice.iri)).following_count == 1


async def pending(server: Server, target: RemoteActor) -> bool:
    account = await looking.get_account(server, target.iri)
    waiting = (Follow.target_id == account.id, Follow.state == FollowState.PENDING)
    return await looking.count(server, Follow, *waiting) == 1


async def test_somebody_else_cannot_accept(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    await server.work()
    (ask,) = bob.home.bodies
    mallory = remote.person("mallory")
    for inner in (ask, ask["id"], ask | {"object": mallory.iri, "id": f"{mallory.iri}/x"}):
        assert await verdict(server, mallory, mallory.does("Accept", inner)) == ActivityState.IGNORED
        assert await pending(server, bob)
        await looking.meet(server, mallory)


async def test_an_accept_counts_for_the_one_who_was_asked(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    mallory = remote.person("mallory")
    for target in (bob, mallory):
        await looking.follow(server, alice, target, accepted=False)
    await server.work()
    asked = {body["object"]: body for body in bob.home.bodies}
    anonymous = {key: asked[bob.iri][key] for key in ("type", "actor", "object")}
    for inner in (asked[bob.iri], asked[bob.iri]["id"], anonymous):
        assert await verdict(server, mallory, mallory.does("Accept", inner)) == ActivityState.IGNORED
    assert await pending(server, bob)
    assert await pending(server, mallory)


async def test_an_accept_of_a_follow_that_was_never_sent_is_ignored(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    invented = {"id": f"{alice.iri}#follows/1", "type": "Follow", "actor": alice.iri, "object": bob.iri}
    await looking.follow(server, alice, bob.home.person("carol"))
    assert await verdict(server, bob, bob.does("Accept", invented)) == ActivityState.IGNORED
    assert await looking.count(server, Follow) == 1


async def test_a_reject_ends_the_wish(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    await server.work()
    (ask,) = bob.home.bodies
    assert await verdict(server, bob, bob.does("Reject", ask)) == ActivityState.DONE
    assert await relation(server) is None


async def test_a_reject_after_an_accept_ends_the_follow(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await server.work()
    await verdict(server, bob, bob.creates(bob.note()))
    assert len(await looking.home(server, alice)) == 1
    (ask,) = bob.home.bodies
    assert await verdict(server, bob, bob.does("Reject", ask)) == ActivityState.DONE
    assert (await looking.get_account(server, alice.iri)).following_count == 0
    assert await looking.home(server, alice) == []


async def test_an_accept_that_is_taken_back_leaves_a_wish(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await server.work()
    (ask,) = bob.home.bodies
    await verdict(server, bob, bob.creates(bob.note()))
    accept = bob.does("Accept", ask)
    assert await verdict(server, bob, bob.does("Undo", accept)) == ActivityState.DONE
    assert await pending(server, bob)
    assert await looking.home(server, alice) == []
    assert (await looking.get_account(server, alice.iri)).following_count == 0
    assert (await looking.get_account(server, bob.iri)).followers_count == 0

    assert await verdict(server, bob, bob.does("Undo", accept)) == ActivityState.DONE
    assert (await looking.get_account(server, alice.iri)).following_count == 0
    assert await verdict(server, bob, bob.does("Accept", ask)) == ActivityState.DONE
    assert (await looking.get_account(server, alice.iri)).following_count == 1


async def test_somebody_else_cannot_take_an_accept_back(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await server.work()
    (ask,) = bob.home.bodies
    mallory = remote.person("mallory")
    await looking.meet(server, mallory)
    own = mallory.does("Accept", ask)
    assert await verdict(server, mallory, mallory.does("Undo", own)) == ActivityState.IGNORED
    assert (
        await verdict(server, mallory, mallory.does("Undo", bob.does("Accept", ask))) == ActivityState.REFUSED
    )
    assert not await pending(server, bob)


async def test_somebody_else_cannot_reject(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await server.work()
    (ask,) = bob.home.bodies
    mallory = remote.person("mallory")
    await looking.meet(server, mallory)
    assert await verdict(server, mallory, mallory.does("Reject", ask)) == ActivityState.IGNORED
    assert await verdict(server, mallory, mallory.does("Reject", ask["id"])) == ActivityState.IGNORED
    assert await relation(server) is not None


# --- Who is declined ------------------------------------------------------------------------------------------


async def test_the_server_itself_declines_to_be_followed(server: Server, bob: RemoteActor) -> None:
    follow = bob.does("Follow", "https://fedi.test/actor")
    assert await verdict(server, bob, follow) == ActivityState.DONE
    (answer,) = bob.home.bodies
    assert (answer["type"], answer["actor"]) == ("Reject", "https://fedi.test/actor")
    assert answer["object"]["id"] == follow["id"]
    assert await relation(server) is None


async def test_who_moved_away_declines_to_be_followed(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        moved = {"moved_to": "https://elsewhere.test/users/alice"}
        await tx.execute(update(Account).where(Account.id == alice.id).values(**moved))
    assert await verdict(server, bob, bob.does("Follow", alice.iri)) == ActivityState.DONE
    assert [answer["type"] for answer in bob.home.bodies] == ["Reject"]
    assert await relation(server) is None


async def test_who_is_limited_waits_for_leave(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.meet(server, bob)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.iri == bob.iri).values(silenced_at=server.clock()))
    await verdict(server, bob, bob.does("Follow", alice.iri))
    found = await relation(server)
    assert found is not None
    assert found.state == FollowState.PENDING
    assert bob.home.received == []
