"""Which posts of other servers are indexed, and when."""

from typing import Any

import pytest
from sqlalchemy import text

from activitypub.objects.note import Note
from fedi.models import Account, Post
from fedi.outbound import indexing, resolve
from fedi.services import interacting, posting, receiving, revising
from fedi.services.posting import NewPost
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def bob(either_server: Server) -> RemoteActor:
    return RemoteServer(either_server.network).person("bob")


async def store(server: Server, bob: RemoteActor, name: str = "1", /, **changes: Any) -> Post:
    author = await resolve.actor(server.ctx, bob.iri)
    note = bob.note(name, **changes)
    async with server.ctx.db.write() as tx:
        post = await receiving.store_note(server.ctx, tx, author=author, note=Note.from_json(note))
    assert post is not None
    return post


async def indexed(server: Server) -> list[int]:
    key = "rowid" if server.ctx.db.is_sqlite else "post_id"
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(text(f"SELECT {key} FROM post_search ORDER BY 1"))
    return list(rows.scalars())


async def test_a_post_is_indexed_when_its_author_consents(either_server: Server, bob: RemoteActor) -> None:
    await store(either_server, bob)
    assert await indexed(either_server) == []
    bob.doc["indexable"] = True
    bob.home.serve(bob.iri, bob.doc)
    await resolve.actor(either_server.ctx, bob.iri, fresh=True)
    public = await store(either_server, bob, "2")
    await store(either_server, bob, "3", to=[f"{bob.iri}/followers"], cc=[])
    assert await indexed(either_server) == [public.id]


async def test_a_post_is_indexed_when_somebody_here_has_to_do_with_it(
    either_server: Server, bob: RemoteActor
) -> None:
    server = either_server
    alice = await server.person("alice")
    named = await store(server, bob, tag={"type": "Mention", "href": alice.iri})
    liked, boosted, untouched = [await store(server, bob, name) for name in ("2", "3", "4")]
    assert await indexed(server) == [named.id]
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        await interacting.favourite(server.ctx, tx, account=me, post=await tx.get_one(Post, liked.id))
        await interacting.boost(server.ctx, tx, account=me, post=await tx.get_one(Post, boosted.id))
    assert await indexed(server) == [named.id, liked.id, boosted.id], "and the boost itself is not"
    assert untouched.id not in await indexed(server)
    async with server.ctx.db.write() as tx:
        stranger = await looking.get_account(server, bob.iri)
        await interacting.receive_like(
            server.ctx, tx, account=await tx.get_one(Account, stranger.id),
            post=await tx.get_one(Post, untouched.id), iri=f"{bob.iri}/likes/1",
        )  # fmt: skip
    assert untouched.id not in await indexed(server), "what others like is not ours to find"


async def test_an_edit_changes_the_words_of_what_is_indexed(either_server: Server, bob: RemoteActor) -> None:
    server = either_server
    alice = await server.person("alice")
    tag = {"type": "Mention", "href": alice.iri}
    named, other = await store(server, bob, tag=tag), await store(server, bob, "2")
    author = await looking.get_account(server, bob.iri)
    for name in ("1", "2"):
        changed = bob.note(name, tag=tag, content="<p>sunset</p>", updated="2026-02-01T00:00:00Z")
        async with server.ctx.db.write() as tx:
            me = await tx.get_one(Account, author.id)
            await revising.update_note(server.ctx, tx, author=me, note=Note.from_json(changed))
    assert other.id not in await indexed(server)
    async with server.ctx.db.write() as tx:
        await indexing.remember(tx, await tx.get_one(Post, named.id))
    match = (
        "post_search MATCH 'sunset'" if server.ctx.db.is_sqlite else "words @@ to_tsquery('simple', 'sunset')"
    )
    async with server.ctx.db.read() as tx:
        assert (await tx.execute(text(f"SELECT count(*) FROM post_search WHERE {match}"))).scalar_one() == 1


async def test_the_index_can_be_made_anew_of_what_is_there(either_server: Server, bob: RemoteActor) -> None:
    server = either_server
    alice = await server.person("alice")
    tag = {"type": "Mention", "href": alice.iri}
    kept = [await store(server, bob, tag=tag), await store(server, bob, "2")]
    await store(server, bob, "3")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        await interacting.boost(server.ctx, tx, account=me, post=await tx.get_one(Post, kept[1].id))
        new = NewPost(text="mine", visibility="private")
        kept.append(await posting.publish(server.ctx, tx, author=me, new=new))
    before = await indexed(server)
    assert before == sorted(post.id for post in kept)
    async with server.ctx.db.write() as tx:
        await tx.execute(text("DELETE FROM post_search"))
    assert await indexing.rebuild(server.ctx.db) == 3
    assert await indexed(server) == before
    assert await indexing.rebuild(server.ctx.db) == 3, "and again"
    assert await indexed(server) == before


async def test_what_is_deleted_is_found_no_more(either_server: Server, bob: RemoteActor) -> None:
    server = either_server
    alice = await server.person("alice")
    await store(server, bob, tag={"type": "Mention", "href": alice.iri})
    second = await store(server, bob, "2", tag={"type": "Mention", "href": alice.iri})
    async with server.ctx.db.write() as tx:
        await receiving.delete_note(server.ctx, tx, actor_iri=bob.iri, iri=f"{bob.iri}/notes/1")
    assert await indexed(server) == [second.id]
    async with server.ctx.db.write() as tx:
        author = await looking.get_account(server, bob.iri)
        await receiving.delete_actor(server.ctx, tx, account=await tx.get_one(Account, author.id))
    assert await indexed(server) == []
