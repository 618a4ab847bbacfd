"""Blocks and moves between two of our servers, read freely or only signed."""

import pytest
from sqlalchemy import select

from fedi.models import Account, Block, Follow, Post
from fedi.outbound import resolve
from fedi.services import blocking, following, interacting, moving, posting
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def follow(server: Server, who: Account, handle: str) -> Account:
    target = await resolve.handle(server.ctx, handle)
    async with server.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, who.id), await tx.get_one(Account, target.id)
        await following.follow(server.ctx, tx, follower=me, target=them)
    return target


async def publish(server: Server, author: Account, text: str = "hello") -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(text=text, visibility="public")
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def pairs_of(server: Server) -> set[tuple[str, str]]:
    """Return who follows whom, as this server knows it."""
    async with server.ctx.db.read() as tx:
        rows = (await tx.execute(select(Follow))).scalars().all()
        return {
            (
                (await tx.get_one(Account, row.account_id)).username,
                (await tx.get_one(Account, row.target_id)).username,
            )
            for row in rows
        }


async def test_a_block_keeps_two_people_apart_on_both_servers_until_it_ends(pair: Pair) -> None:
    anna, ben = await pair.a.person("anna"), await pair.b.person("ben")
    ben_at_a = await follow(pair.a, anna, "ben@b.test")
    anna_at_b = await follow(pair.b, ben, "anna@a.test")
    await pair.settle()
    assert await pairs_of(pair.a) == await pairs_of(pair.b) == {("anna", "ben"), ("ben", "anna")}

    async with pair.a.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, anna.id), await tx.get_one(Account, ben_at_a.id)
        await blocking.block(pair.a.ctx, tx, account=me, target=them)
    await pair.settle()
    for server in (pair.a, pair.b):
        assert await pairs_of(server) == set()
        assert await looking.count(server, Block) == 1
    post = await publish(pair.a, anna, "does @ben@b.test hear me?")
    theirs = await publish(pair.b, ben, "does @anna@a.test hear me?")
    await pair.settle()
    assert await looking.find_post(pair.b, post.iri) is None
    assert await looking.find_post(pair.a, theirs.iri) is None
    assert await looking.told(pair.a, anna) == []
    assert "mention" not in await looking.told(pair.b, ben)

    async with pair.a.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, anna.id), await tx.get_one(Account, ben_at_a.id)
        await blocking.unblock(pair.a.ctx, tx, account=me, target=them)
    await pair.settle()
    assert await looking.count(pair.b, Block) == 0
    await follow(pair.b, ben, "anna@a.test")
    await pair.settle()
    assert await pairs_of(pair.a) == {("ben", "anna")}
    assert anna_at_b.iri == anna.iri


async def test_people_of_a_blocked_server_are_turned_away(pair: Pair) -> None:
    anna, ben = await pair.a.person("anna", password="correct horse"), await pair.b.person("ben")
    post = await publish(pair.a, anna)
    async with pair.a.ctx.db.write() as tx:
        me = await tx.get_one(Account, anna.id)
        await blocking.block_domain(pair.a.ctx, tx, account=me, domain="b.test")
    await pair.settle()
    await follow(pair.b, ben, "anna@a.test")
    await pair.settle()
    assert await pairs_of(pair.a) == await pairs_of(pair.b) == set(), "the follow was rejected"
    assert await looking.count(pair.b, Block) == 0
    assert await looking.find_post(pair.b, post.iri) is None


async def test_an_account_moves_to_the_other_server_with_its_followers(pair: Pair) -> None:
    anna, new = await pair.a.person("anna"), await pair.b.person("anna2")
    carol, dora = await pair.a.person("carol"), await pair.b.person("dora")
    await follow(pair.a, carol, "anna")
    await follow(pair.b, dora, "anna@a.test")
    await pair.settle()
    async with pair.b.ctx.db.write() as tx:
        me = await tx.get_one(Account, new.id)
        await moving.set_aliases(pair.b.ctx, tx, account=me, iris=[anna.iri])
    await pair.settle()

    await moving.move(pair.a.ctx, account_id=anna.id, target_iri=new.iri)
    await pair.settle()
    assert await pairs_of(pair.a) == {("carol", "anna2")}
    assert await pairs_of(pair.b) == {("carol", "anna2"), ("dora", "anna2")}
    assert (await looking.get_account(pair.b, anna.iri)).moved_to == new.iri

    post = await publish(pair.b, new)
    await pair.settle()
    assert await looking.home(pair.a, carol) == [post.iri]
    assert await looking.home(pair.b, dora) == [post.iri]
    async with pair.a.ctx.db.write() as tx:
        me, kept = (
            await tx.get_one(Account, carol.id),
            await tx.get_one(Post, (await looking.get_post(pair.a, post.iri)).id),
        )
        await interacting.favourite(pair.a.ctx, tx, account=me, post=kept)
    await pair.settle()
    assert (await looking.get_post(pair.b, post.iri)).favourites_count == 1
