"""Pages of groups over random notifications, on both databases: nothing is lost and nothing comes twice."""

import random
from dataclasses import dataclass

import pytest

from fedi.models import Notification
from fedi.queries import notification_groups, notifications
from fedi.queries.notification_groups import Stretch
from fedi.queries.notifications import alone
from fedi.queries.page import Page
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, PEOPLE = 1, (2, 3, 4)
OWN, HIDDEN = (10, 11), 12
"""Two posts of hers, and one that she may not see any more."""


@dataclass(frozen=True)
class Line:
    """A notification that Anna sees, and the group that it is in."""

    id: int
    key: str


def invented(dice: random.Random, world: World, count: int) -> list[Notification]:
    """Make up notifications, more of them in groups than alone."""
    made = []
    for number in sorted(dice.sample(range(1, 10 * count), count)):
        kind = dice.choice(["favourite", "favourite", "reblog", "follow", "mention"])
        post = None if kind == "follow" else dice.choice([*OWN, *OWN, HIDDEN])
        bucket = number // (4 * count)
        key = None if kind == "mention" else f"{kind}-{post or ''}-{bucket}"
        made.append(
            Notification(
                id=number, account_id=ANNA, from_account_id=dice.choice(PEOPLE), kind=kind, post_id=post,
                key=str(number), group_key=key, filtered=dice.random() < 0.1, created_at=world.server.clock(),
            )
        )  # fmt: skip
    return made


async def begin(world: World, seed: int, count: int) -> list[Line]:
    """Write notifications and return those that she is shown, the newest first."""
    made = invented(random.Random(seed), world, count)
    await world.add(
        world.account(ANNA, "anna"),
        *(world.account(key, f"person{key}") for key in PEOPLE),
        *(world.post(key, ANNA) for key in OWN),
        world.post(HIDDEN, PEOPLE[0], "direct"),
    )
    async with world.server.ctx.db.write() as tx:
        tx.add_all(made)
    shown = [row for row in reversed(made) if not row.filtered and row.post_id != HIDDEN]
    return [Line(id=row.id, key=row.group_key or alone(row.id)) for row in shown]


def check(found: Stretch, page: Page, lines: list[Line]) -> list[int]:
    """Compare a page of groups with the lines in its stretch, and return their ids, the newest first."""
    if not found.groups:
        return []
    high, low = found.keys
    held = [line for line in lines if low <= line.id <= high]
    assert {group.key for group in found.groups} == {line.key for line in held}
    newest = [group.newest.notification.id for group in found.groups]
    assert newest == sorted(newest, reverse=True)
    assert len(newest) <= page.limit
    for group in found.groups:
        of_group = [line.id for line in held if line.key == group.key]
        assert (group.newest.notification.id, group.lowest_id) == (of_group[0], of_group[-1])
        assert group.count == sum(line.key == group.key and line.id <= of_group[0] for line in lines)
        assert 1 <= len(group.sample) <= min(group.count, notification_groups.SAMPLE)
        assert set(group.sample) <= set(found.accounts)
    return [line.id for line in held]


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_cursor_cuts_right(world: World, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification_groups, "CHUNK", 5)  # so that pages are found in several pieces
    lines = await begin(world, seed, count=70)
    everything = [line.id for line in lines]
    dice = random.Random(seed)
    async with world.server.ctx.db.read() as tx:
        for limit in (1, 3, 8, 80):
            down, page = [], Page(limit=limit)
            while True:
                found = await notification_groups.page_of(tx, ANNA, page)
                down += check(found, page, lines)
                if not found.more:
                    break
                page = Page(limit=limit, max_id=found.keys[1])
            assert down == everything, "downwards"
            up, page = [], Page(limit=limit, min_id=0)
            while (found := await notification_groups.page_of(tx, ANNA, page)).groups:
                up += reversed(check(found, page, lines))
                page = Page(limit=limit, min_id=found.keys[0])
            assert up == everything[::-1], "upwards"
        for _ in range(25):
            below, above = sorted(dice.sample(range(720), 2))
            limit = dice.choice([1, 4, 80])
            page = Page(limit=limit, max_id=above, min_id=below)
            held = check(await notification_groups.page_of(tx, ANNA, page), page, lines)
            between = [key for key in everything if below < key < above]
            assert held == between[len(between) - len(held) :], "right above the cursor"
            page = Page(limit=limit, max_id=above, since_id=below)
            held = check(await notification_groups.page_of(tx, ANNA, page), page, lines)
            assert held == between[: len(held)], "the newest above the cursor"
            assert bool(held) == bool(between)
            single = await notifications.page_of(tx, ANNA, Page(limit=80, max_id=above, since_id=below))
            assert [view.notification.id for view in single.rows] == between, "one by one they are the same"


async def test_counts_are_those_of_the_pages(world: World) -> None:
    lines = await begin(world, 3, count=40)
    marker = lines[20].id
    newer = [line for line in lines if line.id > marker]
    async with world.server.ctx.db.read() as tx:
        assert await notifications.count_since(tx, ANNA, after=marker, most=100) == len(newer)
        assert await notifications.count_since(tx, ANNA, after=marker, most=3) == 3
        groups = len({line.key for line in newer})
        assert await notification_groups.count_since(tx, ANNA, after=marker, most=100) == groups
        assert await notification_groups.count_since(tx, ANNA, after=marker, most=2) == 2


async def test_those_in_a_group_are_paged(world: World) -> None:
    lines = await begin(world, 4, count=60)
    key = max({line.key for line in lines}, key=[line.key for line in lines].count)
    members = [line.id for line in lines if line.key == key]
    found, page = [], Page(limit=2)
    async with world.server.ctx.db.read() as tx:
        while True:
            part = await notification_groups.accounts_of(tx, ANNA, key, page)
            found += [notification_id for notification_id, _ in part.rows]
            if not part.more:
                break
            page = Page(limit=2, max_id=found[-1])
        whole = await notification_groups.find(tx, ANNA, key)
    assert found == members
    assert [(group.count, group.lowest_id) for group in whole.groups] == [(len(members), members[-1])]
