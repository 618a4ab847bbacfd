"""People whom their own server suspended: not shown here for as long as it says so."""

import pytest

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import Account, ActivityState, Follow
from fedi.queries.visibility import can_see
from fedi.services import suspending
from tests.fedi import looking, rules
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def tells(server: Server, bob: RemoteActor, *, suspended: bool) -> None:
    """Have bob's server say of him that he is suspended, or no longer."""
    bob.doc["suspended"] = suspended
    bob.home.serve(bob.iri, bob.doc)
    assert await verdict(server, bob, bob.does("Update", bob.doc, to=[PUBLIC])) == ActivityState.DONE


async def account_of(server: Server, bob: RemoteActor) -> Account:
    return await looking.get_account(server, bob.iri)


async def test_they_are_hidden_and_heard_no_more_until_their_server_says_otherwise(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note()
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    post = await looking.get_post(server, note["id"])

    await tells(server, bob, suspended=True)
    account = await account_of(server, bob)
    assert account.suspended_by_origin
    async with server.ctx.db.read() as tx:
        assert not await can_see(tx, alice.id, post)
        assert not await can_see(tx, None, post)
    assert await verdict(server, bob, bob.creates(bob.note("2"))) == ActivityState.IGNORED
    assert (
        await verdict(server, bob, bob.does("Update", bob.note("1", content="new"))) == ActivityState.IGNORED
    )

    await tells(server, bob, suspended=False)
    account = await account_of(server, bob)
    assert (account.suspended_at, account.suspended_by_origin) == (None, False)
    async with server.ctx.db.read() as tx:
        assert await can_see(tx, alice.id, post)
    assert await looking.count(server, Follow) == 1
    assert await verdict(server, bob, bob.creates(bob.note("3"))) == ActivityState.DONE


async def test_a_suspension_made_here_is_not_theirs_to_end(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await tells(server, bob, suspended=True)
    account = await account_of(server, bob)
    with pytest.raises(Refused):
        async with server.ctx.db.write() as tx:
            await suspending.unsuspend(server.ctx, tx, account=await tx.get_one(Account, account.id))
    async with server.ctx.db.write() as tx:
        await suspending.suspend(server.ctx, tx, account=await tx.get_one(Account, account.id))
    bob.doc["suspended"] = False
    assert await verdict(server, bob, bob.does("Update", bob.doc, to=[PUBLIC])) == ActivityState.IGNORED
    account = await account_of(server, bob)
    assert account.suspended_at is not None
    assert not account.suspended_by_origin
    assert await looking.count(server, Follow) == 0


async def test_a_rule_about_their_server_takes_over(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.follow(server, alice, bob)
    await tells(server, bob, suspended=True)
    await rules.suspend(server, "remote.test")
    account = await account_of(server, bob)
    assert (account.suspended_by_rule, account.suspended_by_origin) == (True, False)
    await rules.remove(server, "remote.test")
    assert (await account_of(server, bob)).suspended_at is None
