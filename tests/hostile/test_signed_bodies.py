"""Ten thousand signed bodies with wrong members: no mistake of ours, no crowd of requests, and everything still reads."""

import os
from collections import Counter

import pytest
from sqlalchemy import delete, func, select

from fedi.models import Account, Activity, Block
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.api.conftest import http_client, token_for
from tests.fedi.remote import RemoteActor
from tests.hostile.bodies import hostile
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(1800)]

COUNT = 10_000 if os.environ.get("FEDI_REQUIRE") else 1_000
BATCH = 100
FETCHES_MAX = 40
"""Requests that one activity may cause."""

READ = (
    "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/notifications", "/api/v1/accounts/{alice}/statuses",
    "/api/v1/accounts/{alice}/followers", "/api/v1/statuses/{post}", "/api/v1/statuses/{post}/context",
    "/users/alice/inbox?page=true", "/users/alice/outbox?page=true", "/users/alice/followers?page=true",
    "/users/alice/statuses/{post}", "/users/alice/statuses/{post}/replies?page=true", "/@alice", "/@alice/{post}",
)  # fmt: skip


async def test_bodies_with_wrong_members(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str]
) -> None:
    await looking.follow(server, alice, bob)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        post = await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text="hello", visibility="public")
        )
    answers: Counter[int] = Counter()
    sent = 0
    for number, body in enumerate(hostile(COUNT, seed=20261124, post=post.iri), 1):
        answer = await bob.posts(server, body, inbox="/inbox" if number % 3 else "/users/alice/inbox")
        answers[answer.status_code] += 1
        assert answer.status_code < 500, body[:2000]
        sent += 1
        if number % BATCH == 0 or number == COUNT:
            asked = len(server.network.requests)
            await server.work("inbox")
            await friends_again(server, alice, bob)
            assert len(server.network.requests) - asked <= FETCHES_MAX * sent
            sent = 0
    await server.work()
    assert not mistakes, "\n\n".join({one.splitlines()[-1]: one for one in mistakes}.values())
    assert answers[202] > COUNT / 2, answers
    states = await states_of(server)
    assert states["done"] > COUNT / 20, states  # enough of them are good enough to reach the last line
    await everything_reads(server, alice, post.id)


async def states_of(server: Server) -> Counter[str]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Activity.state, func.count()).where(Activity.direction == "in").group_by(Activity.state)
        )
        return Counter({row[0]: row[1] for row in rows})


async def friends_again(server: Server, alice: Account, bob: RemoteActor) -> None:
    """Take back what a body may have brought about that would keep the next ones from having an effect."""
    async with server.ctx.db.write() as tx:
        await tx.execute(delete(Block))
    await looking.follow(server, alice, bob)


async def everything_reads(server: Server, alice: Account, post_id: int) -> None:
    token = await token_for(server, alice, "read", "write")
    client = http_client(server, authorization=f"Bearer {token}")
    for path in READ:
        address = path.format(alice=alice.id, post=post_id)
        answer = await client.get(address, follow_redirects=True)
        assert answer.status_code in {200, 404, 410}, (address, answer.text[:500])
        if "timelines" in path or path.startswith("/users/alice/inbox"):
            assert answer.status_code == 200, address
