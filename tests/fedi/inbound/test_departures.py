"""Delete of an actor by itself: signed, or by somebody whose key went with them."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.objects.tombstone import Tombstone as WireTombstone
from fedi.models import Account, Activity, ActivityState, Follow, Job, Post, Tombstone
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def known(server: Server, bob: RemoteActor, alice: Account) -> RemoteActor:
    """Somebody elsewhere who follows alice and wrote a post that is here."""
    await looking.follow(server, alice, bob)
    await verdict(server, bob, bob.does("Follow", alice.iri))
    await verdict(server, bob, bob.creates(bob.note()))
    return bob


async def is_here(server: Server, bob: RemoteActor) -> bool:
    return await looking.find_account(server, bob.iri) is not None


async def says_goodbye(server: Server, bob: RemoteActor, **changes: Any) -> int:
    """Send a Delete whose key nobody can fetch any more, as long as we do not remember it."""
    server.ctx.memory.keys.forget(bob.key_id)
    async with server.ctx.db.write() as tx:
        account = (await tx.execute(select(Account).where(Account.iri == bob.iri))).scalar_one()
        account.public_keys = []
    body = json.dumps(bob.does("Delete", bob.iri, **changes)).encode()
    answer = await bob.posts(server, body)
    return answer.status_code


def vanish(bob: RemoteActor, how: str) -> None:
    """Let the server of somebody say that they are gone."""
    if how == "Tombstone":
        bob.home.serve(bob.iri, WireTombstone(id=bob.iri).to_json())
    else:
        bob.home.serve(bob.iri, {}, status=int(how))


async def test_a_signed_delete_of_oneself_takes_everything_along(
    server: Server, known: RemoteActor, alice: Account
) -> None:
    assert await verdict(server, known, known.does("Delete", known.iri)) == ActivityState.DONE
    assert not await is_here(server, known)
    assert await looking.count(server, Post) == 0
    assert await looking.count(server, Follow) == 0
    assert await looking.count(server, Tombstone, Tombstone.iri == known.iri) == 1
    here = await looking.get_account(server, alice.iri)
    assert (here.followers_count, here.following_count) == (0, 0)


@pytest.mark.parametrize("how", ["410", "Tombstone"])
async def test_who_took_their_key_along_is_asked_for_and_deleted(
    server: Server, known: RemoteActor, how: str
) -> None:
    vanish(known, how)
    assert await says_goodbye(server, known) == 202
    await server.work()
    assert not await is_here(server, known)
    assert await looking.count(server, Tombstone, Tombstone.iri == known.iri) == 1
    assert await looking.count(server, Job, Job.kind == "confirm_gone") == 0


async def test_who_is_not_known_there_by_the_time_they_are_asked_for_is_deleted(
    server: Server, known: RemoteActor
) -> None:
    vanish(known, "410")
    assert await says_goodbye(server, known) == 202
    vanish(known, "404")
    await server.work()
    assert not await is_here(server, known)


async def test_a_key_that_is_merely_not_found_deletes_nobody(server: Server, known: RemoteActor) -> None:
    vanish(known, "404")
    assert await says_goodbye(server, known) == 202
    await server.work()
    assert await is_here(server, known)


async def test_who_is_still_there_stays(server: Server, known: RemoteActor) -> None:
    evil = RemoteServer(server.network, host="evil.test")
    gone = f"{evil.origin}/key"
    evil.serve(gone, {}, status=410)
    body = json.dumps(known.does("Delete", known.iri)).encode()
    answer = await known.posts(server, body, key_id=gone)
    assert answer.status_code == 202
    await server.work()
    assert await is_here(server, known)
    assert await looking.count(server, Job, Job.kind == "confirm_gone") == 0


async def test_a_server_that_does_not_answer_is_asked_again(server: Server, known: RemoteActor) -> None:
    vanish(known, "410")
    assert await says_goodbye(server, known) == 202
    vanish(known, "503")
    await server.work()
    assert await is_here(server, known)
    vanish(known, "410")
    server.clock.advance(3600)
    await server.work()
    assert not await is_here(server, known)


async def test_a_post_is_not_deleted_by_whom_nobody_can_check(server: Server, known: RemoteActor) -> None:
    note = f"{known.iri}/notes/1"
    vanish(known, "410")
    server.ctx.memory.keys.forget(known.key_id)
    async with server.ctx.db.write() as tx:
        account = (await tx.execute(select(Account).where(Account.iri == known.iri))).scalar_one()
        account.public_keys = []
    answer = await known.posts(server, json.dumps(known.does("Delete", note)).encode())
    assert answer.status_code == 202
    assert await looking.count(server, Job, Job.kind == "confirm_gone") == 0
    await server.work()
    assert await looking.find_post(server, note) is not None


async def test_the_same_actor_is_asked_for_once_in_a_while(server: Server, known: RemoteActor) -> None:
    vanish(known, "410")
    for _ in range(3):
        assert await says_goodbye(server, known) == 202
    assert await looking.count(server, Job, Job.kind == "confirm_gone") == 1
    vanish(known, "403")
    await server.work()
    asked = known.home.asked.count(known.iri)
    assert await says_goodbye(server, known) == 202
    await server.work()
    assert known.home.asked.count(known.iri) == asked


async def test_a_stranger_causes_no_work_at_all(server: Server, bob: RemoteActor) -> None:
    vanish(bob, "410")
    answer = await bob.sends(server, bob.does("Delete", bob.iri))
    assert answer.status_code == 202
    assert await looking.count(server, Activity) == 0
    assert await looking.count(server, Job, Job.kind == "confirm_gone") == 0
    assert bob.home.asked == []


async def test_one_of_ours_is_not_deleted_from_elsewhere(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.meet(server, bob)
    for sent in (bob.does("Delete", alice.iri), bob.does("Delete", alice.iri, actor=alice.iri)):
        await bob.sends(server, sent)
        await server.work()
    assert (await looking.get_account(server, alice.iri)).deleted_at is None


async def test_a_neighbour_deletes_nobody(server: Server, known: RemoteActor) -> None:
    carol = known.home.person("carol")
    await looking.meet(server, carol)
    assert await verdict(server, carol, carol.does("Delete", known.iri)) == ActivityState.REFUSED
    assert await is_here(server, known)
