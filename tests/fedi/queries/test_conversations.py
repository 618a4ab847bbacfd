"""Conversations on both databases."""

import random

import pytest

from fedi.models import Block, Conversation
from fedi.queries import conversations
from fedi.queries.page import Page
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN, CARA = 1, 2, 3


async def test_pages_lose_and_repeat_nothing(world: World) -> None:
    dice = random.Random(1)
    messages = sorted(dice.sample(range(10, 400), 30))
    blocked = set(dice.sample(messages, 6))
    await world.add(
        world.account(ANNA, "anna"),
        world.account(BEN, "ben"),
        world.account(CARA, "cara"),
        Block(
            id=5, account_id=ANNA, target_id=CARA, iri="https://fedi.test/b", created_at=world.server.clock()
        ),
        *(world.post(key, CARA if key in blocked else BEN, "direct") for key in messages),
        *(world.mention(key, ANNA) for key in messages),
        *(
            # The ids of the rows say nothing about their order.
            Conversation(id=1000 - key, account_id=ANNA, thread=str(key), last_post_id=key)
            for key in messages
        ),
    )
    everything = [key for key in reversed(messages) if key not in blocked]
    async with world.server.ctx.db.read() as tx:
        for limit in (1, 4, 24, 40):
            down, page = [], Page(limit=limit)
            while True:
                found = await conversations.page_of(tx, ANNA, page)
                assert len(found.rows) <= limit
                down += [view.conversation.last_post_id for view in found.rows]
                if not found.more:
                    break
                page = Page(limit=limit, max_id=down[-1])
            assert down == everything
            up, page = [], Page(limit=limit, min_id=0)
            while (found := await conversations.page_of(tx, ANNA, page)).rows:
                up += [view.conversation.last_post_id for view in reversed(found.rows)]
                page = Page(limit=limit, min_id=up[-1])
            assert up == everything[::-1]
        assert await conversations.find(tx, BEN, 1000 - everything[0]) is None
