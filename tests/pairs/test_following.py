"""A follow between two of our servers, from the handle to the picture in the timeline and its end."""

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from fedi.models import Account, Activity, ActivityState, Attachment, Follow, FollowState, Post, Tombstone
from fedi.outbound import resolve
from fedi.queries import posts as find
from fedi.services import attaching, following, interacting, posting
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def follow(server: Server, who: Account, handle: str) -> Account:
    """Have somebody follow a handle, as the API does."""
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


async def publish_picture(server: Server, author: Account) -> Post:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(data, "PNG")
    picture = await attaching.upload(
        server.ctx, account_id=author.id, data=data.getvalue(), description="a red wall", focus=(0.5, -0.5)
    )
    return await publish(server, author, "look #art", attachment_ids=(picture.id,))


async def delete(server: Server, author: Account, post: Post) -> None:
    async with server.ctx.db.write() as tx:
        me, mine = await tx.get_one(Account, author.id), await tx.get_one(Post, post.id)
        await posting.delete(server.ctx, tx, post=mine, author=me)


async def unhandled(server: Server) -> list[tuple[str, str, str | None]]:
    """Return the activities that did not end as they should."""
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Activity.kind, Activity.state, Activity.reason).where(Activity.state != ActivityState.DONE)
        )
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize("direction", ["a follows b", "b follows a"])
async def test_from_a_handle_to_a_picture_at_home_and_its_end(pair: Pair, direction: str) -> None:
    here, there = (pair.a, pair.b) if direction == "a follows b" else (pair.b, pair.a)
    reader, painter = await here.person("reader"), await there.person("painter")

    # Given a follow that the other side agreed to,
    await follow(here, reader, f"painter@{there.settings.host}")
    await pair.settle()
    async with here.ctx.db.read() as tx:
        relation = (await tx.execute(select(Follow))).scalar_one()
    assert relation.state == FollowState.ACCEPTED
    assert await looking.told(there, painter) == ["follow"]

    # when a picture is posted there,
    post = await publish_picture(there, painter)
    await pair.settle()

    # then it is at home here, with all that describes it,
    assert await looking.home(here, reader) == [post.iri]
    async with here.ctx.db.read() as tx:
        picture = (await tx.execute(select(Attachment))).scalar_one()
        original = await there_picture(there)
        view = await find.load_one(tx, (await looking.get_post(here, post.iri)).id)
    assert view is not None
    assert view.tags == ("art",)
    assert (picture.description, picture.kind) == ("a red wall", "image")
    assert (picture.width, picture.height, picture.blurhash) == (
        original.width,
        original.height,
        original.blurhash,
    )
    assert (picture.focus_x, picture.focus_y) == (0.5, -0.5)
    assert picture.remote_url is not None
    file = await there.client.get(picture.remote_url.removeprefix(there.settings.origin))
    assert file.status_code == 200

    # and when it is deleted there, it is gone here, for good.
    await delete(there, painter, post)
    await pair.settle()
    assert await looking.home(here, reader) == []
    assert await looking.find_post(here, post.iri) is None
    assert await looking.count(here, Attachment) == 0
    assert await looking.count(here, Tombstone) == 1
    assert await unhandled(here) == await unhandled(there) == []


async def there_picture(server: Server) -> Attachment:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Attachment))).scalar_one()


