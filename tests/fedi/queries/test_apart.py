"""People who block one another, or one another's servers, on both databases."""

import pytest
from sqlalchemy import delete, select

from fedi.lean import ask
from fedi.models import Account, Block, DomainBlock, Follow, Mute, Post
from fedi.queries import follows, timelines
from fedi.queries.page import Page
from fedi.queries.visibility import (
    apart_from,
    are_apart,
    can_see,
    is_told,
    keeps_host_away,
    seen_among,
    visible_clause,
)
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN, FAR = 1, 2, 3
"""Two people here, and one on another server."""

OF_ANNA, OF_BEN, OF_FAR, BENS_BOOST, ANNAS_BOOST = 10, 20, 30, 40, 50
"""A public post of each, Ben's boost of the stranger's post, and Anna's of Ben's."""


def block(world: World, who: int, whom: int) -> Block:
    iri = f"https://fedi.test/blocks/{who}/{whom}"
    return Block(id=who * 10 + whom, account_id=who, target_id=whom, iri=iri, created_at=world.server.clock())


def domain_block(world: World, who: int, domain: str) -> DomainBlock:
    return DomainBlock(id=90 + who, account_id=who, domain=domain, created_at=world.server.clock())


def mute(world: World, who: int, whom: int, *, notifications: bool = True) -> Mute:
    return Mute(
        id=who * 10 + whom,
        account_id=who,
        target_id=whom,
        notifications=notifications,
        created_at=world.server.clock(),
    )


@pytest.fixture
async def peopled(world: World) -> World:
    """The three, who mention one another and follow one another, so that nothing else keeps them apart."""
    await world.add(
        world.account(ANNA, "anna"),
        world.account(BEN, "ben"),
        world.account(FAR, "far", "a.far.test:8443"),
        world.post(OF_ANNA, ANNA),
        world.post(OF_BEN, BEN),
        world.post(OF_FAR, FAR, local=False),
        world.post(BENS_BOOST, BEN, reblog_of_id=OF_FAR),
        world.post(ANNAS_BOOST, ANNA, reblog_of_id=OF_BEN),
        *(world.mention(post, who) for post in (OF_ANNA, OF_BEN, OF_FAR) for who in (ANNA, BEN, FAR)),
        *(
            world.follow(who * 10 + whom, who, whom)
            for who in (ANNA, BEN, FAR)
            for whom in (ANNA, BEN, FAR)
            if who != whom
        ),
    )
    return world


EVERYTHING = {OF_ANNA, OF_BEN, OF_FAR, BENS_BOOST, ANNAS_BOOST}


async def seen_by(world: World, viewer: int | None) -> set[int]:
    """Return what somebody sees, asked in all three ways."""
    async with world.server.ctx.db.read() as tx:
        listed = set((await tx.execute(select(Post.id).where(visible_clause(viewer)))).scalars())
        posts = (await tx.execute(select(Post))).scalars().all()
        assert listed == {post.id for post in posts if await can_see(tx, viewer, post)}
        asked = [post.id for post in posts[1:]]
        assert await seen_among(tx, viewer, asked) == listed & set(asked)
    return listed


async def test_without_blocks_everything_is_seen(peopled: World) -> None:
    for viewer in (ANNA, BEN, FAR, None):
        assert await seen_by(peopled, viewer) == EVERYTHING


@pytest.mark.parametrize(("who", "whom"), [(ANNA, BEN), (BEN, ANNA)])
async def test_a_block_hides_both_from_each_other_and_from_nobody_else(
    peopled: World, who: int, whom: int
) -> None:
    await peopled.add(block(peopled, who, whom))
    assert await seen_by(peopled, ANNA) == {OF_ANNA, OF_FAR}
    assert await seen_by(peopled, BEN) == {OF_BEN, OF_FAR, BENS_BOOST}
    assert await seen_by(peopled, FAR) == await seen_by(peopled, None) == EVERYTHING


@pytest.mark.parametrize(("who", "whom"), [(ANNA, FAR), (FAR, ANNA)])
async def test_a_block_hides_boosts_by_others_as_well(peopled: World, who: int, whom: int) -> None:
    await peopled.add(block(peopled, who, whom))
    assert await seen_by(peopled, ANNA) == {OF_ANNA, OF_BEN, ANNAS_BOOST}
    assert await seen_by(peopled, FAR) == {OF_BEN, OF_FAR, BENS_BOOST}


@pytest.mark.parametrize("domain", ["a.far.test", "far.test", "test"])
async def test_a_blocked_domain_is_everyone_there_and_below(peopled: World, domain: str) -> None:
    await peopled.add(domain_block(peopled, ANNA, domain))
    assert await seen_by(peopled, ANNA) == {OF_ANNA, OF_BEN, ANNAS_BOOST}
    assert await seen_by(peopled, FAR) == {OF_BEN, OF_FAR, BENS_BOOST}
    assert await seen_by(peopled, BEN) == EVERYTHING


@pytest.mark.parametrize("domain", ["ar.test", "b.far.test", "a.far", "a_far.test", "fa_.test"])
async def test_a_domain_block_covers_no_other_domain(peopled: World, domain: str) -> None:
    await peopled.add(domain_block(peopled, ANNA, domain))
    assert await seen_by(peopled, ANNA) == await seen_by(peopled, FAR) == EVERYTHING


