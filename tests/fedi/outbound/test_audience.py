"""Who gets an activity: distinct inboxes, shared where many share one, and nobody of ours."""

from typing import Any

import pytest
from sqlalchemy import select, update

from activitypub.activities import Follow as Activity
from fedi.jobs import queue
from fedi.models import Account, Follow, FollowState, Job
from fedi.outbound import audience
from fedi.outbound.outbox import Audience, record
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def known(server: Server, name: str, host: str, *, shared: bool = True) -> Account:
    iri = f"https://{host}/users/{name}"
    async with server.ctx.db.write() as tx:
        account = Account(
            id=server.ctx.ids.next(), username=name, domain=host, iri=iri, kind="Person", inbox=f"{iri}/inbox",
            shared_inbox=f"https://{host}/inbox" if shared else None, public_keys=[], fields=[], emojis=[],
            also_known_as=[], created_at=server.clock(),
        )  # fmt: skip
        tx.add(account)
        return account


async def follows(
    server: Server, follower: Account, target: Account, state: FollowState = FollowState.ACCEPTED
) -> None:
    relation = Follow(
        id=server.ctx.ids.next(), account_id=follower.id, target_id=target.id, state=state, iri="x",
        created_at=server.clock(),
    )  # fmt: skip
    async with server.ctx.db.write() as tx:
        tx.add(relation)


async def inboxes(server: Server, **asked: Any) -> set[str]:
    async with server.ctx.db.read() as tx:
        return await audience.inboxes(tx, **{"followers_of": None, "account_ids": ()} | asked)


async def test_followers_of_one_server_share_an_inbox(server: Server, alice: Account) -> None:
    for name, host, shared in (("a", "one.test", True), ("b", "one.test", True), ("c", "two.test", False)):
        await follows(server, await known(server, name, host, shared=shared), alice)
    assert await inboxes(server, followers_of=alice.id) == {
        "https://one.test/inbox", "https://two.test/users/c/inbox",
    }  # fmt: skip


async def test_who_did_not_get_an_answer_yet_follows_nobody(server: Server, alice: Account) -> None:
    await follows(server, await known(server, "a", "one.test"), alice, FollowState.PENDING)
    assert await inboxes(server, followers_of=alice.id) == set()


async def test_people_here_and_suspended_ones_get_no_delivery(server: Server, alice: Account) -> None:
    carol = await server.person("carol")
    gone = await known(server, "a", "one.test")
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == gone.id).values(suspended_at=server.clock()))
    for fan in (carol, gone):
        await follows(server, fan, alice)
    assert await inboxes(server, followers_of=alice.id, account_ids=[carol.id, gone.id]) == set()


async def test_what_is_between_two_people_goes_to_the_personal_inbox(server: Server) -> None:
    bob = await known(server, "bob", "one.test")
    assert await inboxes(server, account_ids=[bob.id]) == {"https://one.test/users/bob/inbox"}


async def test_named_people_beside_followers_are_reached_by_the_shared_inbox(
    server: Server, alice: Account
) -> None:
    fan, named = await known(server, "fan", "one.test"), await known(server, "named", "one.test")
    await follows(server, fan, alice)
    assert await inboxes(server, followers_of=alice.id, account_ids=[named.id]) == {"https://one.test/inbox"}


async def test_more_people_than_a_statement_takes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "NAMED_MAX", 2)
    people = [await known(server, f"u{n}", f"h{n}.test") for n in range(5)]
    assert len(await inboxes(server, account_ids=[one.id for one in people])) == 5


async def test_a_fanout_becomes_one_delivery_per_inbox(either_server: Server) -> None:
    server = either_server
    alice = await server.person("alice")
    for name, host in (("a", "one.test"), ("b", "one.test"), ("c", "two.test")):
        await follows(server, await known(server, name, host), alice)
    async with server.ctx.db.write() as tx:
        sender = await tx.get_one(Account, alice.id)
        said = Activity(id=f"{alice.iri}#x", actor=alice.iri, object_id="https://one.test/users/a")
        await record(
            server.ctx, tx, sender=sender, activity=said, audience=Audience(followers_of=alice.id), order_on="it"
        )  # fmt: skip
    async with server.ctx.db.write() as tx:
        (job,) = await queue.claim(tx, "deliver", limit=1, lease_s=60, now=server.clock())
    await audience.run(server.ctx, job)
    async with server.ctx.db.read() as tx:
        jobs = list((await tx.execute(select(Job).order_by(Job.payload["inbox"].as_string()))).scalars())
    assert [(job.kind, job.host, job.order_key) for job in jobs] == [
        ("deliver", "one.test", "it|https://one.test/inbox"),
        ("deliver", "two.test", "it|https://two.test/inbox"),
    ]


async def test_a_long_order_key_fits_the_index(server: Server) -> None:
    bob = await known(server, "b" * 900, "one.test")
    job = audience._delivery({"activity_id": 1, "inbox": bob.inbox}, "https://fedi.test/" + "x" * 900)
    assert job.order_key is not None
    assert len(job.order_key) == 64
