"""Threads on both databases."""

import pytest

from fedi.models import Post
from fedi.queries import threads
from fedi.queries.threads import Bounds
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, EVE = 1, 2


def answer(world: World, key: int, to: int | None, visibility: str = "public") -> Post:
    parent = {
        "in_reply_to_id": to,
        "in_reply_to_account_id": ANNA,
        "in_reply_to_iri": f"https://fedi.test/posts/{to}",
    }
    return world.post(key, ANNA, visibility, **(parent if to else {}))


async def around(world: World, key: int, viewer: int | None) -> tuple[list[int], list[int]]:
    async with world.server.ctx.db.read() as tx:
        post = await tx.get_one(Post, key)
        return await threads.ancestors(tx, viewer, post), await threads.descendants(tx, viewer, post)


async def test_answers_follow_what_they_answer(world: World) -> None:
    tree = {10: None, 11: 10, 12: 10, 13: 11, 14: 12, 15: 11, 16: 13}
    await world.add(world.account(ANNA, "anna"), *(answer(world, key, to) for key, to in tree.items()))
    assert await around(world, 10, None) == ([], [11, 13, 16, 15, 12, 14])
    assert await around(world, 13, None) == ([10, 11], [16])
    assert await around(world, 16, None) == ([10, 11, 13], [])


async def test_what_is_hidden_is_left_out_and_what_is_below_it_is_not(world: World) -> None:
    await world.add(
        world.account(ANNA, "anna"),
        world.account(EVE, "eve"),
        answer(world, 10, None),
        answer(world, 11, 10, "direct"),
        answer(world, 12, 11),
        answer(world, 13, 12),
    )
    assert await around(world, 10, EVE) == ([], [12, 13])
    assert await around(world, 13, EVE) == ([10, 12], [])
    assert await around(world, 13, ANNA) == ([10, 11, 12], [])


async def test_a_long_thread_is_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "STRANGERS", Bounds(above=3, below=3, levels=20))
    chain = [answer(world, key, key - 1 if key > 10 else None) for key in range(10, 40)]
    await world.add(world.account(ANNA, "anna"), *chain)
    assert await around(world, 20, None) == ([17, 18, 19], [21, 22, 23])
    monkeypatch.setattr(threads, "PEOPLE", Bounds(above=4, below=5, levels=20))
    assert await around(world, 20, ANNA) == ([16, 17, 18, 19], [21, 22, 23, 24, 25])
    monkeypatch.setattr(threads, "PEOPLE", Bounds(above=4, below=5, levels=2))
    assert await around(world, 20, ANNA) == ([16, 17, 18, 19], [21, 22])


async def test_people_see_whole_threads_and_strangers_a_beginning(world: World) -> None:
    chain = [answer(world, key, key - 1 if key > 1000 else None) for key in range(1000, 1100)]
    wide = [answer(world, key, 1000) for key in range(2000, 2100)]
    async with world.server.ctx.db.write() as tx:
        tx.add(world.account(ANNA, "anna"))
        await tx.flush()
        tx.add_all(chain + wide)
    above, below = await around(world, 1099, None)
    assert (len(above), len(below)) == (40, 0)
    above, below = await around(world, 1000, None)
    assert len(below) == 60
    assert max(set(below) & set(range(1000, 1100))) <= 1020, "levels"
    assert [len(ids) for ids in await around(world, 1099, ANNA)] == [99, 0]
    assert [len(ids) for ids in await around(world, 1000, ANNA)] == [0, 199]


async def test_answers_to_one_post_come_in_pages_of_what_the_viewer_may_see(world: World) -> None:
    await world.add(
        world.account(ANNA, "anna"),
        world.account(EVE, "eve"),
        answer(world, 10, None),
        *(answer(world, key, 10) for key in range(11, 16)),
        answer(world, 16, 10, "private"),
        answer(world, 17, 11),
    )
    async with world.server.ctx.db.read() as tx:
        first = await threads.answers(tx, None, 10, after=0, limit=3)
        rest = await threads.answers(tx, None, 10, after=13, limit=3)
        mine = await threads.answers(tx, ANNA, 10, after=13, limit=3)
        counts = [await threads.count_answers(tx, viewer, 10) for viewer in (None, EVE, ANNA)]
    assert ([key for key, _ in first.rows], first.more) == ([11, 12, 13], True)
    assert ([key for key, _ in rest.rows], rest.more) == ([14, 15], False)
    assert rest.rows[0][1] == "https://fedi.test/posts/14"
    assert [key for key, _ in mine.rows] == [14, 15, 16]
    assert counts == [5, 5, 6]


async def test_a_conversation_comes_in_pages_of_what_everyone_may_see(world: World) -> None:
    def part(key: int, visibility: str = "public", name: str = "c1") -> Post:
        return world.post(key, ANNA, visibility, conversation=name)

    await world.add(
        world.account(ANNA, "anna"),
        *(part(key) for key in (10, 11, 12)),
        part(13, "direct"),
        part(14, name="c2"),
        part(15, "unlisted"),
    )
    async with world.server.ctx.db.read() as tx:
        first = await threads.conversation(tx, "c1", after=0, limit=3)
        rest = await threads.conversation(tx, "c1", after=12, limit=3)
        count = await threads.count_conversation(tx, "c1")
    assert ([key for key, _ in first.rows], first.more) == ([10, 11, 12], True)
    assert ([key for key, _ in rest.rows], rest.more) == ([15], False)
    assert count == 4
