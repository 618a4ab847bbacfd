"""Profiles between two of our servers: changed, with pins and hashtags, and their end."""

from typing import Any

import pytest
from sqlalchemy import select

from activitypub.errors import GoneError
from fedi.models import Account, Activity, ActivityState, FeaturedTag, Follow, FollowState, Pin, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from fedi.queries import accounts as find_account
from fedi.services import (
    featuring,
    following,
    interacting,
    leaving,
    pinning,
    posting,
    profile,
    renewing,
    visiting,
)
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def follow(server: Server, who: Account, handle: str) -> Account:
    target = await resolve.handle(server.ctx, handle)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await following.follow(server.ctx, tx, follower=me, target=target)
    return target


async def publish(server: Server, author: Account, text: str = "hello", **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": text, "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def edit(pair: Pair, server: Server, who: Account, **wish: Any) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await profile.edit(server.ctx, tx, account=me, wish=profile.Edit(**wish))
    server.clock.advance(renewing.COALESCE_S + 1)
    await pair.settle()


async def unhandled(server: Server) -> list[tuple[str, str, str | None]]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Activity.kind, Activity.state, Activity.reason).where(Activity.state != ActivityState.DONE)
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def pinned(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Post.iri).join(Pin, Pin.post_id == Post.id).order_by(Pin.created_at.desc())
        )
        return list(rows.scalars())


async def tags(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(FeaturedTag.name).order_by(FeaturedTag.id))).scalars())


async def test_a_changed_profile_reaches_followers(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    pair.a.clock.offset = pair.b.clock.offset
    await edit(
        pair,
        pair.b,
        painter,
        display_name="The Painter",
        note="I paint #sky",
        fields=[("Site", "x")],
        bot=True,
    )
    seen = await looking.get_account(pair.a, painter.iri)
    assert (seen.display_name, seen.kind) == ("The Painter", "Service")
    assert "#<span>sky</span>" in seen.note
    assert [row["name"] for row in seen.fields] == ["Operator", "Site"]
    assert await unhandled(pair.a) == []


async def test_a_changed_profile_reaches_who_liked_without_following(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    post = await publish(pair.b, painter)
    found = await resolve.note(pair.a.ctx, post.iri)
    async with pair.a.ctx.db.write() as tx:
        me, note = await tx.get_one(Account, reader.id), await tx.get_one(Post, found.id)
        await interacting.favourite(pair.a.ctx, tx, account=me, post=note)
    await pair.settle()
    await edit(pair, pair.b, painter, display_name="The Painter")
    assert (await looking.get_account(pair.a, painter.iri)).display_name == "The Painter"


async def test_pins_and_hashtags_reach_followers_and_are_taken_back(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    old = await publish(pair.b, painter, "from before")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    new = await publish(pair.b, painter, "a new one")
    async with pair.b.ctx.db.write() as tx:
        me = await tx.get_one(Account, painter.id)
        for post in (old, new):
            await pinning.pin(pair.b.ctx, tx, account=me, post=await tx.get_one(Post, post.id))
        tag = await featuring.feature(pair.b.ctx, tx, account=me, name="Sky")
    await pair.settle()
    assert set(await pinned(pair.a)) == {new.iri, old.iri}
    assert await tags(pair.a) == ["sky"]
    async with pair.b.ctx.db.write() as tx:
        me = await tx.get_one(Account, painter.id)
        await pinning.unpin(pair.b.ctx, tx, account=me, post=await tx.get_one(Post, old.id))
        await featuring.unfeature(pair.b.ctx, tx, account=me, tag_id=tag.id)
    await pair.settle()
    assert await pinned(pair.a) == [new.iri]
    assert await tags(pair.a) == []
    assert await unhandled(pair.a) == []


async def test_who_opens_a_profile_sees_what_it_shows(pair: Pair) -> None:
    painter = await pair.b.person("painter")
    posts = [await publish(pair.b, painter, f"post {number}") for number in range(3)]
    async with pair.b.ctx.db.write() as tx:
        me = await tx.get_one(Account, painter.id)
        for post in posts[:2]:
            await pinning.pin(pair.b.ctx, tx, account=me, post=await tx.get_one(Post, post.id))
        await featuring.feature(pair.b.ctx, tx, account=me, name="sky")
    account = await resolve.handle(pair.a.ctx, "painter@b.test")
    async with pair.a.ctx.db.write() as tx:
        await visiting.plan(pair.a.ctx, tx, account=account)
    await pair.settle()
    assert sorted(await pinned(pair.a)) == sorted(post.iri for post in posts[:2])
    assert await tags(pair.a) == ["sky"]


async def test_a_deleted_account_is_gone_everywhere(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    post = await publish(pair.b, painter)
    await pair.settle()
    assert await looking.home(pair.a, reader) == [post.iri]
    async with pair.b.ctx.db.write() as tx:
        await leaving.leave(pair.b.ctx, tx, account=await tx.get_one(Account, painter.id))
    await pair.settle()
    assert await looking.find_account(pair.a, painter.iri) is None
    assert await looking.home(pair.a, reader) == []
    assert (await looking.get_account(pair.a, reader.iri)).following_count == 0
    pair.b.clock.advance(leaving.DRAIN_POLL_S + 1)
    pair.a.clock.offset = pair.b.clock.offset
    await pair.settle()
    with pytest.raises(GoneError):
        await document(pair.a.ctx, painter.iri)
    async with pair.b.ctx.db.read() as tx:
        left = await find_account.local_by_name(tx, "painter")
    assert left is not None
    assert left.private_key_pem is None


@pytest.mark.parametrize("remembered", [True, False], ids=["key known", "key asked for"])
async def test_a_deletion_is_believed_by_who_has_the_key_and_who_has_to_ask(
    pair: Pair, *, remembered: bool
) -> None:
    await pair.a.person("reader")
    painter = await pair.b.person("painter")
    await resolve.handle(pair.b.ctx, "reader@a.test")
    await resolve.handle(pair.a.ctx, "painter@b.test")
    if not remembered:
        async with pair.a.ctx.db.write() as tx:
            seen = await find_account.by_iri(tx, painter.iri)
            assert seen is not None
            seen.public_keys = []
    async with pair.b.ctx.db.write() as tx:
        await leaving.leave(pair.b.ctx, tx, account=await tx.get_one(Account, painter.id))
    await pair.settle()
    assert await looking.find_account(pair.a, painter.iri) is None


async def test_a_locked_account_opens_and_lets_in_who_waits(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await edit(pair, pair.b, painter, locked=True)
    pair.a.clock.offset = pair.b.clock.offset
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    assert await looking.count(pair.a, Follow, Follow.state == FollowState.PENDING) == 1
    await edit(pair, pair.b, painter, locked=False)
    assert await looking.count(pair.a, Follow, Follow.state == FollowState.ACCEPTED) == 1
    assert (await looking.get_account(pair.a, painter.iri)).followers_count == 1
