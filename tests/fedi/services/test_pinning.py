"""Pinning posts of one's own, and keeping what others pin."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import Account, Activity, Pin, Post
from fedi.queries import pins
from fedi.services import pinning
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def pin(town: Town, who: str, post: Post, *, verb: Any = pinning.pin) -> None:
    ctx, person = town.server.ctx, await town.one(who)
    async with ctx.db.write() as tx:
        me, mine = await tx.get_one(Account, person.id), await tx.get_one(Post, post.id)
        await verb(ctx, tx, account=me, post=mine)


async def said(town: Town) -> list[dict[str, Any]]:
    """Return the Adds and Removes that went out."""
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Activity.raw).where(Activity.kind.in_(("Add", "Remove"))).order_by(Activity.id)
        )
        return [json.loads(raw) for raw in rows.scalars()]


async def shown(town: Town, who: str, viewer: str | None = None) -> list[int]:
    person = await town.one(who)
    reader = await town.one(viewer) if viewer else None
    async with town.server.ctx.db.read() as tx:
        return await pins.pinned(tx, reader.id if reader else None, person.id)


async def test_a_pin_is_told_to_followers_with_the_collection_that_is_meant(town: Town) -> None:
    post = await town.posts("anna")
    await pin(town, "anna", post)
    (add,) = await said(town)
    anna = await town.one("anna")
    assert (add["type"], add["actor"], add["object"]) == ("Add", anna.iri, post.iri)
    assert (add["target"], add["to"]) == (f"{anna.iri}/collections/featured", [PUBLIC])
    assert add["id"].startswith(f"{anna.iri}#pins/")
    assert await town.audience() == (True, set())
    _, payload = (await town.outgoing())[-1]
    assert payload["order_on"] == post.iri


async def test_a_second_pin_changes_and_says_nothing(town: Town) -> None:
    post = await town.posts("anna")
    await pin(town, "anna", post)
    await pin(town, "anna", post)
    assert len(await said(town)) == 1
    assert await shown(town, "anna") == [post.id]


async def test_an_unpin_takes_it_back_once(town: Town) -> None:
    post = await town.posts("anna")
    await pin(town, "anna", post)
    for _ in range(2):
        await pin(town, "anna", post, verb=pinning.unpin)
    add, remove = await said(town)
    assert (remove["type"], remove["object"], remove["target"]) == ("Remove", post.iri, add["target"])
    assert remove["id"] != add["id"]
    assert await shown(town, "anna") == []


async def test_the_last_pin_stands_first(town: Town) -> None:
    posts = [await town.posts("anna", f"post {number}") for number in range(3)]
    for post in (posts[1], posts[2], posts[0]):
        town.server.clock.advance(1)
        await pin(town, "anna", post)
    assert await shown(town, "anna") == [posts[0].id, posts[2].id, posts[1].id]


async def test_a_sixth_pin_is_refused(town: Town) -> None:
    posts = [await town.posts("anna", f"post {number}") for number in range(6)]
    for post in posts[:5]:
        await pin(town, "anna", post)
    with pytest.raises(Refused, match="maximum"):
        await pin(town, "anna", posts[5])
    await pin(town, "anna", posts[0], verb=pinning.unpin)
    await pin(town, "anna", posts[5])
    assert len(await shown(town, "anna")) == pinning.PINS_MAX


async def test_somebody_elses_post_cannot_be_pinned(town: Town) -> None:
    post = await town.posts("ben")
    with pytest.raises(Refused, match="Someone else") as refusal:
        await pin(town, "anna", post)
    assert refusal.value.status == 422


async def test_a_boost_cannot_be_pinned(town: Town) -> None:
    post = await town.posts("ben")
    boost = await town.keeps("anna", reblog_of_id=post.id)
    with pytest.raises(Refused, match="boost"):
        await pin(town, "anna", boost)


@pytest.mark.parametrize("columns", [{"visibility": "direct"}, {"state": "draft"}], ids=["direct", "draft"])
async def test_what_is_not_for_a_profile_cannot_be_pinned(town: Town, columns: dict[str, str]) -> None:
    post = await town.keeps("anna", **columns)
    with pytest.raises(Refused, match="only visible"):
        await pin(town, "anna", post)


async def test_a_pinned_post_for_followers_is_shown_and_told_to_them_only(town: Town) -> None:
    post = await town.posts("anna", visibility="private")
    await town.follows("ben", "anna")
    await pin(town, "anna", post)
    (add,) = await said(town)
    assert add["to"] == [f"{(await town.one('anna')).iri}/followers"]
    assert await shown(town, "anna", "ben") == [post.id]
    assert await shown(town, "anna") == await shown(town, "anna", "eve") == []


async def test_of_somebody_elsewhere_the_newest_ten_are_kept(town: Town) -> None:
    posts = [await town.keeps("bob@far.test") for _ in range(12)]
    for post in posts:
        town.server.clock.advance(1)
        await pin(town, "bob@far.test", post, verb=pinning.receive_pin)
    assert await shown(town, "bob@far.test") == [post.id for post in reversed(posts[2:])]
    assert await said(town) == []


async def test_a_list_from_elsewhere_replaces_what_was_known_and_keeps_its_order(town: Town) -> None:
    old, first, second = [await town.keeps("bob@far.test") for _ in range(3)]
    foreign = await town.keeps("carl@far.test")
    await pin(town, "bob@far.test", old, verb=pinning.receive_pin)
    ctx, bob = town.server.ctx, await town.one("bob@far.test")
    async with ctx.db.write() as tx:
        listed = [second.id, foreign.id, first.id, 404]
        await pinning.replace(ctx, tx, account=bob, post_ids=listed)
    assert await shown(town, "bob@far.test") == [second.id, first.id]


async def test_a_deleted_post_is_pinned_no_longer(town: Town) -> None:
    post = await town.posts("anna")
    await pin(town, "anna", post)
    await town.deletes("anna", post)
    async with town.server.ctx.db.read() as tx:
        assert (await tx.execute(select(Pin))).first() is None