async def test_unfollowing_ends_it_on_both_sides(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    target = await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    async with pair.a.ctx.db.write() as tx:
        me = await tx.get_one(Account, reader.id)
        await following.unfollow(pair.a.ctx, tx, follower=me, target=target)
    await pair.settle()
    for server in (pair.a, pair.b):
        assert await looking.count(server, Follow) == 0
    assert (await looking.get_account(pair.b, painter.iri)).followers_count == 0
    await publish(pair.b, painter)
    await pair.settle()
    assert await looking.home(pair.a, reader) == []


async def test_following_and_unfollowing_quickly_ends_as_it_was_meant(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    target = await resolve.handle(pair.a.ctx, "painter@b.test")
    for verb in (following.follow, following.unfollow, following.follow):
        async with pair.a.ctx.db.write() as tx:
            me = await tx.get_one(Account, reader.id)
            await verb(pair.a.ctx, tx, follower=me, target=target)
    await pair.settle()
    for server in (pair.a, pair.b):
        async with server.ctx.db.read() as tx:
            relation = (await tx.execute(select(Follow))).scalar_one()
        assert relation.state == FollowState.ACCEPTED
    assert (await looking.get_account(pair.b, painter.iri)).followers_count == 1


@pytest.mark.parametrize("answer", ["accept", "reject"])
async def test_a_locked_account_answers_by_hand(pair: Pair, answer: str) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    async with pair.b.ctx.db.write() as tx:
        (await tx.get_one(Account, painter.id)).locked = True
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    assert await looking.told(pair.b, painter) == ["follow_request"]
    async with pair.b.ctx.db.write() as tx:
        asker = await looking.get_account(pair.b, reader.iri)
        me = await tx.get_one(Account, painter.id)
        verb = following.accept_request if answer == "accept" else following.reject_request
        await verb(pair.b.ctx, tx, follower=asker, target=me)
    await pair.settle()
    expected = 1 if answer == "accept" else 0
    for server in (pair.a, pair.b):
        assert await looking.count(server, Follow, Follow.state == FollowState.ACCEPTED) == expected
        assert await looking.count(server, Follow) == expected


async def test_a_follower_can_be_removed(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    async with pair.b.ctx.db.write() as tx:
        fan = await looking.get_account(pair.b, reader.iri)
        me = await tx.get_one(Account, painter.id)
        await following.remove_follower(pair.b.ctx, tx, follower=fan, target=me)
    await pair.settle()
    for server in (pair.a, pair.b):
        assert await looking.count(server, Follow) == 0


async def test_a_conversation_goes_back_and_forth(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    post = await publish(pair.b, painter)
    await pair.settle()
    seen = await looking.get_post(pair.a, post.iri)
    answer = await publish(pair.a, reader, "@painter@b.test fine!", in_reply_to_id=seen.id)
    await pair.settle()
    arrived = await looking.get_post(pair.b, answer.iri)
    assert arrived.in_reply_to_id == post.id
    assert await looking.told(pair.b, painter) == ["follow", "mention"]
    assert (await looking.get_post(pair.b, post.iri)).replies_count == 1
    back = await publish(
        pair.b, painter, "@reader@a.test thanks", in_reply_to_id=arrived.id, visibility="direct"
    )
    await pair.settle()
    assert (await looking.get_post(pair.a, back.iri)).visibility == "direct"
    assert await looking.told(pair.a, reader) == ["mention"]


async def test_private_posts_reach_followers_only(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    stranger = await pair.a.person("stranger")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    post = await publish(pair.b, painter, visibility="private")
    await pair.settle()
    assert await looking.home(pair.a, reader) == [post.iri]
    assert await looking.home(pair.a, stranger) == []
    assert (await looking.get_post(pair.a, post.iri)).visibility == "private"


async def test_favours_and_boosts_and_their_end(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    post = await publish(pair.b, painter)
    await pair.settle()
    for verb in (interacting.favourite, interacting.boost):
        async with pair.a.ctx.db.write() as tx:
            me = await tx.get_one(Account, reader.id)
            seen = (await tx.execute(select(Post).where(Post.iri == post.iri))).scalar_one()
            await verb(pair.a.ctx, tx, account=me, post=seen)
    await pair.settle()
    counted = await looking.get_post(pair.b, post.iri)
    assert (counted.favourites_count, counted.reblogs_count) == (1, 1)
    assert sorted(await looking.told(pair.b, painter)) == ["favourite", "follow", "reblog"]
    for undo in (interacting.unfavourite, interacting.unboost):
        async with pair.a.ctx.db.write() as tx:
            me = await tx.get_one(Account, reader.id)
            seen = (await tx.execute(select(Post).where(Post.iri == post.iri))).scalar_one()
            await undo(pair.a.ctx, tx, account=me, post=seen)
    await pair.settle()
    counted = await looking.get_post(pair.b, post.iri)
    assert (counted.favourites_count, counted.reblogs_count) == (0, 0)
    assert await looking.told(pair.b, painter) == ["follow"]


async def test_a_server_that_was_down_gets_everything_in_order(pair: Pair) -> None:
    reader, painter = await pair.a.person("reader"), await pair.b.person("painter")
    await follow(pair.a, reader, "painter@b.test")
    await pair.settle()
    down = pair.a.network.hosts.pop("a.test")
    kept, lost = await publish(pair.b, painter, "kept"), await publish(pair.b, painter, "lost")
    await delete(pair.b, painter, lost)
    for _ in range(4):
        await pair.b.work()
        pair.b.clock.advance(300)
    pair.a.network.hosts["a.test"] = down
    pair.b.clock.advance(3600)
    pair.a.clock.offset = pair.b.clock.offset
    await pair.settle()
    assert await looking.home(pair.a, reader) == [kept.iri]
    assert await looking.find_post(pair.a, lost.iri) is None
