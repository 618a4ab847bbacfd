"""Search on both databases."""

import pytest

from fedi.models import Block, DomainBlock
from fedi.queries import search
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def peopled(world: World) -> World:
    """Some people, and hashtags in use."""
    await world.add(
        world.account(1, "anna", display_name="Anna of the Lake"),
        world.account(2, "annabel", "elsewhere.test", followers_count=9),
        world.account(3, "100%_sure", "elsewhere.test", display_name="Percent"),
        world.account(4, "ann_gone", suspended_at=world.server.clock()),
        world.account(5, "annserver", kind="Application"),
        world.account(6, "eve", display_name="annually"),
        world.follow(1, 1, 6),
        world.post(10, 1),
        world.post(11, 1),
        world.post(12, 1, "private"),
        *(world.tag(name, key) for name, key in (("lake", 10), ("lakes", 10), ("lakes", 11), ("land", 12))),
    )
    return world


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ann", ["eve", "annabel", "anna"]),
        ("ANNA", ["annabel", "anna"]),
        ("@annab", ["annabel"]),
        ("annabel@else", ["annabel"]),
        ("anna of the", ["anna"]),
        ("lake", ["anna"]),
        ("ake", []),
        ("100%_s", ["100%_sure"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("", []),
        ("x" * 201, []),
        ("' OR 1=1 --", []),
    ],
)
async def test_people_are_found_by_how_they_begin(peopled: World, words: str, found: list[str]) -> None:
    async with peopled.server.ctx.db.read() as tx:
        people = await search.accounts(tx, words, viewer_id=1, limit=10)
    assert [account.username for account in people] == found


@pytest.mark.parametrize(("who", "whom"), [(1, 6), (6, 1)])
async def test_who_is_apart_from_the_viewer_is_not_found(peopled: World, who: int, whom: int) -> None:
    now = peopled.server.clock()
    await peopled.add(
        Block(id=1, account_id=who, target_id=whom, iri="https://fedi.test/blocks/1", created_at=now),
        DomainBlock(id=1, account_id=1, domain="elsewhere.test", created_at=now),
    )
    async with peopled.server.ctx.db.read() as tx:
        found = await search.accounts(tx, "ann", viewer_id=1, limit=10)
        by_strangers = await search.accounts(tx, "ann", viewer_id=None, limit=10)
    assert [account.username for account in found] == ["anna"]
    assert {account.username for account in by_strangers} == {"anna", "annabel", "eve"}


async def test_the_search_can_be_narrowed_and_paged(peopled: World) -> None:
    async with peopled.server.ctx.db.read() as tx:
        followed = await search.accounts(tx, "ann", viewer_id=1, limit=10, following=True)
        second = await search.accounts(tx, "ann", viewer_id=None, limit=1, offset=1)
    assert [account.username for account in followed] == ["eve"]
    assert [account.username for account in second] == ["anna"]


@pytest.mark.parametrize(
    ("words", "found"), [("#La", ["lakes", "lake"]), ("lakes", ["lakes"]), ("land", []), ("%", []), ("", [])]
)
async def test_hashtags_are_found_in_public_posts_the_most_used_first(
    peopled: World, words: str, found: list[str]
) -> None:
    async with peopled.server.ctx.db.read() as tx:
        assert list(await search.hashtags(tx, words, limit=10)) == found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("anna@a.test", True), ("@anna@a.test", True), ("@Anna.B_c-d@a.test:8443", True),
        ("anna", False), ("@anna", False), ("a b@c.test", False), ("anna@a b", False), ("@@a.test", False),
        ("ánna@a.test", False), ("anna@a@b", False), ("https://a.test/@anna", False),
    ],
)  # fmt: skip
def test_what_a_handle_looks_like(words: str, *, expected: bool) -> None:
    assert search.is_handle(words) is expected
