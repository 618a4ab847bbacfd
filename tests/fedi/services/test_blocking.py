"""Blocks and blocked servers: what is cleared up, and what is sent; on both databases."""

import pytest
from sqlalchemy import func, select

from fedi.errors import Refused
from fedi.models import Account, Block, DomainBlock, Follow, FollowState, HomeEntry, Notification
from fedi.services import blocking, interacting, notifying
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def block(town: Town, who: str, whom: str) -> None:
    one, other = await town.one(who), await town.one(whom)
    async with town.server.ctx.db.write() as tx:
        account, target = await tx.get_one(Account, one.id), await tx.get_one(Account, other.id)
        await blocking.block(town.server.ctx, tx, account=account, target=target)


async def block_domain(town: Town, who: str, domain: str) -> str:
    one = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        account = await tx.get_one(Account, one.id)
        return await blocking.block_domain(town.server.ctx, tx, account=account, domain=domain)


async def count(town: Town, model: type) -> int:
    async with town.server.ctx.db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(model))).scalar_one()


async def kinds(town: Town) -> list[str]:
    """Return the types of what was recorded to go out, but posts."""
    return [document["type"] for document, _ in await town.outgoing() if document["type"] != "Create"]


async def follows_counted(town: Town, name: str) -> tuple[int, int]:
    async with town.server.ctx.db.read() as tx:
        account = await tx.get_one(Account, (await town.one(name)).id)
        return account.followers_count, account.following_count


async def test_a_block_between_two_people_here_clears_what_they_have_of_each_other(town: Town) -> None:
    await town.follows("alice", "ben")
    await town.follows("ben", "alice")
    await town.follows("alice", "carol")
    mine, theirs = await town.posts("alice", "hello @ben"), await town.posts("ben", "hello @alice")
    carol = await town.one("carol")
    async with town.server.ctx.db.write() as tx:
        booster = await tx.get_one(Account, carol.id)
        boost = await interacting.boost(town.server.ctx, tx, account=booster, post=theirs)
    assert await town.home_of(theirs) == {"alice", "ben"}
    assert await town.home_of(boost) == {"alice", "carol"}
    assert await count(town, Notification) == 3

    await block(town, "alice", "ben")
    assert await town.home_of(theirs) == {"ben"}
    assert await town.home_of(mine) == {"alice"}
    assert await town.home_of(boost) == {"carol"}
    assert await count(town, Notification) == 1, "Carol's boost, told to Ben"
    assert await count(town, Follow) == 1
    assert await kinds(town) == ["Announce"], "nothing about the block"


async def test_a_block_of_somebody_elsewhere_ends_follows_there_before_it_is_told(town: Town) -> None:
    await town.follows("alice", "bob@far.test")
    await town.follows("bob@far.test", "alice")
    await block(town, "alice", "bob@far.test")
    assert await kinds(town) == ["Undo", "Reject", "Block"]
    assert await count(town, Follow) == 0


async def test_requests_that_wait_are_ended_as_well(town: Town) -> None:
    await town.follows("alice", "bob@far.test", FollowState.PENDING)
    await town.follows("bob@far.test", "alice", FollowState.PENDING)
    await block(town, "alice", "bob@far.test")
    assert await kinds(town) == ["Undo", "Reject", "Block"]
    assert await count(town, Follow) == 0
    assert await follows_counted(town, "alice") == (0, 0)


async def test_a_second_block_is_not_told_again(town: Town) -> None:
    await block(town, "alice", "bob@far.test")
    await block(town, "alice", "bob@far.test")
    assert await kinds(town) == ["Block"]
    assert await count(town, Block) == 1


async def test_a_block_names_its_object_only_and_goes_to_their_own_inbox(town: Town) -> None:
    await block(town, "alice", "bob@far.test")
    bob, alice = await town.one("bob@far.test"), await town.one("alice")
    ((document, payload),) = await town.outgoing()
    assert (document["actor"], document["object"]) == (alice.iri, bob.iri)
    assert "to" not in document
    assert (payload["followers_of"], payload["account_ids"]) == (None, [bob.id])


async def test_this_server_cannot_be_blocked(town: Town) -> None:
    alice = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        itself = (await tx.execute(select(Account).where(Account.kind == "Application"))).scalar_one()
        with pytest.raises(Refused):
            await blocking.block(town.server.ctx, tx, account=alice, target=itself)


async def test_nobody_is_told_of_who_is_apart(town: Town) -> None:
    await block(town, "alice", "ben")
    await block_domain(town, "alice", "far.test")
    alice = await town.one("alice")
    for name in ("ben", "bob@far.test", "eve@a.far.test", "carol"):
        doer = await town.one(name)
        async with town.server.ctx.db.write() as tx:
            await notifying.notify(
                town.server.ctx, tx, account_id=alice.id, from_account_id=doer.id, kind="follow"
            )
    async with town.server.ctx.db.read() as tx:
        told = (await tx.execute(select(Notification.from_account_id))).scalars().all()
    assert told == [(await town.one("carol")).id]


async def test_names_of_who_is_apart_stay_plain_words(town: Town) -> None:
    await town.one("ben")
    await town.one("carol")
    await block(town, "ben", "alice")
    post = await town.posts("alice", "hello @ben and @carol", "direct")
    assert await town.home_of(post) == {"alice", "carol"}
    assert post.content.count("<a ") == 1


async def test_a_blocked_server_loses_all_follows_in_steps(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "SEVERED_AT_ONCE", 2)
    people = [f"p{number}@{domain}" for number in range(3) for domain in ("far.test", "a.far.test:8443")]
    for name in (*people, "q@farther.test"):
        await town.follows("alice", name)
        await town.follows(name, "alice")
    await town.follows("ben", "p0@far.test")
    assert await block_domain(town, "alice", "FAR.test:443") == "far.test"
    await town.server.work("default")
    assert await count(town, Follow) == 3, "with the other server, and Ben's"
    assert sorted(await kinds(town)) == ["Reject"] * 6 + ["Undo"] * 6
    assert await count(town, HomeEntry) == 0
    assert await block_domain(town, "alice", "far.test") == "far.test"
    assert await count(town, DomainBlock) == 1


async def test_a_server_that_is_blocked_no_longer_keeps_its_follows(town: Town) -> None:
    await town.follows("alice", "bob@far.test")
    await block_domain(town, "alice", "far.test")
    async with town.server.ctx.db.write() as tx:
        alice = await tx.get_one(Account, (await town.one("alice")).id)
        await blocking.unblock_domain(tx, account=alice, domain=" Far.Test.")
    await town.server.work("default")
    assert await count(town, DomainBlock) == 0
    assert await count(town, Follow) == 1