async def test_whoever_is_apart_is_so_both_ways(peopled: World) -> None:
    await peopled.add(block(peopled, ANNA, BEN), domain_block(peopled, BEN, "far.test"))
    async with peopled.server.ctx.db.read() as tx:
        pairs = {(one, other) for one in (ANNA, BEN, FAR) for other in (ANNA, BEN, FAR) if one != other}
        apart = {pair for pair in pairs if await are_apart(tx, *pair)}
        assert await apart_from(tx, ANNA, [BEN, FAR]) == {BEN}
        assert await apart_from(tx, BEN, [ANNA, FAR, BEN]) == {ANNA, FAR}
        assert await apart_from(tx, BEN, [FAR]) == {FAR}
        assert await apart_from(tx, FAR, []) == set()
    assert apart == {(ANNA, BEN), (BEN, ANNA), (BEN, FAR), (FAR, BEN)}


async def test_a_host_is_kept_away_by_who_blocks_its_domain(peopled: World) -> None:
    await peopled.add(domain_block(peopled, ANNA, "far.test"))
    async with peopled.server.ctx.db.read() as tx:
        assert await keeps_host_away(tx, ANNA, ("b.far.test", "far.test", "test"))
        assert not await keeps_host_away(tx, ANNA, ("near.test", "test"))
        assert not await keeps_host_away(tx, BEN, ("far.test",))


async def test_a_mute_clears_timelines_and_leaves_profile_and_post(peopled: World) -> None:
    await peopled.add(
        mute(peopled, ANNA, FAR),
        *(peopled.home(who, post) for who in (ANNA, BEN) for post in sorted(EVERYTHING)),
        *(peopled.tag("art", post) for post in (OF_ANNA, OF_BEN, OF_FAR)),
    )
    page = Page(limit=40)

    async def shown(viewer: int) -> list[set[int]]:
        at_home = await ask(peopled.server.ctx.db, timelines.home(viewer, page))
        async with peopled.server.ctx.db.read() as tx:
            return [
                {row[0] for row in at_home.rows},
                set((await timelines.public(tx, viewer, page)).rows),
                set((await timelines.tagged(tx, viewer, "art", page)).rows),
            ]

    assert await shown(ANNA) == [{OF_ANNA, OF_BEN, ANNAS_BOOST}, {OF_ANNA, OF_BEN}, {OF_ANNA, OF_BEN}]
    public = {OF_ANNA, OF_BEN, OF_FAR}
    assert await shown(BEN) == [EVERYTHING, public, public]
    assert await seen_by(peopled, ANNA) == EVERYTHING
    async with peopled.server.ctx.db.read() as tx:
        assert (await timelines.of_account(tx, ANNA, FAR, page)).rows == [OF_FAR]
    async with peopled.server.ctx.db.write() as tx:
        await tx.execute(delete(Mute))
    assert await shown(ANNA) == [EVERYTHING, public, public]


async def told(world: World) -> set[tuple[int, int]]:
    """Return who is told of what whom does."""
    async with world.server.ctx.db.read() as tx:
        pairs = [(one, other) for one in (ANNA, BEN, FAR) for other in (ANNA, BEN, FAR, 99) if one != other]
        return {pair for pair in pairs if await is_told(tx, *pair)}


async def test_people_here_are_told_of_what_others_do(peopled: World) -> None:
    assert await told(peopled) == {(ANNA, BEN), (ANNA, FAR), (BEN, ANNA), (BEN, FAR)}


async def test_who_is_apart_or_mutes_is_not_told(peopled: World) -> None:
    await peopled.add(block(peopled, ANNA, BEN), mute(peopled, BEN, FAR), mute(peopled, FAR, ANNA))
    assert await told(peopled) == {(ANNA, FAR)}


async def test_a_mute_may_leave_notifications_alone(peopled: World) -> None:
    await peopled.add(mute(peopled, ANNA, BEN, notifications=False), mute(peopled, BEN, FAR))
    assert await told(peopled) == {(ANNA, BEN), (ANNA, FAR), (BEN, ANNA)}


async def test_lists_of_followers_leave_out_who_is_apart_from_the_viewer(peopled: World) -> None:
    await peopled.add(block(peopled, ANNA, BEN))
    page = Page(limit=40)

    async def listed(owner: int, viewer: int | None) -> tuple[set[int], set[int]]:
        async with peopled.server.ctx.db.read() as tx:
            followers = await follows.followers(tx, owner, page, viewer_id=viewer)
            followed = await follows.following(tx, owner, page, viewer_id=viewer)
        return {account.id for _, account in followers.rows}, {account.id for _, account in followed.rows}

    assert await listed(FAR, ANNA) == ({ANNA}, {ANNA})
    assert await listed(FAR, BEN) == ({BEN}, {BEN})
    assert await listed(FAR, None) == ({ANNA, BEN}, {ANNA, BEN})


async def test_who_is_limited_is_heard_by_followers_only(peopled: World) -> None:
    async with peopled.server.ctx.db.write() as tx:
        (await tx.get_one(Account, FAR)).silenced_at = peopled.server.clock()
        await tx.execute(delete(Follow).where(Follow.account_id == BEN, Follow.target_id == FAR))
    assert await told(peopled) == {(ANNA, BEN), (ANNA, FAR), (BEN, ANNA)}
