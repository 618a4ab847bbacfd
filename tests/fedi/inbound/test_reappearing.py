"""What somebody wrote who is suspended here does not come back, whoever brings it."""

import pytest

from activitypub.errors import ForbiddenError
from activitypub.vocab import PUBLIC
from fedi.models import Account, ActivityState, Post
from fedi.outbound import resolve
from fedi.services import suspending
from tests.fedi import looking
from tests.fedi.looking import find_post, verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def eve(server: Server) -> RemoteActor:
    """Somebody on a third server, whom alice followed."""
    return RemoteServer(server.network, host="third.test").person("eve")


@pytest.fixture(autouse=True)
async def follows(server: Server, alice: Account, bob: RemoteActor, eve: RemoteActor) -> None:
    """Alice follows Bob, who brings things, and Eve."""
    await looking.follow(server, alice, bob)
    await looking.follow(server, alice, eve)


async def suspend(server: Server, eve: RemoteActor) -> None:
    account = await looking.get_account(server, eve.iri)
    async with server.ctx.db.write() as tx:
        await suspending.suspend(server.ctx, tx, account=await tx.get_one(Account, account.id))


async def test_a_boost_does_not_bring_a_new_post(server: Server, bob: RemoteActor, eve: RemoteActor) -> None:
    await suspend(server, eve)
    note = eve.note()
    assert await verdict(server, bob, bob.does("Announce", note["id"], to=[PUBLIC])) == ActivityState.REFUSED
    assert await looking.count(server, Post) == 0


async def test_a_boost_does_not_bring_back_an_old_one(
    server: Server, bob: RemoteActor, eve: RemoteActor
) -> None:
    note = eve.note()
    assert await verdict(server, eve, eve.creates(note)) == ActivityState.DONE
    await suspend(server, eve)
    assert await verdict(server, bob, bob.does("Announce", note["id"], to=[PUBLIC])) == ActivityState.REFUSED
    assert await looking.count(server, Post) == 1


async def test_an_answer_does_not_bring_what_it_answers(
    server: Server, bob: RemoteActor, eve: RemoteActor
) -> None:
    await suspend(server, eve)
    note = eve.note()
    answer = bob.note(inReplyTo=note["id"])
    await resolve.note(server.ctx, answer["id"])
    assert await find_post(server, answer["id"]) is not None
    assert await find_post(server, note["id"]) is None


async def test_an_address_does_not_bring_it(server: Server, eve: RemoteActor) -> None:
    await suspend(server, eve)
    with pytest.raises(ForbiddenError, match="suspended here"):
        await resolve.url(server.ctx, eve.note()["id"])
    assert await looking.count(server, Post) == 0


async def test_an_edit_changes_nothing(server: Server, bob: RemoteActor, eve: RemoteActor) -> None:
    note = eve.note()
    assert await verdict(server, eve, eve.creates(note)) == ActivityState.DONE
    await suspend(server, eve)
    edit = note | {"content": "<p>back</p>", "updated": "2026-06-01T00:00:00Z"}
    answer = await eve.sends(server, eve.does("Update", edit))
    await server.work()
    assert answer.status_code in {202, 403}
    kept = await looking.get_post(server, note["id"])
    assert (kept.content, kept.edited_at) == ("<p>hello</p>", None)
