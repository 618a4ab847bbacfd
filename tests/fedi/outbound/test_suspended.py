"""What is asked of suspended servers, and sent to them: nothing, on whatever way."""

import httpx
import pytest
from sqlalchemy import select

from activitypub import keys
from activitypub.activities import Follow as Activity
from activitypub.errors import ForbiddenError
from activitypub.objects.actor import Actor
from activitypub.signatures.proof import add_proof
from fedi.jobs import queue
from fedi.models import Account, Job
from fedi.outbound import fetch, resolve
from fedi.outbound import remote as remote_rows
from fedi.outbound.fetch import Budget
from fedi.outbound.outbox import Audience, record
from fedi.worker import run_one
from tests.conftest import MakeServer
from tests.fedi import looking, rules
from tests.fedi.remote import AS, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def evil(server: Server) -> RemoteServer:
    """A server that will be suspended."""
    return RemoteServer(server.network, "evil.test")


async def test_its_documents_are_not_fetched(server: Server, evil: RemoteServer) -> None:
    eve = evil.person("eve")
    await rules.suspend(server, "evil.test")
    budget = Budget()
    with pytest.raises(ForbiddenError):
        await fetch.document(server.ctx, eve.iri, budget=budget)
    assert evil.asked == []
    assert budget.left == fetch.FETCHES_MAX


async def test_a_redirect_to_it_is_not_followed(
    server: Server, remote: RemoteServer, evil: RemoteServer
) -> None:
    eve = evil.person("eve")
    away = httpx.Response(302, headers={"location": eve.iri})
    remote.documents["https://remote.test/moved"] = away
    await rules.suspend(server, "evil.test")
    # Not unreachable: that would be tried again for days.
    with pytest.raises(ForbiddenError):
        await fetch.document(server.ctx, "https://remote.test/moved")
    assert remote.asked == ["https://remote.test/moved"]
    assert evil.asked == []


async def test_its_people_are_not_written_down_whoever_vouches_for_them(
    server: Server, evil: RemoteServer, bob: RemoteActor
) -> None:
    await rules.suspend(server, "evil.test")
    for found, domain in (
        (evil.person("eve"), "evil.test"),
        (bob, "evil.test"),
        (evil.person("eva"), "remote.test"),
    ):
        with pytest.raises(ForbiddenError):
            async with server.ctx.db.write() as tx:
                await remote_rows.save_actor(server.ctx, tx, Actor.from_json(found.doc), domain=domain)


async def test_its_keys_are_not_fetched(server: Server, evil: RemoteServer) -> None:
    eve = evil.person("eve")
    await rules.suspend(server, "evil.test")
    with pytest.raises(ForbiddenError):
        await resolve.key(server.ctx, eve.key_id)
    assert evil.asked == []


async def test_nobody_there_is_looked_up(server: Server, evil: RemoteServer) -> None:
    evil.person("eve")
    await rules.suspend(server, "evil.test")
    budget = Budget()
    with pytest.raises(ForbiddenError):
        await resolve.handle(server.ctx, "eve@evil.test", budget=budget)
    assert evil.asked == []
    assert budget.left == fetch.FETCHES_MAX


async def test_a_handle_that_leads_there_is_not_followed(
    server: Server, remote: RemoteServer, evil: RemoteServer
) -> None:
    eve = evil.person("eve")
    remote.handle("eve", eve.iri)
    await rules.suspend(server, "evil.test")
    with pytest.raises(ForbiddenError):
        await resolve.handle(server.ctx, "eve@remote.test")
    assert evil.asked == []


async def test_an_actor_elsewhere_with_a_handle_there_is_not_kept(
    server: Server, remote: RemoteServer, evil: RemoteServer
) -> None:
    bob = remote.person("bob", webfinger="bob@evil.test")
    evil.handle("bob", bob.iri)
    await rules.suspend(server, "evil.test")
    with pytest.raises(ForbiddenError):
        await resolve.actor(server.ctx, bob.iri)
    assert await looking.find_account(server, bob.iri) is None


