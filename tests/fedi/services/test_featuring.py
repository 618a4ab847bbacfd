"""Hashtags on a profile."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from fedi.errors import Refused
from fedi.models import Account, Activity, FeaturedTag
from fedi.services import featuring
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def feature(town: Town, who: str, name: str) -> FeaturedTag:
    ctx, person = town.server.ctx, await town.one(who)
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, person.id)
        return await featuring.feature(ctx, tx, account=me, name=name)


async def unfeature(town: Town, who: str, tag_id: int) -> None:
    ctx, person = town.server.ctx, await town.one(who)
    async with ctx.db.write() as tx:
        me = await tx.get_one(Account, person.id)
        await featuring.unfeature(ctx, tx, account=me, tag_id=tag_id)


async def names(town: Town, who: str) -> list[str]:
    person = await town.one(who)
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(FeaturedTag.name).where(FeaturedTag.account_id == person.id).order_by(FeaturedTag.id)
        )
        return list(rows.scalars())


async def said(town: Town) -> list[dict[str, Any]]:
    async with town.server.ctx.db.read() as tx:
        return [json.loads(raw) for raw in (await tx.execute(select(Activity.raw))).scalars()]


async def test_a_hashtag_is_shown_once_and_told_once(town: Town) -> None:
    first, again = await feature(town, "anna", "#Sky"), await feature(town, "anna", "sky")
    assert first.id == again.id
    (add,) = await said(town)
    anna = await town.one("anna")
    tag = {"type": "Hashtag", "name": "#sky", "href": "https://fedi.test/tags/sky"}
    assert (add["type"], add["object"]) == ("Add", tag)
    assert add["target"] == f"{anna.iri}/collections/tags"


async def test_a_hashtag_is_taken_off_and_that_is_told(town: Town) -> None:
    row = await feature(town, "anna", "sky")
    await unfeature(town, "anna", row.id)
    assert await names(town, "anna") == []
    add, remove = await said(town)
    assert (remove["type"], remove["object"], remove["target"]) == ("Remove", add["object"], add["target"])


async def test_somebody_elses_hashtag_is_not_there(town: Town) -> None:
    row = await feature(town, "anna", "sky")
    with pytest.raises(Refused) as refusal:
        await unfeature(town, "ben", row.id)
    assert refusal.value.status == 404
    assert await names(town, "anna") == ["sky"]


@pytest.mark.parametrize("name", ["", "#", "two words", "1984", "a" * 201, "sky!", "sky #sea"])
async def test_what_is_no_hashtag_is_refused(town: Town, name: str) -> None:
    with pytest.raises(Refused, match="invalid"):
        await feature(town, "anna", name)


async def test_an_eleventh_is_refused(town: Town) -> None:
    for number in range(featuring.TAGS_MAX):
        await feature(town, "anna", f"tag{number}")
    with pytest.raises(Refused, match="maximum"):
        await feature(town, "anna", "onemore")


async def test_of_somebody_elsewhere_the_last_ten_are_kept_and_nothing_is_told(town: Town) -> None:
    ctx, bob = town.server.ctx, await town.one("bob@far.test")
    async with ctx.db.write() as tx:
        for name in [*(f"tag{number}" for number in range(11)), "", "a" * 201]:
            await featuring.receive_feature(ctx, tx, account=bob, name=name)
        await featuring.receive_unfeature(tx, account=bob, name="tag5")
    assert await names(town, "bob@far.test") == [f"tag{number}" for number in range(1, 11) if number != 5]
    async with ctx.db.write() as tx:
        await featuring.replace(ctx, tx, account=bob, names=["sea", "", "sky", "sea"])
    assert await names(town, "bob@far.test") == ["sea", "sky"]
    assert await said(town) == []
