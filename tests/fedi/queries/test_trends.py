"""What counts as talked about, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from fedi.ids import first_id_at
from fedi.models import Mute, Post
from fedi.queries import trends
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN, CY, SHY, QUIET, GONE = 1, 2, 3, 4, 5, 6


@pytest.fixture
async def town(world: World) -> World:
    await world.add(
        world.account(ANNA, "anna", discoverable=True),
        world.account(BEN, "ben", "b.test", discoverable=True),
        world.account(CY, "cy", "b.test", discoverable=True),
        world.account(SHY, "shy", "b.test"),
        world.account(QUIET, "quiet", "b.test", discoverable=True, silenced_at=world.server.clock()),
        world.account(GONE, "gone", "b.test", discoverable=True, suspended_at=world.server.clock()),
    )
    return world


async def post(
    world: World, account_id: int, *tags: str, days_ago: float = 0, visibility: str = "public", **more: Any
) -> Post:
    world.count = getattr(world, "count", 0) + 1  # type: ignore[attr-defined] # to tell ids of one moment apart
    identifier = first_id_at(world.server.clock() - timedelta(days=days_ago)) + world.count
    row = world.post(identifier, account_id, visibility, **more)
    await world.add(row, *(world.tag(name, identifier) for name in tags))
    return row


async def test_a_hashtag_trends_that_several_people_use_lately(town: World) -> None:
    await post(town, ANNA, "boats")
    await post(town, BEN, "boats")
    await post(town, BEN, "boats", days_ago=1)
    await post(town, CY, "boats", days_ago=5)
    for person in (ANNA, BEN, CY):
        await post(town, person, "sky")
        await post(town, person, "old", days_ago=3)
    for _ in range(3):
        await post(town, ANNA, "alone")
    for person in (ANNA, SHY, QUIET, GONE):
        await post(town, person, "hidden")
    await post(town, BEN, "hidden", visibility="unlisted")
    await post(town, CY, "hidden", sensitive=True)
    async with town.server.ctx.db.read() as tx:
        found = await trends.tags(tx, now=town.server.clock())
    assert [trend.name for trend in found] == ["sky", "boats"]
    uses = [(use.posts, use.accounts) for use in found[1].uses]
    assert (len(uses), sum(posts for posts, _ in uses)) == (7, 4)
    days = [use.day for use in found[1].uses]
    assert days == sorted(days, reverse=True)
    assert uses[0][1] <= 2


async def test_a_post_trends_that_several_people_liked_or_boosted(town: World) -> None:
    best = await post(town, ANNA, favourites_count=3, reblogs_count=2)
    good = await post(town, BEN, favourites_count=2)
    await post(town, BEN, favourites_count=1)
    await post(town, SHY, favourites_count=9)
    await post(town, QUIET, favourites_count=9)
    await post(town, GONE, favourites_count=9)
    await post(town, ANNA, favourites_count=9, days_ago=4)
    await post(town, ANNA, favourites_count=9, sensitive=True)
    await post(town, ANNA, favourites_count=9, visibility="unlisted")
    await post(town, ANNA, favourites_count=9, in_reply_to_iri="x:1")
    async with town.server.ctx.db.read() as tx:
        found = await trends.popular(tx, now=town.server.clock())
        assert found == [best.id, good.id]
        assert await trends.wanted(tx, found, viewer_id=None) == found
    await town.add(
        Mute(id=1, account_id=ANNA, target_id=BEN, notifications=True, created_at=town.server.clock())
    )
    async with town.server.ctx.db.read() as tx:
        assert await trends.wanted(tx, found, viewer_id=ANNA) == [best.id]
