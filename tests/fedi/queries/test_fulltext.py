"""Searching posts by words and conditions, on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fedi.ids import first_id_at
from fedi.models import Account, Attachment, Favourite, Mute, Poll
from fedi.outbound import indexing
from fedi.queries import fulltext
from fedi.queries.fulltext import LATE, Extent
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ME, FRIEND, OPEN, SHY = 1, 2, 3, 4
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def favourite(world: World, post_id: int, account_id: int = ME) -> Favourite:
    return Favourite(
        id=post_id + 1000 * account_id, account_id=account_id, post_id=post_id, iri=f"x:{account_id}:{post_id}", created_at=world.server.clock()
    )  # fmt: skip


@pytest.fixture
async def library(world: World) -> World:
    """Posts by four people: me, a friend, one who lets everyone search, one who lets nobody."""
    posts = {
        10: (ME, "a red boat at dawn", {"visibility": "private", "language": "de"}),
        11: (ME, "Crème brûlée &amp; 東京タワー", {"visibility": "direct"}),
        20: (FRIEND, "my red boat", {"visibility": "private", "in_reply_to_iri": "x:1"}),
        21: (FRIEND, "red <b>boat</b> for you", {"visibility": "direct"}),
        22: (FRIEND, "another red boat, which nobody touched", {"visibility": "private"}),
        30: (OPEN, "everyone's boat is red", {"sensitive": True}),
        31: (OPEN, "a red boat for friends", {"visibility": "unlisted"}),
        40: (SHY, "a shy red boat", {}),
        41: (SHY, "a shy red boat that I like", {}),
    }
    await world.add(
        world.account(ME, "anna"),
        world.account(FRIEND, "ben", "b.test"),
        world.account(OPEN, "cy", "b.test", indexable=True),
        world.account(SHY, "dan", "b.test"),
        world.follow(1, ME, FRIEND),
    )
    rows = {
        key: world.post(
            key,
            author,
            more.pop("visibility", "public"),
            content=f"<p>{said}</p>",
            local=author == ME,
            **more,
        )
        for key, (author, said, more) in posts.items()
    }
    await world.add(
        *rows.values(),
        world.mention(21, ME),
        favourite(world, 20),
        favourite(world, 41),
        Attachment(
            id=900, account_id=OPEN, post_id=30, kind="image", description="A lighthouse", created_at=NOON
        ),
        Poll(
            id=901, post_id=10, options=["sailing", "rowing"], tallies=[0, 0], voters_count=0, expires_at=NOON
        ),
    )
    async with world.server.ctx.db.write() as tx:
        for row in rows.values():
            await indexing.index(tx, await tx.merge(row))
    return world


async def found(world: World, words: str, viewer_id: int = ME, **extent: Any) -> list[int]:
    async with world.server.ctx.db.read() as tx:
        wish = fulltext.parse(words)
        return await fulltext.find(tx, wish, viewer_id=viewer_id, extent=Extent(**{"limit": 20, **extent}))


async def test_one_finds_ones_own_what_one_had_to_do_with_and_who_consents(library: World) -> None:
    assert await found(library, "red boat") == [41, 30, 21, 20, 10]
    assert await found(library, "red boat", viewer_id=SHY) == [41, 40, 30], "their own and everyone's"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ('"red boat"', [41, 21, 20, 10]),
        ("RED Boat dawn", [10]),
        ("red -boat", []),
        ('red -"red boat"', [30]),
        ("red boat -dawn -from:ben@b.test", [41, 30]),
        ("creme brulee", [11]),
        ("CRÈME", [11]),
        ("京タ", [11]),
        ("東タ", []),
        ("lighthouse", [30]),
        ("rowing", [10]),
        ("boa", []),
        ("p", []),
        ("red from:me", [10]),
        ("from:me", [11, 10]),
        ("from:@anna", [11, 10]),
        ("red from:ben@b.test", [21, 20]),
        ("red from:nobody", []),
        ("red has:media", [30]),
        ("red has:image", [30]),
        ("red has:video", []),
        ("red -has:media", [41, 21, 20, 10]),
        ("red has:poll", [10]),
        ("red is:reply", [20]),
        ("red is:sensitive", [30]),
        ("red language:de", [10]),
        ("red -language:de", [41, 30, 21, 20]),
        ("red in:library", [41, 21, 20, 10]),
        ("red in:public", [30]),
        ("red in:all", [41, 30, 21, 20, 10]),
        ("red in:nowhere", []),
        ("has:media", []),
        ("-red", []),
        ("", []),
        ('"', []),
        ("' OR 1=1 --", []),
        ("red AND boat", []),
        ("red* OR dawn)", []),
    ],
)
async def test_a_search_says_what_it_wants(library: World, words: str, ids: list[int]) -> None:
    assert await found(library, words) == ids


async def test_nobody_finds_what_they_may_not_see_or_do_not_want(library: World) -> None:
    world = library
    # Somebody who once liked a post for followers, and follows no more.
    await world.add(favourite(world, 20, SHY))
    assert 20 not in await found(world, "boat", viewer_id=SHY)
    await world.add(world.post(12, ME, "direct", state="draft", content="<p>Drawing: red</p>"))
    assert await found(world, "from:me") == [11, 10], "what is being drawn is no post yet"
    async with world.server.ctx.db.write() as tx:
        (await tx.get_one(Account, OPEN)).silenced_at = world.server.clock()
    assert await found(world, "red in:public") == [], "somebody limited is met by followers only"
    async with world.server.ctx.db.write() as tx:
        (await tx.get_one(Account, OPEN)).silenced_at = None
    await world.add(
        Mute(id=1, account_id=ME, target_id=OPEN, notifications=True, created_at=world.server.clock())
    )
    assert await found(world, "red in:public") == []
    async with world.server.ctx.db.write() as tx:
        (await tx.get_one(Account, FRIEND)).suspended_at = world.server.clock()
    assert await found(world, "red boat") == [41, 10]


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("before:2026-11-24", [23, 22]),
        ("-before:2026-11-24", [25, 24]),
        ("after:2026-11-23", [25, 24]),
        ("during:2026-11-24", [24]),
        ("-during:2026-11-24", [25, 23, 22]),
        ("after:2026-11-23 before:2026-11-25", [24]),
        ("before:1969-01-01", []),
        ("before:9999-12-31", []),
        ("after:2026-99-01", []),
        ("before:soon", []),
    ],
)
async def test_a_search_names_days(world: World, condition: str, days: list[int]) -> None:
    await world.add(world.account(ME, "anna"))
    written = {}
    for day in (22, 23, 24, 25):
        at = NOON.replace(day=day)
        written[first_id_at(at + LATE / 2)] = (
            day,
            world.post(first_id_at(at + LATE / 2), ME, content="<p>red</p>"),
        )
        written[first_id_at(at + LATE / 2)][1].created_at = at
    await world.add(*(row for _, row in written.values()))
    async with world.server.ctx.db.write() as tx:
        for _, row in written.values():
            await indexing.index(tx, await tx.merge(row))
    assert [written[one][0] for one in await found(world, f"red {condition}")] == days


async def test_a_search_is_cut_into_pages_and_to_one_account(library: World) -> None:
    assert await found(library, "red boat", limit=2) == [41, 30]
    assert await found(library, "red boat", limit=2, offset=2) == [21, 20]
    assert await found(library, "red boat", max_id=30) == [21, 20, 10]
    assert await found(library, "red boat", min_id=20) == [41, 30, 21]
    assert await found(library, "red boat", account_id=FRIEND) == [21, 20]
    assert await found(library, "is:reply", account_id=FRIEND) == [20]
