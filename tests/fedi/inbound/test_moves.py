"""Move as it comes from another server (FEP-7628)."""

from typing import Any

import pytest

from activitypub.activities import Move
from fedi.inbound.handlers import move
from fedi.inbound.received import Ignored, Received
from fedi.models import Account, ActivityState, Block, Follow, Mute
from fedi.outbound.fetch import Budget
from fedi.services import blocking, muting
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

WEEK_S = 7 * 24 * 3600


@pytest.fixture
def other(server: Server) -> RemoteServer:
    """The server to which Bob moves."""
    return RemoteServer(server.network, host="other.test")


@pytest.fixture
def bobby(other: RemoteServer, bob: RemoteActor) -> RemoteActor:
    """Bob's new account, which names the old one."""
    return other.person("bobby", alsoKnownAs=[bob.iri])


def moves(bob: RemoteActor, to: str, **changes: Any) -> dict[str, Any]:
    return bob.does("Move", bob.iri, target=to, **changes)


async def followed(server: Server) -> dict[str, set[str]]:
    """Return whom each person here follows, or asks to."""
    found: dict[str, set[str]] = {}
    async with server.ctx.db.read() as tx:
        for row in (await tx.execute(Follow.__table__.select())).all():
            who, whom = await tx.get_one(Account, row.account_id), await tx.get_one(Account, row.target_id)
            found.setdefault(who.username, set()).add(whom.username)
    return found


async def test_followers_here_follow_the_new_account_as_they_did_the_old(
    server: Server, bob: RemoteActor, bobby: RemoteActor, alice: Account
) -> None:
    relation = await looking.follow(server, alice, bob)
    async with server.ctx.db.write() as tx:
        held = await tx.get_one(Follow, relation.id)
        held.show_reblogs, held.notify = False, True
    await server.work()
    bob.home.received.clear()
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.DONE

    assert await followed(server) == {"alice": {"bobby"}}
    async with server.ctx.db.read() as tx:
        carried = (await tx.execute(Follow.__table__.select())).one()
    assert (carried.show_reblogs, carried.notify) == (False, True)
    assert [body["type"] for body in bob.home.bodies] == ["Undo"]
    (follow,) = bobby.home.bodies
    assert (follow["type"], follow["actor"], follow["object"]) == ("Follow", alice.iri, bobby.iri)
    old = await looking.get_account(server, bob.iri)
    assert old.moved_to == bobby.iri
    shown = (await server.client.get(f"/api/v1/accounts/{old.id}")).json()
    assert shown["moved"]["acct"] == "bobby@other.test"
    assert shown["moved"]["moved"] is None