async def test_a_proof_with_a_key_there_is_not_looked_at(
    server: Server, bob: RemoteActor, alice: Account, evil: RemoteServer
) -> None:
    eve = evil.person("eve")
    await looking.follow(server, alice, bob)
    await rules.suspend(server, "evil.test")
    note = bob.note()
    proven = add_proof(
        bob.creates(note) | {"@context": [AS]},
        key=keys.generate_ed25519(),
        verification_method=f"{eve.iri}#ed25519-key",
        created=server.clock(),
    )
    passing_on = RemoteServer(server.network, "third.test").person("fay")
    assert (await passing_on.sends(server, proven)).status_code == 202
    await server.work()
    assert evil.asked == []


# --- sending --------------------------------------------------------------------------------------------------


async def say(server: Server, alice: Account, audience: Audience) -> None:
    async with server.ctx.db.write() as tx:
        sender = await tx.get_one(Account, alice.id)
        iri = f"{alice.iri}#acts/{server.ctx.ids.next()}"
        said = Activity(id=iri, actor=alice.iri, object_id="https://remote.test/users/bob")
        await record(server.ctx, tx, sender=sender, activity=said, audience=audience, order_on="it")


async def deliveries(server: Server) -> list[str | None]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Job.host).where(Job.kind == "deliver"))).scalars())


@pytest.mark.parametrize("inbox", ["https://evil.test/inbox", "https://sub.EVIL.test/inbox"])
async def test_no_delivery_to_it_is_written(server: Server, alice: Account, inbox: str) -> None:
    await rules.suspend(server, "evil.test")
    await say(server, alice, Audience(inboxes=(inbox, "https://remote.test/inbox")))
    await work_fanout(server)
    assert await deliveries(server) == ["remote.test"]


async def work_fanout(server: Server) -> None:
    async with server.ctx.db.write() as tx:
        (job,) = await queue.claim(tx, "deliver", limit=1, lease_s=60, now=server.clock())
    assert job.kind == "fanout"
    await run_one(server.ctx, job)


async def test_what_waited_for_it_is_dropped(server: Server, alice: Account, evil: RemoteServer) -> None:
    await say(server, alice, Audience(inboxes=("https://evil.test/inbox",)))
    await work_fanout(server)
    assert await deliveries(server) == ["evil.test"]
    await rules.suspend(server, "evil.test")
    await server.work()
    assert evil.received == []
    assert await deliveries(server) == []


async def test_its_people_are_not_fetched_for_a_gone_inbox(
    server: Server, alice: Account, evil: RemoteServer
) -> None:
    """Its answers say nothing about its people any more, so they stay as they are: suspended."""
    eve = evil.person("eve")
    await looking.meet(server, eve)
    evil.serve(eve.iri, {}, status=410)
    await rules.suspend(server, "evil.test")
    with pytest.raises(ForbiddenError):
        await resolve.actor(server.ctx, eve.iri, fresh=True)
    assert (await looking.get_account(server, eve.iri)).suspended_at is not None


async def test_in_open_mode_without_rules_everyone_is_asked(server: Server, evil: RemoteServer) -> None:
    eve = evil.person("eve")
    assert (await fetch.document(server.ctx, eve.iri)).data["id"] == eve.iri


async def test_who_is_not_on_the_list_is_not_asked_and_sent_nothing(make_server: MakeServer) -> None:
    closed = await make_server("https://closed.test", federation_mode="allowlist")
    alice = await closed.person("alice")
    bob = RemoteServer(closed.network).person("bob")
    with pytest.raises(ForbiddenError):
        await resolve.handle(closed.ctx, "bob@remote.test")
    await say(closed, alice, Audience(inboxes=(f"{bob.iri}/inbox",)))
    await closed.work()
    assert bob.home.asked == []
    assert bob.home.received == []
