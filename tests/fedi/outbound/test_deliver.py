"""Delivering: what is sent, how it is signed, and what becomes of it for every answer."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from activitypub.activities import Follow as Activity
from activitypub.keys import load_public_pem
from activitypub.signatures.message import Message, Scheme
from activitypub.verify import read_claim, require_valid
from fedi.jobs.retry import ATTEMPTS_MAX
from fedi.models import Account, Follow, Job, JobState, Peer
from fedi.outbound.breaker import REFUSALS_MAX
from fedi.outbound.outbox import Audience, record
from fedi.worker import Worker
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def say(
    server: Server, alice: Account, inbox: str = "https://remote.test/inbox", *, order_on: str = "it"
) -> str:
    """Have alice say something to an inbox; return the activity's id."""
    async with server.ctx.db.write() as tx:
        sender = await tx.get_one(Account, alice.id)
        iri = f"{alice.iri}#acts/{server.ctx.ids.next()}"
        said = Activity(id=iri, actor=alice.iri, object_id="https://remote.test/users/bob")
        await record(
            server.ctx, tx, sender=sender, activity=said, audience=Audience(inboxes=(inbox,)), order_on=order_on
        )  # fmt: skip
        return iri


async def job(server: Server) -> Job | None:
    async with server.ctx.db.read() as tx:
        first = select(Job).where(Job.queue == "deliver").order_by(Job.id).limit(1)
        return (await tx.execute(first)).scalar_one_or_none()


async def get_job(server: Server) -> Job:
    found = await job(server)
    assert found is not None
    return found


async def peer(server: Server) -> Peer | None:
    async with server.ctx.db.read() as tx:
        return await tx.get(Peer, "remote.test")


async def get_peer(server: Server) -> Peer:
    found = await peer(server)
    assert found is not None
    return found


def verify(request: httpx.Request, alice: Account, server: Server) -> Scheme:
    message = Message.of(
        method=request.method, target_uri=str(request.url), headers=request.headers.raw, body=request.content
    )
    claim = read_claim(message, now=server.clock())
    assert claim.key_id == f"{alice.iri}#main-key"
    require_valid(claim, message, load_public_pem(alice.public_keys[0]["pem"]), now=server.clock())
    return claim.scheme


# --- What is sent ---------------------------------------------------------------------------------------------


async def test_a_delivery_is_signed_by_its_sender_when_it_is_sent(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    iri = await say(server, alice)
    server.clock.advance(3 * 86400)
    await server.work()
    (request,) = remote.received
    assert verify(request, alice, server) is Scheme.CAVAGE
    assert request.headers["content-type"] == "application/activity+json"
    assert remote.bodies[0]["id"] == iri
    assert await job(server) is None


async def test_who_does_not_understand_the_first_signature_gets_the_other_and_is_remembered(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(401)]
    await say(server, alice)
    await server.work()
    await say(server, alice)
    await server.work()
    schemes = [verify(request, alice, server) for request in remote.received]
    assert schemes == [Scheme.CAVAGE, Scheme.RFC9421, Scheme.RFC9421]
    found = await get_peer(server)
    assert found.scheme == Scheme.RFC9421
    assert found.scheme_until is not None

    server.clock.advance(8 * 86400)
    await say(server, alice)
    await server.work()
    assert verify(remote.received[-1], alice, server) is Scheme.CAVAGE


async def test_deliveries_about_one_thing_arrive_in_order(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)]
    said = [await say(server, alice) for _ in range(3)]
    await server.work()
    assert [body["id"] for body in remote.bodies] == said[:1]
    server.clock.advance(60)
    await server.work()
    assert [body["id"] for body in remote.bodies[1:]] == said


# --- What becomes of it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_success_ends_it(server: Server, remote: RemoteServer, alice: Account, status: int) -> None:
    remote.answers = [httpx.Response(status)]
    await say(server, alice)
    await server.work()
    assert await job(server) is None