async def test_many_followers_are_carried_over_in_steps(
    server: Server, bob: RemoteActor, bobby: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedi.services.moving.AT_ONCE", 2)
    people = [await server.person(f"person{number}") for number in range(5)]
    for person in people:
        await looking.follow(server, person, bob)
    await verdict(server, bob, moves(bob, bobby.iri))
    assert await followed(server) == {person.username: {"bobby"} for person in people}


@pytest.mark.parametrize(
    "aliases", [[], ["https://remote.test/users/bobbins"], ["https://remote.test/users/BOB"]]
)
async def test_a_move_to_an_account_that_does_not_say_so_is_refused(
    server: Server, bob: RemoteActor, other: RemoteServer, alice: Account, aliases: list[str]
) -> None:
    await looking.follow(server, alice, bob)
    stranger = other.person("stranger", alsoKnownAs=aliases)
    assert await verdict(server, bob, moves(bob, stranger.iri)) == ActivityState.REFUSED
    assert await followed(server) == {"alice": {"bob"}}
    assert (await looking.get_account(server, bob.iri)).moved_to is None


async def test_the_new_account_is_asked_now_whatever_was_known_of_it(
    server: Server, bob: RemoteActor, other: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    other.person("bobby", alsoKnownAs=[bob.iri])
    changed = other.person("bobby")
    await looking.meet(server, changed)
    renamed = other.person("bobby", alsoKnownAs=[bob.iri])
    assert await verdict(server, bob, moves(bob, renamed.iri)) == ActivityState.DONE
    assert await followed(server) == {"alice": {"bobby"}}


async def test_an_alias_that_was_taken_back_counts_no_more(
    server: Server, bob: RemoteActor, bobby: RemoteActor, other: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await looking.meet(server, bobby)
    other.person("bobby")
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.REFUSED
    assert await followed(server) == {"alice": {"bob"}}


async def test_nobody_moves_somebody_else(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    thief = remote.person("thief", alsoKnownAs=[bob.iri])
    await looking.meet(server, thief)
    stolen = thief.does("Move", bob.iri, target=thief.iri)
    assert await verdict(server, thief, stolen) == ActivityState.REFUSED
    assert await followed(server) == {"alice": {"bob"}}


async def test_a_move_is_of_whoever_says_so(
    server: Server, bob: RemoteActor, remote: RemoteServer, other: RemoteServer, alice: Account
) -> None:
    thief = remote.person("thief")
    await looking.follow(server, alice, thief)
    accomplice = other.person("accomplice", alsoKnownAs=[thief.iri, bob.iri])
    confused = thief.does("Move", bob.iri, target=accomplice.iri)
    assert await verdict(server, thief, confused) == ActivityState.REFUSED
    assert await followed(server) == {"alice": {"thief"}}


async def test_a_second_move_within_a_week_is_left_aside(
    server: Server, bob: RemoteActor, bobby: RemoteActor, other: RemoteServer, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    third = other.person("third", alsoKnownAs=[bob.iri])
    await verdict(server, bob, moves(bob, bobby.iri))
    server.clock.advance(WEEK_S - 60)
    asked = list(other.asked)
    assert await verdict(server, bob, moves(bob, third.iri)) == ActivityState.IGNORED
    assert other.asked == asked, "it is left before anything is fetched"
    assert (await looking.get_account(server, bob.iri)).moved_to == bobby.iri
    server.clock.advance(120)
    assert await verdict(server, bob, moves(bob, third.iri)) == ActivityState.DONE


async def test_two_moves_that_are_read_at_once_count_once(
    server: Server, bob: RemoteActor, bobby: RemoteActor, other: RemoteServer
) -> None:
    await looking.meet(server, bob)
    third = other.person("third", alsoKnownAs=[bob.iri])
    first, second = [
        await move.handle(server.ctx, Received(activity=Move.from_json(moves(bob, to.iri)), budget=Budget()))
        for to in (bobby, third)
    ]
    async with server.ctx.db.write() as tx:
        await first(tx)
    async with server.ctx.db.write() as tx:
        with pytest.raises(Ignored):
            await second(tx)
    assert (await looking.get_account(server, bob.iri)).moved_to == bobby.iri


async def test_a_move_of_nobody_known_fetches_nothing(
    server: Server, bob: RemoteActor, bobby: RemoteActor
) -> None:
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.IGNORED
    assert bobby.home.asked == []


@pytest.mark.parametrize("changes", [{"movedTo": "https://third.test/users/x"}, {"type": "Application"}])
async def test_nobody_moves_to_an_account_that_is_nobodys_home(
    server: Server, bob: RemoteActor, other: RemoteServer, alice: Account, changes: dict[str, Any]
) -> None:
    await looking.follow(server, alice, bob)
    stop = other.person("stop", alsoKnownAs=[bob.iri], **changes)
    assert await verdict(server, bob, moves(bob, stop.iri)) == ActivityState.IGNORED
    assert await followed(server) == {"alice": {"bob"}}


async def test_nobody_moves_to_where_they_are(server: Server, remote: RemoteServer, alice: Account) -> None:
    loop = remote.person("loop", alsoKnownAs=["https://remote.test/users/loop"])
    await looking.follow(server, alice, loop)
    assert await verdict(server, loop, moves(loop, loop.iri)) == ActivityState.IGNORED
    assert await followed(server) == {"alice": {"loop"}}


async def test_who_blocks_the_new_account_does_not_follow_it(
    server: Server, bob: RemoteActor, bobby: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await looking.meet(server, bobby)
    new = await looking.get_account(server, bobby.iri)
    async with server.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, alice.id), await tx.get_one(Account, new.id)
        await blocking.block(server.ctx, tx, account=me, target=them)
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.DONE
    assert await followed(server) == {}


async def test_a_block_and_a_mute_go_with_the_account(
    server: Server, bob: RemoteActor, bobby: RemoteActor, alice: Account
) -> None:
    carol = await server.person("carol")
    await looking.meet(server, bob)
    old = await looking.get_account(server, bob.iri)
    async with server.ctx.db.write() as tx:
        them = await tx.get_one(Account, old.id)
        me, she = await tx.get_one(Account, alice.id), await tx.get_one(Account, carol.id)
        await blocking.block(server.ctx, tx, account=me, target=them)
        await muting.mute(server.ctx, tx, account=she, target=them, notifications=False, duration_s=WEEK_S)
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.DONE
    new = await looking.get_account(server, bobby.iri)
    assert await looking.count(server, Block, Block.account_id == alice.id, Block.target_id == new.id) == 1
    async with server.ctx.db.read() as tx:
        carried = await muting.find(tx, account=carol, target=new)
    assert carried is not None
    assert not carried.notifications
    assert carried.expires_at is not None
    assert await looking.count(server, Mute) == 2


async def test_somebody_known_is_not_blocked_for_what_they_were(
    server: Server, bob: RemoteActor, bobby: RemoteActor, alice: Account
) -> None:
    await looking.meet(server, bob)
    old = await looking.get_account(server, bob.iri)
    async with server.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, alice.id), await tx.get_one(Account, old.id)
        await blocking.block(server.ctx, tx, account=me, target=them)
    await looking.follow(server, alice, bobby)
    assert await verdict(server, bob, moves(bob, bobby.iri)) == ActivityState.DONE
    assert await looking.count(server, Block) == 1
    assert await followed(server) == {"alice": {"bobby"}}


async def test_somebody_may_move_here(server: Server, bob: RemoteActor, alice: Account) -> None:
    carol = await server.person("carol")
    await looking.follow(server, carol, bob)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).also_known_as = [bob.iri]
    assert await verdict(server, bob, moves(bob, alice.iri)) == ActivityState.DONE
    assert await followed(server) == {"carol": {"alice"}}
    assert await looking.told(server, alice) == ["follow"]
