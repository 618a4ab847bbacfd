"""Posting, drawing and repeating a request: the same on both databases, also when it all happens at once."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import (
    Account,
    Activity,
    Attachment,
    HomeEntry,
    Idempotency,
    Job,
    Mention,
    Notification,
    Placeholder,
    Post,
    PostState,
    PostTag,
    Tombstone,
)  # fmt: skip
from fedi.queries import posts as find
from fedi.services import composing, following, interacting
from fedi.services.posting import NewPost
from fedi.worker import run_one
from tests.fedi.looking import count, get_account, told
from tests.fedi.services.studio import Easel, equip
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

AT_ONCE = 8


@pytest.fixture
def town(either_server: Server) -> Town:
    """People on a server that draws in this process."""
    equip(either_server, engine=Easel())
    return Town(either_server)


async def compose(town: Town, who: str, text: str, *, key: str | None = None) -> Post:
    author = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = NewPost(text=text, visibility="public")
        return await composing.compose(town.server.ctx, tx, author=me, new=new, idempotency_key=key)


async def together(*tasks: Awaitable[Any]) -> list[Any]:
    """Do things at once, and return what came of each: a value, or the status of a refusal."""

    async def outcome(task: Awaitable[Any]) -> Any:
        try:
            return await task
        except Refused as refusal:
            return refusal.status

    async with asyncio.timeout(60):
        return await asyncio.gather(*(outcome(task) for task in tasks))


async def counters(town: Town, who: str) -> int:
    return (await get_account(town.server, (await town.one(who)).iri)).statuses_count


# Posting


async def test_a_post_and_its_end(town: Town) -> None:
    await town.follows("fan", "alice")
    bob = await town.one("bob")
    picture = await town.picture("alice")
    first = await town.posts("bob")
    post = await town.posts("alice", "hi @bob #Sky", in_reply_to_id=first.id, attachment_ids=[picture])
    await town.follows("fan", "bob")
    second = await town.posts("alice", "again @bob", in_reply_to_id=first.id)
    assert await town.home_of(post) == {"alice"}
    assert await town.home_of(second) == {"alice", "fan"}
    assert await told(town.server, bob) == ["mention", "mention"]
    assert (await town.post(first.id)).replies_count == 2
    assert await counters(town, "alice") == 2
    await town.deletes("alice", post)
    await town.deletes("alice", second)
    assert (await town.post(first.id)).replies_count == 0
    assert await counters(town, "alice") == 0
    await town.server.work()
    assert await count(town.server, Post) == 1
    assert [
        await count(town.server, model) for model in (Mention, PostTag, Notification, Attachment, Job)
    ] == [0] * 5
    assert await count(town.server, HomeEntry) == 1
    assert await count(town.server, Tombstone) == 2
    assert await count(town.server, Activity) == 5


async def test_posts_that_are_made_at_once_are_all_counted(town: Town) -> None:
    await town.one("alice")
    first = await town.posts("bob")
    posts = await together(*(town.posts("alice", in_reply_to_id=first.id) for _ in range(AT_ONCE)))
    assert len({post.id for post in posts}) == AT_ONCE
    assert await counters(town, "alice") == AT_ONCE
    assert (await town.post(first.id)).replies_count == AT_ONCE


async def test_answers_and_boosts_at_once_do_not_lock_one_another_out(town: Town) -> None:
    server, alice = town.server, await town.one("alice")
    firsts = [await town.posts("bob") for _ in range(AT_ONCE)]

    async def boost(post: Post) -> Post:
        async with server.ctx.db.write() as tx:
            me, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
            return await interacting.boost(server.ctx, tx, account=me, post=held)

    answers = [town.posts("alice", in_reply_to_id=post.id) for post in firsts]
    made = await together(*(task for pair in zip(answers, map(boost, firsts), strict=True) for task in pair))
    assert all(isinstance(each, Post) for each in made)
    assert await counters(town, "alice") == 2 * AT_ONCE
    ends = [town.deletes("alice", answer) for answer in made[::2]]

    async def unboost(post: Post) -> None:
        async with server.ctx.db.write() as tx:
            me, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
            await interacting.unboost(server.ctx, tx, account=me, post=held)

    await together(*(task for pair in zip(ends, map(unboost, firsts), strict=True) for task in pair))
    assert await counters(town, "alice") == 0
    for post in firsts:
        now = await town.post(post.id)
        assert (now.replies_count, now.reblogs_count) == (0, 0)


async def test_people_who_follow_one_another_at_once_do(town: Town) -> None:
    server = town.server
    pairs = [("alice", "bob"), ("bob", "alice")]
    for name, _ in pairs:
        await town.one(name)

    async def follow(who: str, whom: str, *, ends: bool = False) -> None:
        async with server.ctx.db.write() as tx:
            one, other = [await tx.get_one(Account, town.people[name].id) for name in (who, whom)]
            verb = following.unfollow if ends else following.follow
            await verb(server.ctx, tx, follower=one, target=other)

    for _ in range(5):
        await together(*(follow(*pair) for pair in pairs))
        await together(*(follow(*pair, ends=True) for pair in pairs))
    await together(*(follow(*pair) for pair in pairs))
    for name, _ in pairs:
        now = await get_account(server, town.people[name].iri)
        assert (now.followers_count, now.following_count) == (1, 1)


async def test_a_picture_goes_to_one_of_two_posts(town: Town) -> None:
    picture = await town.picture("alice")
    made = await together(*(town.posts("alice", attachment_ids=[picture]) for _ in range(AT_ONCE)))
    [post] = [each for each in made if isinstance(each, Post)]
    assert made.count(422) == AT_ONCE - 1
    assert await count(town.server, Attachment, Attachment.post_id == post.id) == 1
    assert await count(town.server, Post) == 1


async def test_a_post_is_deleted_once(town: Town) -> None:
    await town.posts("alice")
    post = await town.posts("alice")
    ends = await together(*(town.deletes("alice", post) for _ in range(3)))
    assert sorted(ends, key=str) == [404, 404, None]
    assert await counters(town, "alice") == 1
    assert await count(town.server, Activity, Activity.kind == "Delete") == 1


# The same request again


async def test_the_same_request_at_once_makes_one_post(town: Town) -> None:
    await town.one("alice")
    posts = await together(*(compose(town, "alice", "hello", key="k") for _ in range(AT_ONCE)))
    assert len({post.id for post in posts}) == 1
    assert (await count(town.server, Post), await counters(town, "alice")) == (1, 1)
    assert await count(town.server, Activity) == 1


async def test_the_same_wish_at_once_makes_one_picture(town: Town) -> None:
    await town.one("alice")
    drafts = await together(*(compose(town, "alice", "/imagine a boat", key="k") for _ in range(AT_ONCE)))
    assert len({draft.id for draft in drafts}) == 1
    await town.server.work("gpu")
    post = await compose(town, "alice", "/imagine a boat", key="k")
    assert post.state == PostState.PUBLISHED
    assert (await count(town.server, Post), await count(town.server, Placeholder)) == (1, 1)


async def test_the_same_key_of_others_is_theirs(town: Town) -> None:
    names = ["alice", "bob", "carol"]
    for name in names:
        await town.one(name)
    posts = await together(*(compose(town, name, "hello", key="k") for name in names for _ in range(3)))
    assert len({post.id for post in posts}) == len(names)
    assert {post.account_id for post in posts} == {town.people[name].id for name in names}


async def test_a_refused_request_leaves_the_key_to_the_next(town: Town) -> None:
    await town.one("alice")
    refused = await together(*(compose(town, "alice", "", key="k") for _ in range(3)))
    assert refused == [422] * 3
    assert await count(town.server, Idempotency) == 0
    mixed = await together(*(compose(town, "alice", text, key="k") for text in ("", "hello", "", "hello")))
    assert len({post.id for post in mixed if isinstance(post, Post)}) == 1
    assert await count(town.server, Post) == 1


# Drawing


async def test_from_words_to_a_picture_with_an_engine_of_its_own(either_server: Server) -> None:
    server, town = either_server, Town(either_server)
    await town.follows("fan", "alice")
    draft = await compose(town, "alice", "/imagine a red boat", key="k")
    assert await town.home_of(draft) == {"alice"}
    await server.work("gpu")
    async with server.ctx.db.read() as tx:
        post_id = await find.published_as(tx, draft.id)
        assert post_id is not None
        view = await find.load_one(tx, post_id)
    assert view is not None
    assert view.post.id > draft.id
    assert server.ctx.engine.pid is not None
    assert view.post.recipe is not None
    assert view.post.recipe["model"] == "painted"
    [picture] = view.attachments
    assert (picture.state, picture.width, picture.description) == (
        "ready",
        64,
        "A red boat. AI-generated image.",
    )
    assert await town.home_of(view.post) == {"alice", "fan"}
    assert await count(server, Job, Job.kind == "generate") == 0


async def take(server: Server, *, lease_s: float = 60) -> queue.Claim:
    async with server.ctx.db.write() as tx:
        [held] = await queue.claim(tx, "gpu", limit=1, lease_s=lease_s, now=server.clock())
    return held


async def test_two_workers_with_one_job_publish_once(town: Town) -> None:
    server = town.server
    for n in range(4):
        await compose(town, "alice", f"/imagine boat {n}")
        first = await take(server, lease_s=10)
        server.clock.advance(11)
        second = await take(server)
        await asyncio.gather(run_one(server.ctx, first), run_one(server.ctx, second))
    assert await counters(town, "alice") == 4
    assert [await count(server, model) for model in (Post, Placeholder, Attachment, Activity)] == [4, 4, 4, 4]
    assert await count(server, Job, Job.kind == "generate") == 0


async def test_a_draft_is_deleted_or_published_and_never_both(town: Town) -> None:
    server = town.server
    ends: list[Sequence[Any]] = []
    for n in range(6):
        draft = await compose(town, "alice", f"/imagine boat {n}")
        job = await take(server)
        ends.append(await together(run_one(server.ctx, job), town.deletes("alice", draft)))
        async with server.ctx.db.read() as tx:
            is_out = await find.published_as(tx, draft.id) is not None
        assert is_out is (ends[-1][1] == 404)
    assert await count(server, Post) == await counters(town, "alice") == sum(end[1] == 404 for end in ends)
    assert await count(server, Job, Job.kind == "generate") == 0
    async with server.ctx.db.read() as tx:
        drafts = await tx.execute(select(Post.id).where(Post.state == PostState.DRAFT))
        assert drafts.all() == []


async def test_a_draft_that_is_being_published_cannot_be_deleted_any_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = town.server
    draft = await compose(town, "alice", "/imagine a boat")
    job = await take(server)
    deleting: list[asyncio.Task[list[Any]]] = []
    get = AsyncSession.get

    async def meanwhile(tx: AsyncSession, model: Any, key: Any, **how: Any) -> Any:
        if model is Attachment and not deleting:  # the publisher has read the draft, and not deleted it yet
            deleting.append(asyncio.create_task(together(town.deletes("alice", draft))))
            await asyncio.wait(deleting, timeout=0.1)
        return await get(tx, model, key, **how)

    monkeypatch.setattr(AsyncSession, "get", meanwhile)
    await run_one(server.ctx, job)
    assert await deleting[0] == [404]
    assert (await count(server, Post), await counters(town, "alice")) == (1, 1)


async def test_what_a_draft_answers_may_go_first(town: Town) -> None:
    asked = await town.posts("bob")
    author = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = NewPost(text="/imagine a boat", visibility="public", in_reply_to_id=asked.id)
        await composing.compose(town.server.ctx, tx, author=me, new=new)
    await town.deletes("bob", asked)
    await town.server.work("gpu")
    assert await count(town.server, Job, Job.kind == "generate", Job.state == "dead") == 1
    assert await counters(town, "alice") == 0