@pytest.mark.parametrize("status", [400, 405, 406, 409, 413, 415, 422, 501, 301])
async def test_a_final_answer_ends_it_too(
    server: Server, remote: RemoteServer, alice: Account, status: int
) -> None:
    remote.answers = [httpx.Response(status)] * 2
    await say(server, alice)
    await server.work()
    server.clock.advance(7 * 86400)
    await server.work()
    assert await job(server) is None
    assert len(remote.received) <= 2
    assert await peer(server) is None, "the server is there, whatever it thinks of this"


@pytest.mark.parametrize("status", [401, 408, 421, 425, 429, 500, 502, 503, 504])
async def test_a_passing_answer_is_tried_again(
    server: Server, remote: RemoteServer, alice: Account, status: int
) -> None:
    remote.answers = [httpx.Response(status)] * (2 if status == 401 else 1)
    await say(server, alice)
    await server.work()
    waiting = await get_job(server)
    assert waiting.run_at > server.clock() - timedelta(seconds=5)
    assert str(status) in (waiting.last_error or "")
    server.clock.advance(60)
    await server.work()
    assert await job(server) is None


async def test_no_answer_is_tried_again(server: Server, alice: Account) -> None:
    await say(server, alice, "https://nowhere.test/inbox")
    await server.work()
    waiting = await get_job(server)
    assert (waiting.state, waiting.attempts) == (JobState.READY, 1)


@pytest.mark.parametrize(("value", "at_least_s"), [("3600", 3590), ("999999", 86000), ("nonsense", 0)])
async def test_a_wish_to_wait_is_obeyed_within_a_day(
    server: Server, remote: RemoteServer, alice: Account, value: str, at_least_s: int
) -> None:
    remote.answers = [httpx.Response(429, headers={"retry-after": value})]
    await say(server, alice)
    before = server.clock()
    await server.work()
    waits = (await get_job(server)).run_at - before
    assert timedelta(seconds=at_least_s) <= waits <= timedelta(seconds=86_400 + 60)


async def test_it_is_given_up_after_the_last_attempt_and_stays_visible(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await say(server, alice)
    remote.answers = [httpx.Response(429)] * (ATTEMPTS_MAX + 5)
    for _ in range(ATTEMPTS_MAX + 2):
        await server.work()
        server.clock.advance(86_400)
    dead = await get_job(server)
    assert dead.state == JobState.DEAD
    assert dead.last_error is not None
    assert len(remote.received) == ATTEMPTS_MAX


async def test_an_inbox_at_an_address_that_we_do_not_talk_to_is_given_up(
    server: Server, alice: Account
) -> None:
    await say(server, alice, "https://127.0.0.1/inbox")
    await server.work()
    assert (await get_job(server)).state == JobState.DEAD
    assert server.network.requests == []


async def test_an_activity_whose_sender_is_gone_is_not_sent(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await say(server, alice)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == alice.id).values(private_key_pem=None))
    await server.work()
    assert remote.received == []
    assert await job(server) is None


# --- Leaving a server alone -----------------------------------------------------------------------------------


