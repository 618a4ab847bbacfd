"""Conversations follow what happens to their messages; what apps see of it is in tests/fedi/api."""

import pytest
from sqlalchemy import select

from activitypub.objects.note import Note
from fedi.models import Account, Conversation, Follow, Post
from fedi.outbound import resolve
from fedi.services import muting, receiving
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def rows(server: Server, account: Account) -> list[Conversation]:
    async with server.ctx.db.read() as tx:
        mine = select(Conversation).where(Conversation.account_id == account.id)
        return list((await tx.execute(mine.order_by(Conversation.last_post_id.desc()))).scalars())


async def say(server: Server, bob: RemoteActor, to: Account, name: str, **more: object) -> Post:
    """Let somebody elsewhere send a direct message."""
    tag = {"type": "Mention", "href": to.iri}
    note = Note.from_json(bob.note(name, to=[to.iri], cc=[], tag=tag, **more))
    author = await resolve.actor(server.ctx, bob.iri)
    async with server.ctx.db.write() as tx:
        stored = await receiving.store_note(server.ctx, tx, author=author, note=note)
    assert stored is not None
    return stored


@pytest.fixture
async def friends(either_server: Server) -> tuple[Server, Account, RemoteActor]:
    """Alice, who follows bob of another server."""
    alice, bob = await either_server.person("alice"), RemoteServer(either_server.network).person("bob")
    await looking.follow(either_server, alice, bob)
    return either_server, alice, bob


async def test_what_comes_twice_is_new_once(friends: tuple[Server, Account, RemoteActor]) -> None:
    server, alice, bob = friends
    first = await say(server, bob, alice, "1")
    async with server.ctx.db.write() as tx:
        (row,) = (await tx.execute(select(Conversation))).scalars()
        assert (row.account_id, row.last_post_id, row.unread) == (alice.id, first.id, True)
        row.unread = False
    await say(server, bob, alice, "1")
    assert [row.unread for row in await rows(server, alice)] == [False]


async def test_answers_that_came_before_what_they_answer_join_its_conversation(
    friends: tuple[Server, Account, RemoteActor],
) -> None:
    server, alice, bob = friends
    await say(
        server, bob, alice, "2", inReplyTo=f"{bob.iri}/notes/1",
        published="2020-01-02T00:00:00Z",
    )  # fmt: skip
    await say(
        server, bob, alice, "1", context="https://remote.test/c",
        published="2020-01-01T00:00:00Z",
    )  # fmt: skip
    found = await rows(server, alice)
    assert [row.thread for row in found] == ["https://remote.test/c"]


async def test_a_muted_thread_brings_nothing_new(friends: tuple[Server, Account, RemoteActor]) -> None:
    server, alice, bob = friends
    first = await say(server, bob, alice, "1")
    async with server.ctx.db.write() as tx:
        await muting.mute_thread(server.ctx, tx, account=alice, post=first)
    await say(server, bob, alice, "2", inReplyTo=f"{bob.iri}/notes/1")
    assert [row.last_post_id for row in await rows(server, alice)] == [first.id]


async def test_when_somebody_is_gone_so_are_their_messages(
    friends: tuple[Server, Account, RemoteActor],
) -> None:
    server, alice, bob = friends
    await say(server, bob, alice, "1")
    async with server.ctx.db.write() as tx:
        author = (await tx.execute(select(Account).where(Account.iri == bob.iri))).scalar_one()
        await receiving.delete_actor(server.ctx, tx, account=author)
    assert await rows(server, alice) == []


async def test_a_stranger_may_answer_but_not_begin(either_server: Server) -> None:
    server = either_server
    alice, bob = await server.person("alice"), RemoteServer(server.network).person("bob")
    await say(server, bob, alice, "1")
    assert await rows(server, alice) == []
    assert await looking.count(server, Follow) == 0
