"""Two servers that both answer signed requests only: they read one another, and nobody waits for ever."""

import asyncio

import pytest
from sqlalchemy import select

from activitypub.errors import ActivityPubError, NotFoundError
from fedi.models import Account, Block, Follow, FollowState
from fedi.outbound import fetch, resolve
from fedi.services import backfilling
from tests.fedi import looking
from tests.pairs.conftest import MakePair, Pair
from tests.pairs.test_following import follow, publish, unhandled

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers

PATIENCE_S = 20
"""After which two servers are taken to wait for one another; what is tested takes a fraction of a second."""


@pytest.fixture
async def strict(make_pair: MakePair) -> Pair:
    """Two servers that want every request signed."""
    return await make_pair(authorized_fetch=True)


async def test_they_meet_at_the_same_moment_and_neither_waits_for_the_other(strict: Pair) -> None:
    ann, bea = await strict.a.person("ann"), await strict.b.person("bea")
    async with asyncio.timeout(PATIENCE_S):
        # Both look the other up at once: each needs the other's key to answer, and knows it not yet.
        await asyncio.gather(
            *(resolve.actor(strict.a.ctx, bea.iri, fresh=True) for _ in range(5)),
            *(resolve.actor(strict.b.ctx, ann.iri, fresh=True) for _ in range(5)),
        )
        await asyncio.gather(follow(strict.a, ann, "bea@b.test"), follow(strict.b, bea, "ann@a.test"))
        await strict.settle()
    for server in (strict.a, strict.b):
        assert await looking.count(server, Follow, Follow.state == FollowState.ACCEPTED) == 2
        assert await unhandled(server) == []


async def test_only_the_servers_own_actors_are_read_unsigned(strict: Pair) -> None:
    await strict.a.person("ann")
    await strict.b.person("bea")
    await resolve.handle(strict.a.ctx, "bea@b.test")
    asked = [
        (request.url.host, request.url.path, request.headers.get("signature"))
        for request in strict.a.network.requests
    ]
    documents = [path for _, path, signature in asked if signature is not None]
    assert "/users/bea" in documents
    for server in (strict.a, strict.b):
        assert (await server.client.get("/actor")).status_code == 200
        assert (await server.client.get("/.well-known/nodeinfo")).status_code == 200
    answer = await strict.b.client.get("/users/bea", headers={"accept": "application/activity+json"})
    assert answer.status_code == 401
    assert {part.strip() for part in answer.headers["vary"].split(",")} >= {
        "Accept",
        "Signature",
        "Signature-Input",
    }


async def test_posts_and_threads_are_read_signed(strict: Pair) -> None:
    ann, bea = await strict.a.person("ann"), await strict.b.person("bea")
    first = await publish(strict.b, bea, "first")
    answers = [await publish(strict.b, bea, "more", in_reply_to_id=first.id) for _ in range(3)]
    async with asyncio.timeout(PATIENCE_S):
        seen = await resolve.note(strict.a.ctx, first.iri)
        for server in (strict.a, strict.b):
            server.clock.advance(600)
        async with strict.a.ctx.db.write() as tx:
            assert await backfilling.want(strict.a.ctx, tx, post=seen)
        await strict.settle()
    for answer in answers:
        assert (await looking.get_post(strict.a, answer.iri)).in_reply_to_id == seen.id
        assert (await looking.get_post(strict.a, answer.iri)).context_iri == first.context_iri
    assert await looking.get_account(strict.b, "https://b.test/actor")
    assert ann.iri


async def test_a_private_post_is_read_by_followers_only(strict: Pair) -> None:
    ann, bea = await strict.a.person("ann"), await strict.b.person("bea")
    await follow(strict.a, ann, "bea@b.test")
    await strict.settle()
    post = await publish(strict.b, bea, "psst", visibility="private")
    # The server's own actor, which signs what is fetched, follows nobody.
    with pytest.raises(NotFoundError):
        await fetch.document(strict.a.ctx, post.iri)
    await strict.settle()
    assert (await looking.get_post(strict.a, post.iri)).visibility == "private"


async def test_who_is_suspended_reads_nothing(strict: Pair) -> None:
    bea = await strict.b.person("bea")
    post = await publish(strict.b, bea)
    await resolve.actor(strict.b.ctx, "https://a.test/actor")
    async with strict.b.ctx.db.write() as tx:
        reader = (await tx.execute(select(Account).where(Account.iri == "https://a.test/actor"))).scalar_one()
        reader.suspended_at = strict.b.clock()
    for iri in (post.iri, bea.iri, f"{bea.iri}/outbox", f"{post.iri}/replies", post.context_iri):
        with pytest.raises(ActivityPubError, match="403"):
            await fetch.document(strict.a.ctx, iri)


async def test_whom_somebody_blocks_finds_nothing_of_theirs(strict: Pair) -> None:
    bea = await strict.b.person("bea")
    post = await publish(strict.b, bea)
    await resolve.actor(strict.b.ctx, "https://a.test/actor")
    await fetch.document(strict.a.ctx, f"{bea.iri}/outbox")
    async with strict.b.ctx.db.write() as tx:
        reader = (await tx.execute(select(Account).where(Account.iri == "https://a.test/actor"))).scalar_one()
        tx.add(
            Block(
                id=strict.b.ctx.ids.next(),
                account_id=bea.id,
                target_id=reader.id,
                iri=f"{bea.iri}#blocks/1",
                created_at=strict.b.clock(),
            )
        )
    for iri in (post.iri, f"{bea.iri}/outbox", f"{bea.iri}/followers", f"{post.iri}/replies"):
        with pytest.raises(NotFoundError):
            await fetch.document(strict.a.ctx, iri)