async def test_ten_failures_pause_a_server_and_cost_no_attempts(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 100
    for number in range(15):
        await say(server, alice, order_on=f"thing {number}")
    await server.work()
    sent = len(remote.received)
    assert 10 <= sent < 15 + 4
    assert (await get_peer(server)).paused_until is not None
    server.clock.advance(30)
    await server.work()
    assert len(remote.received) == sent, "nothing is sent during the pause"
    async with server.ctx.db.read() as tx:
        attempts = list((await tx.execute(select(Job.attempts))).scalars())
    assert sum(attempts) == sent


async def test_after_the_pause_one_success_lets_everything_through(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 15
    for number in range(15):
        await say(server, alice, order_on=f"thing {number}")
    await server.work()
    remote.answers = []
    server.clock.advance(3600)
    await server.work()
    server.clock.advance(3600)
    await server.work()
    assert await job(server) is None
    found = await get_peer(server)
    assert (found.failures, found.failure_days, found.paused_until) == (0, 0, None)


@pytest.mark.parametrize("status", [429, 401, 408])
async def test_an_answer_of_a_server_that_is_there_is_not_held_against_it(
    server: Server, remote: RemoteServer, alice: Account, status: int
) -> None:
    remote.answers = [httpx.Response(status)] * 60
    for number in range(15):
        await say(server, alice, order_on=f"thing {number}")
    await server.work()
    assert await peer(server) is None


async def test_a_server_that_was_away_for_seven_days_gets_nothing_more(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 100
    for _ in range(7):
        await say(server, alice)
        await server.work()
        server.clock.advance(86_400)
    assert (await get_peer(server)).failure_days == 7
    remote.received.clear()
    async with server.ctx.db.write() as tx:
        await tx.execute(delete(Job))
    await say(server, alice)
    await server.work()
    assert remote.received == []
    assert await job(server) is None

    server.clock.advance(8 * 86_400)
    remote.answers = []
    await say(server, alice)
    await server.work()
    assert len(remote.received) == 1, "asked again after a week"
    assert (await get_peer(server)).failure_days == 0


# --- Servers that block us ------------------------------------------------------------------------------------


async def refuse(server: Server, remote: RemoteServer, alice: Account, times: int = REFUSALS_MAX) -> None:
    """Have the other server answer 403 to so many deliveries."""
    remote.answers = [httpx.Response(403)] * times
    for _ in range(times):
        await say(server, alice)
    await server.work()
    assert await job(server) is None, "a refusal is final for what was refused"
    remote.received.clear()


async def test_a_server_that_refuses_everything_gets_nothing_but_a_question_a_week(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await refuse(server, remote, alice)
    await say(server, alice)
    await server.work()
    assert (remote.received, await job(server)) == ([], None)

    for _ in range(2):
        server.clock.advance(7 * 86_400 + 60)
        await refuse(server, remote, alice, times=1)
        await say(server, alice)
        await server.work()
        assert remote.received == [], "one more refusal is enough for another week"


async def test_four_refusals_are_not_held_against_a_server(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await refuse(server, remote, alice, times=REFUSALS_MAX - 1)
    await say(server, alice)
    await server.work()
    assert len(remote.received) == 1
    assert (await get_peer(server)).refusals == 0, "a success ends the count"
    await refuse(server, remote, alice, times=REFUSALS_MAX - 1)
    assert (await get_peer(server)).refused_at is None


async def test_a_server_that_blocked_us_and_takes_something_again_gets_everything(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await refuse(server, remote, alice)
    server.clock.advance(7 * 86_400 + 60)
    for _ in range(2):
        await say(server, alice)
        await server.work()
    found = await get_peer(server)
    assert (len(remote.received), found.refusals, found.refused_at) == (2, 0, None)


async def test_who_sends_something_does_not_block_us_any_more(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await refuse(server, remote, alice)
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    remote.received.clear()
    await say(server, alice)
    await server.work()
    assert len(remote.received) == 1


# --- Others ---------------------------------------------------------------------------------------------------


async def test_a_server_that_was_gone_and_sends_something_gets_everything_again(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 100
    for _ in range(7):
        await say(server, alice, order_on=f"day {server.clock().date()}")
        await server.work()
        server.clock.advance(86_400)
    async with server.ctx.db.write() as tx:
        await tx.execute(delete(Job))
    remote.answers = []
    remote.received.clear()
    await say(server, alice)
    await server.work()
    assert remote.received == []
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    await say(server, alice, order_on="another thing")
    await server.work()
    assert {body["type"] for body in remote.bodies} == {"Accept", "Follow"}


async def test_what_waits_for_a_paused_server_is_sent_as_soon_as_it_sends_something(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 15
    for number in range(15):
        await say(server, alice, order_on=f"thing {number}")
    await server.work()
    remote.answers = []
    remote.received.clear()
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    assert sorted(body["type"] for body in remote.bodies) == ["Accept", *["Follow"] * 15]


async def test_what_waits_for_a_paused_server_is_sent_as_soon_as_it_takes_something(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.answers = [httpx.Response(503)] * 15
    for number in range(15):
        await say(server, alice, order_on=f"thing {number}")
    await server.work()
    remote.answers = []
    remote.received.clear()
    server.clock.advance(90)
    await say(server, alice, order_on="one more")
    await server.work()
    assert len(remote.received) == 16


async def test_a_slow_server_makes_no_other_wait(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    never = asyncio.Event()

    class TarPit(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002
            await never.wait()
            return httpx.Response(202)

    server.network.hosts["slow.test"] = TarPit()
    for number in range(30):
        await say(server, alice, "https://slow.test/inbox", order_on=f"slow {number}")
    await say(server, alice)
    worker = Worker(server.ctx, ["deliver"])
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        await remote.arrived.wait()
    worker.stop()
    never.set()
    await working


# --- Inboxes that are gone ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
async def test_who_is_behind_a_gone_inbox_is_asked_after(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account, status: int
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    remote.documents[bob.iri] = httpx.Response(status)
    remote.answers = [httpx.Response(status)]
    await say(server, alice)
    await server.work()
    assert await looking.count(server, Follow) == 0
    assert (await looking.get_account(server, alice.iri)).followers_count == 0
    assert (await looking.find_account(server, bob.iri) is None) == (status == 410)


async def test_who_is_still_there_stays_and_may_have_moved_inbox(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    remote.serve(bob.iri, bob.doc | {"endpoints": {"sharedInbox": "https://remote.test/new"}})
    remote.answers = [httpx.Response(410)]
    await say(server, alice)
    await server.work()
    assert await looking.count(server, Follow) == 1
    account = await looking.get_account(server, bob.iri)
    assert account.shared_inbox == "https://remote.test/new"


async def test_who_cannot_be_asked_stays(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    remote.documents[bob.iri] = httpx.Response(502)
    remote.answers = [httpx.Response(404)]
    await say(server, alice)
    await server.work()
    assert await looking.count(server, Follow) == 1


# --- Ends written down together -------------------------------------------------------------------------------


async def test_many_deliveries_end_in_few_transactions(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    for number in range(40):
        await say(server, alice, f"https://remote.test/inbox/{number}", order_on=f"thing {number}")
    before = server.ctx.commits.commits
    await server.work()
    assert len(remote.received) == 40
    assert server.ctx.commits.commits - before < 30


async def test_a_success_that_is_no_news_writes_nothing_about_the_server(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    await say(server, alice)
    await server.work()
    first = (await get_peer(server)).last_success_at
    server.clock.advance(60)
    await say(server, alice)
    await server.work()
    assert (await get_peer(server)).last_success_at == first
    server.clock.advance(3700)
    await say(server, alice)
    await server.work()
    assert (await get_peer(server)).last_success_at != first


async def test_a_lost_lease_changes_nothing(
    server: Server, remote: RemoteServer, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = httpx.Response(503)

    async def steal(request: httpx.Request) -> httpx.Response:
        async with server.ctx.db.write() as tx:
            await tx.execute(update(Job).values(claim_token="somebody else"))
        return answered

    monkeypatch.setattr(remote, "handle_async_request", steal)
    await say(server, alice)
    await server.work()
    untouched = await get_job(server)
    assert (untouched.claim_token, untouched.last_error) == ("somebody else", None)


async def test_either_database_remembers_the_same(either_server: Server) -> None:
    remote = RemoteServer(either_server.network)
    alice = await either_server.person("alice")
    remote.answers = [httpx.Response(503)] * 12
    for number in range(12):
        await say(either_server, alice, order_on=f"thing {number}")
    await either_server.work()
    found: Any = await get_peer(either_server)
    assert found.failures >= 10
    assert found.last_failure_on == either_server.clock().date()
