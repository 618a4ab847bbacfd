"""Local people are told once of what others did."""

import pytest

from fedi.models import Account
from fedi.services.notifying import notify, retract
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def tell(server: Server, whom: Account, by: Account, kind: str = "follow") -> None:
    async with server.ctx.db.write() as tx:
        await notify(server.ctx, tx, account_id=whom.id, from_account_id=by.id, kind=kind)


async def test_a_cause_tells_once(either_server: Server) -> None:
    server = either_server
    alice, carol = await server.person("alice"), await server.person("carol")
    for _ in range(3):
        await tell(server, alice, carol)
    assert await looking.told(server, alice) == ["follow"]
    assert await looking.told(server, carol) == []


async def test_nobody_is_told_of_their_own_doing(server: Server, alice: Account) -> None:
    await tell(server, alice, alice)
    assert await looking.told(server, alice) == []


async def test_people_elsewhere_are_told_by_their_servers(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    there = await looking.get_account(server, bob.iri)
    await tell(server, there, alice)
    assert await looking.told(server, there) == []


async def test_what_was_taken_back_is_no_longer_told_and_may_be_told_again(
    server: Server, alice: Account
) -> None:
    carol = await server.person("carol")
    await tell(server, alice, carol)
    async with server.ctx.db.write() as tx:
        await retract(tx, account_id=alice.id, from_account_id=carol.id, kind="favourite")
    assert await looking.told(server, alice) == ["follow"]
    async with server.ctx.db.write() as tx:
        await retract(tx, account_id=alice.id, from_account_id=carol.id, kind="follow")
    assert await looking.told(server, alice) == []
    await tell(server, alice, carol)
    assert await looking.told(server, alice) == ["follow"]
