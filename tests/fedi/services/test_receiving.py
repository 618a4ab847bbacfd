"""Keeping what other servers publish; the flows are in tests/fedi/inbound."""

import pytest

from activitypub.objects.note import Note
from fedi.models import Account, HomeEntry, Notification, Post
from fedi.outbound import resolve
from fedi.services import receiving
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def store(server: Server, bob: RemoteActor, note: dict[str, object]) -> Post | None:
    author = await resolve.actor(server.ctx, bob.iri)
    async with server.ctx.db.write() as tx:
        return await receiving.store_note(server.ctx, tx, author=author, note=Note.from_json(note))


async def test_keeping_a_post_twice_has_one_effect(either_server: Server) -> None:
    server = either_server
    alice, bob = await server.person("alice"), RemoteServer(server.network).person("bob")
    await looking.follow(server, alice, bob)
    note = bob.note(tag={"type": "Mention", "href": alice.iri}, attachment={
        "type": "Image", "url": "https://remote.test/1.png"}, inReplyTo="https://x.test/1")  # fmt: skip
    first, second = await store(server, bob, note), await store(server, bob, note)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert await looking.count(server, HomeEntry) == 1
    assert await looking.count(server, Notification) == 1
    assert (await looking.get_account(server, bob.iri)).statuses_count == 1


async def test_a_post_that_was_deleted_meanwhile_is_not_kept(server: Server, bob: RemoteActor) -> None:
    note = bob.note()
    async with server.ctx.db.write() as tx:
        await receiving.bury(server.ctx, tx, note["id"])
    assert await store(server, bob, note) is None
    assert await looking.count(server, Post) == 0


async def test_what_matters_here(server: Server, alice: Account, bob: RemoteActor) -> None:
    cases = {
        "nothing": ({}, False),
        "mention": ({"tag": {"type": "Mention", "href": alice.iri}}, True),
        "address": ({"cc": [alice.iri]}, True),
        "mention of nobody": ({"tag": {"type": "Mention", "href": f"{alice.iri}x"}}, False),
        "reply to nothing": ({"inReplyTo": f"{alice.iri}/statuses/1"}, False),
    }
    for name, (changes, expected) in cases.items():
        async with server.ctx.db.read() as tx:
            note = Note.from_json(bob.note(**changes))
            assert await receiving.is_relevant(tx, note) is expected, name


async def test_many_addresses_are_looked_up_in_pieces(
    server: Server, alice: Account, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STATEMENT_IRIS_MAX", 3)
    note = Note.from_json(bob.note(to=[f"https://x.test/{n}" for n in range(10)] + [alice.iri]))
    async with server.ctx.db.read() as tx:
        assert await receiving.is_relevant(tx, note)


async def test_followed_by_somebody_elsewhere_is_not_followed_here(
    server: Server, alice: Account, bob: RemoteActor, remote: RemoteServer
) -> None:
    fan = remote.person("fan")
    await looking.verdict(server, fan, fan.does("Follow", alice.iri))
    async with server.ctx.db.read() as tx:
        assert not await receiving.is_followed_here(tx, alice.iri)
        assert not await receiving.is_followed_here(tx, bob.iri)
    await looking.follow(server, alice, bob)
    async with server.ctx.db.read() as tx:
        assert await receiving.is_followed_here(tx, bob.iri)
