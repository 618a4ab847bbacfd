"""Who may see what, as a table, on both databases."""

import pytest
from sqlalchemy import select

from fedi.models import FollowState, Post, PostState
from fedi.queries.visibility import can_see, visible_clause
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

AUTHOR, FOLLOWER, ASKING, MENTIONED, STRANGER = 1, 2, 3, 4, 5
EVERYONE = {AUTHOR, FOLLOWER, ASKING, MENTIONED, STRANGER, None}

TABLE = {
    ("public", PostState.PUBLISHED): EVERYONE,
    ("unlisted", PostState.PUBLISHED): EVERYONE,
    ("private", PostState.PUBLISHED): {AUTHOR, FOLLOWER, MENTIONED},
    ("direct", PostState.PUBLISHED): {AUTHOR, MENTIONED},
    ("public", PostState.DRAFT): {AUTHOR},
    ("unlisted", PostState.DRAFT): {AUTHOR},
    ("private", PostState.DRAFT): {AUTHOR},
    ("direct", PostState.DRAFT): {AUTHOR},
}


async def seen_by(world: World, post_id: int) -> set[int | None]:
    """Return who sees a post, asked in both ways."""
    seen: set[int | None] = set()
    async with world.server.ctx.db.read() as tx:
        post = await tx.get_one(Post, post_id)
        for viewer in EVERYONE:
            listed = (await tx.execute(select(Post.id).where(visible_clause(viewer)))).scalars().all()
            assert (post_id in listed) is await can_see(tx, viewer, post), viewer
            seen |= {viewer} if post_id in listed else set()
    return seen


@pytest.fixture
async def peopled(world: World) -> World:
    """The author and four others, one post of each kind, and boosts of them."""
    names = {
        AUTHOR: "author",
        FOLLOWER: "follower",
        ASKING: "asking",
        MENTIONED: "mentioned",
        STRANGER: "stranger",
    }
    await world.add(
        *(world.account(key, name) for key, name in names.items()),
        world.follow(1, FOLLOWER, AUTHOR),
        world.follow(2, ASKING, AUTHOR, FollowState.PENDING),
        world.follow(3, AUTHOR, STRANGER),
        world.follow(4, ASKING, STRANGER),
        world.post(1, STRANGER),
        world.mention(1, STRANGER),
    )
    for number, (visibility, state) in enumerate(TABLE, start=10):
        await world.add(
            world.post(number, AUTHOR, visibility, state=state),
            world.mention(number, MENTIONED),
            world.post(number + 100, AUTHOR, reblog_of_id=number),
        )
    return world


async def test_the_table(peopled: World) -> None:
    for number, who in enumerate(TABLE.values(), start=10):
        assert await seen_by(peopled, number) == who, number


async def test_a_boost_shows_no_more_than_what_it_holds(peopled: World) -> None:
    for number, who in enumerate(TABLE.values(), start=110):
        assert await seen_by(peopled, number) == who, number


async def test_a_suspended_author_is_seen_by_themselves_only(peopled: World) -> None:
    async with peopled.server.ctx.db.write() as tx:
        post = await tx.get_one(Post, 10)
        author = await tx.get_one(type(peopled.account(0, "x")), post.account_id)
        author.suspended_at = peopled.server.clock()
    for number in (*range(10, 18), *range(110, 118)):
        assert await seen_by(peopled, number) == {AUTHOR}, number
