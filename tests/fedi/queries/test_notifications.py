"""Notifications on both databases."""

from typing import Any

import pytest

from fedi.models import Account, Notification
from fedi.queries import notifications
from fedi.queries.notifications import Narrowing
from fedi.queries.page import Page
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN = 1, 2
WHOLE = Page(limit=40)


@pytest.fixture
async def told(world: World) -> World:
    """Anna was told of four things."""
    now = world.server.clock()
    causes = {1: ("follow", None), 2: ("favourite", 10), 3: ("mention", 11), 4: ("mention", 12)}
    await world.add(
        world.account(ANNA, "anna"),
        world.account(BEN, "ben"),
        world.post(10, ANNA),
        world.post(11, BEN),
        world.post(12, BEN, "direct"),  # she is not mentioned any more
        *(
            Notification(
                id=key,
                account_id=ANNA,
                from_account_id=BEN,
                kind=kind,
                post_id=post,
                key=str(key),
                created_at=now,
            )
            for key, (kind, post) in causes.items()
        ),
    )
    return world


async def ids(world: World, page: Page = WHOLE, **narrowed: Any) -> list[int]:
    async with world.server.ctx.db.read() as tx:
        found = await notifications.page_of(tx, ANNA, page, Narrowing(**narrowed))
    return [view.notification.id for view in found.rows]


async def test_they_come_with_who_and_what(told: World) -> None:
    async with told.server.ctx.db.read() as tx:
        found = await notifications.page_of(tx, ANNA, WHOLE)
        one = await notifications.find(tx, ANNA, 2)
        assert await notifications.find(tx, BEN, 2) is None
    assert [
        (view.notification.kind, view.account.id, view.post and view.post.post.id) for view in found.rows
    ] == [
        ("mention", BEN, 11),
        ("favourite", BEN, 10),
        ("follow", BEN, None),
    ]
    assert one is not None
    assert one.notification.id == 2


async def test_they_are_narrowed_and_cut(told: World) -> None:
    assert await ids(told, kinds={"mention"}) == [3]
    assert await ids(told, kinds=set()) == []
    assert await ids(told, without={"mention"}) == [2, 1]
    assert await ids(told, from_account_id=ANNA) == []
    assert await ids(told, Page(limit=1, max_id=3)) == [2]
    assert await ids(told, Page(limit=1, min_id=1)) == [2]


async def test_what_may_not_be_seen_is_left_out_before_the_page_is_cut(told: World) -> None:
    async with told.server.ctx.db.read() as tx:
        found = await notifications.page_of(tx, ANNA, Page(limit=3))
    assert ([view.notification.id for view in found.rows], found.more) == ([3, 2, 1], False)


async def test_a_suspended_person_is_not_heard_of(told: World) -> None:
    async with told.server.ctx.db.write() as tx:
        (await tx.get_one(Account, BEN)).suspended_at = told.server.clock()
    assert await ids(told) == []
