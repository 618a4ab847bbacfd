"""Timelines on both databases."""

import pytest

from fedi.lean import ask
from fedi.models import Attachment, Favourite, FollowState, PostState
from fedi.queries import timelines
from fedi.queries.page import Page, Slice
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN, EVE = 1, 2, 3
WHOLE = Page(limit=40)


@pytest.fixture
async def peopled(world: World) -> World:
    """Anna follows Ben; Eve is nobody's business."""
    names = {ANNA: "anna", BEN: "ben", EVE: "eve"}
    await world.add(*(world.account(key, name) for key, name in names.items()), world.follow(1, ANNA, BEN))
    return world


async def home(world: World, page: Page = WHOLE, viewer: int = ANNA) -> Slice[int]:
    found = await ask(world.server.ctx.db, timelines.home(viewer, page))
    return Slice(rows=[row[0] for row in found.rows], more=found.more)


async def test_home_is_what_was_delivered_newest_first(peopled: World) -> None:
    posts = [peopled.post(key, BEN) for key in (10, 11, 12)]
    await peopled.add(*posts, *(peopled.home(ANNA, key) for key in (10, 11, 12)), peopled.home(EVE, 10))
    assert await home(peopled) == Slice(rows=[12, 11, 10], more=False)
    assert await home(peopled, Page(limit=2)) == Slice(rows=[12, 11], more=True)
    assert await home(peopled, Page(limit=2, max_id=12)) == Slice(rows=[11, 10], more=False)
    assert await home(peopled, Page(limit=1, min_id=10)) == Slice(rows=[11], more=True)
    assert await home(peopled, Page(limit=1, since_id=10)) == Slice(rows=[12], more=True)


async def test_home_asks_again_whether_each_post_may_be_seen(peopled: World) -> None:
    await peopled.add(
        peopled.post(10, BEN, "private"),
        peopled.post(11, EVE, "private"),
        peopled.post(12, EVE, "direct"),
        peopled.post(13, EVE, "direct"),
        peopled.mention(13, ANNA),
        peopled.post(14, EVE, state=PostState.DRAFT),
        peopled.post(15, ANNA, state=PostState.DRAFT),
        *(peopled.home(ANNA, key) for key in range(10, 16)),
    )
    assert (await home(peopled)).rows == [15, 13, 10]


async def test_pages_are_cut_after_what_may_not_be_seen_is_left_out(peopled: World) -> None:
    hidden = [peopled.post(key, EVE, "direct") for key in range(20, 60)]
    await peopled.add(
        peopled.post(10, BEN), *hidden, *(peopled.home(ANNA, key) for key in (10, *range(20, 60)))
    )
    assert await home(peopled, Page(limit=5)) == Slice(rows=[10], more=False)


async def test_public_and_tagged_show_public_posts(peopled: World) -> None:
    await peopled.add(
        peopled.account(9, "far", "elsewhere.test"),
        peopled.post(10, BEN),
        peopled.post(11, BEN, "unlisted"),
        peopled.post(12, BEN, "private"),
        peopled.post(13, 9, local=False),
        peopled.post(14, ANNA, reblog_of_id=10),
        peopled.post(
            15,
            ANNA,
            in_reply_to_id=10,
            in_reply_to_account_id=BEN,
            in_reply_to_iri="https://fedi.test/posts/10",
        ),
        peopled.post(
            16,
            BEN,
            in_reply_to_id=10,
            in_reply_to_account_id=BEN,
            in_reply_to_iri="https://fedi.test/posts/10",
        ),
        peopled.post(17, ANNA, in_reply_to_iri="https://gone.test/1"),
        *(peopled.tag("sky", key) for key in (10, 11, 12, 13, 15)),
        Attachment(id=1, account_id=9, post_id=13, kind="image", created_at=peopled.server.clock()),
    )
    async with peopled.server.ctx.db.read() as tx:
        for viewer in (None, ANNA):
            assert (await timelines.public(tx, viewer, WHOLE)).rows == [16, 13, 10]
            assert (await timelines.public(tx, viewer, WHOLE, local=True)).rows == [16, 10]
            assert (await timelines.public(tx, viewer, WHOLE, remote=True)).rows == [13]
            assert (await timelines.public(tx, viewer, WHOLE, only_media=True)).rows == [13]
            assert (await timelines.tagged(tx, viewer, "SKY", WHOLE)).rows == [15, 13, 10]
            assert (await timelines.tagged(tx, viewer, "sky", Page(limit=1, max_id=13))).rows == [10]
            assert (await timelines.tagged(tx, viewer, "sky", WHOLE, local=True)).rows == [15, 10]


@pytest.mark.parametrize(
    ("viewer", "rows"),
    [(None, [11, 10]), (EVE, [11, 10]), (ANNA, [12, 11, 10]), (BEN, [14, 13, 12, 11, 10])],
)
async def test_an_accounts_posts_depend_on_who_looks(
    peopled: World, viewer: int | None, rows: list[int]
) -> None:
    await peopled.add(
        peopled.post(10, BEN),
        peopled.post(11, BEN, "unlisted"),
        peopled.post(12, BEN, "private"),
        peopled.post(13, BEN, "direct"),
        peopled.post(14, BEN, state=PostState.DRAFT),
        peopled.follow(2, EVE, BEN, FollowState.PENDING),
    )
    async with peopled.server.ctx.db.read() as tx:
        assert (await timelines.of_account(tx, viewer, BEN, WHOLE)).rows == rows


async def test_favourites_come_in_the_order_of_liking(peopled: World) -> None:
    now = peopled.server.clock()
    await peopled.add(
        peopled.post(10, BEN),
        peopled.post(11, BEN),
        peopled.post(12, EVE, "direct"),
        *(
            Favourite(
                id=key, account_id=ANNA, post_id=post, iri=f"https://fedi.test/likes/{key}", created_at=now
            )
            for key, post in ((1, 11), (2, 10), (3, 12))
        ),
    )
    async with peopled.server.ctx.db.read() as tx:
        assert (await timelines.favourites(tx, ANNA, WHOLE)).rows == [(2, 10), (1, 11)]
