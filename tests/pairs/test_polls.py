"""A poll and an edit between two of our servers, from the question to the end."""

from typing import Any

import pytest
from sqlalchemy import select

from fedi.models import Account, Poll, Post, PostEdit
from fedi.outbound import resolve
from fedi.queries import polls as find_poll
from fedi.services import editing, following, interacting, polling, posting
from fedi.services.polling import NewPoll
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers

DAY_S = 86_400


async def follow(server: Server, who: Account, handle: str) -> None:
    target = await resolve.handle(server.ctx, handle)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await following.follow(server.ctx, tx, follower=me, target=target)


async def publish(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "which?", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def edit(server: Server, author: Account, post: Post, text: str, **more: Any) -> None:
    async with server.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, author.id), await tx.get_one(Post, post.id)
        change = editing.Change(text=text, **more)
        await editing.edit(server.ctx, tx, author=me, post=held, change=change)


async def vote(server: Server, voter: Account, iri: str, *choices: int) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, voter.id)
        post = (await tx.execute(select(Post).where(Post.iri == iri))).scalar_one()
        poll = await find_poll.by_post(tx, post.id)
        assert poll is not None
        await polling.vote(server.ctx, tx, account=me, post=post, poll=poll, choices=choices)


async def poll_at(server: Server) -> Poll:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Poll))).scalar_one()


def advance(pair: Pair, seconds: float) -> None:
    pair.a.clock.advance(seconds)
    pair.b.clock.advance(seconds)


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_a_poll_from_the_question_to_the_end(pair: Pair, visibility: str) -> None:
    asker, voter, reader = (
        await pair.a.person("asker"),
        await pair.b.person("voter"),
        await pair.b.person("reader"),
    )
    for person in (voter, reader):
        await follow(pair.b, person, "asker@a.test")
    await pair.settle()

    # Given a question that arrived with its options,
    ask = NewPoll(options=("red", "blue", "green"), expires_in_s=DAY_S, multiple=True)
    post = await publish(pair.a, asker, visibility=visibility, poll=ask)
    await pair.settle()
    assert (await poll_at(pair.b)).options == ["red", "blue", "green"]

    # when somebody there votes, the votes are counted here,
    await vote(pair.b, voter, post.iri, 0, 2)
    await pair.settle()
    assert (await poll_at(pair.a)).tallies == [1, 0, 1]
    assert (await poll_at(pair.a)).voters_count == 1
    assert await looking.count(pair.a, Post) == 1

    # then everyone there hears how it stands, though not in a message for each vote,
    await vote(pair.b, reader, post.iri, 0)
    await pair.settle()
    advance(pair, polling.TALLIES_PAUSE_S)
    await pair.settle()
    assert ((await poll_at(pair.b)).tallies, (await poll_at(pair.b)).voters_count) == ([2, 0, 1], 2)

    # and all are told of the end, once.
    advance(pair, DAY_S + polling.REMOTE_END_PAUSE_S)
    await pair.settle()
    assert (await poll_at(pair.b)).closed_at is not None
    assert await looking.told(pair.b, voter) == await looking.told(pair.b, reader) == ["poll"]
    assert (await looking.told(pair.a, asker))[-1] == "poll"


async def test_two_edits_within_a_second_arrive_as_two_with_their_history(pair: Pair) -> None:
    writer, reader = await pair.a.person("writer"), await pair.b.person("reader")
    await follow(pair.b, reader, "writer@a.test")
    await pair.settle()
    post = await publish(pair.a, writer, text="one")
    await pair.settle()
    await edit(pair.a, writer, post, "two", spoiler_text="cw")
    await edit(pair.a, writer, post, "three @reader@b.test")
    await pair.settle()
    theirs = await looking.get_post(pair.b, post.iri)
    assert "three" in theirs.content
    assert theirs.edited_at == (await looking.get_post(pair.a, post.iri)).edited_at
    async with pair.b.ctx.db.read() as tx:
        former = (await tx.execute(select(PostEdit).order_by(PostEdit.id))).scalars().all()
    assert [version.content for version in former] == ["<p>one</p>", "<p>two</p>"]
    assert await looking.told(pair.b, reader) == ["mention"]


async def test_an_edit_reaches_who_did_something_with_it_and_does_not_follow(pair: Pair) -> None:
    writer, stranger = await pair.a.person("writer"), await pair.b.person("stranger")
    post = await publish(pair.a, writer, text="one")
    found = await resolve.note(pair.b.ctx, post.iri)
    async with pair.b.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, stranger.id), await tx.get_one(Post, found.id)
        await interacting.favourite(pair.b.ctx, tx, account=me, post=held)
    await pair.settle()
    await edit(pair.a, writer, post, "two")
    await pair.settle()
    assert (await looking.get_post(pair.b, post.iri)).content == "<p>two</p>"
