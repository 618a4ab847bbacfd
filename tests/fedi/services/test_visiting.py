"""Reading what somebody elsewhere shows first, once somebody here opens their profile."""

from typing import Any

import pytest
from sqlalchemy import select

from fedi.models import Account, FeaturedTag, Job, Pin, Post
from fedi.services import visiting
from tests.fedi import looking
from tests.fedi.remote import AS, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bob(server: Server, remote: RemoteServer) -> RemoteActor:
    """Somebody elsewhere with both collections, who is known here."""
    iri = f"{remote.origin}/users/bob"
    person = remote.person("bob", featured=f"{iri}/pins", featuredTags=f"{iri}/tags")
    await looking.meet(server, person)
    return person


def serve(bob: RemoteActor, shelf: str, items: list[Any], **more: Any) -> None:
    iri = f"{bob.iri}/{shelf}"
    doc = {"@context": AS, "id": iri, "type": "OrderedCollection", "orderedItems": items}
    bob.home.serve(iri, doc | more)


async def visit(server: Server, bob: RemoteActor) -> None:
    account = await looking.get_account(server, bob.iri)
    async with server.ctx.db.write() as tx:
        await visiting.plan(server.ctx, tx, account=account)
    await server.work()


async def pinned(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Post.iri).join(Pin, Pin.post_id == Post.id).order_by(Pin.created_at.desc())
        )
        return list(rows.scalars())


async def tags(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(FeaturedTag.name).order_by(FeaturedTag.id))).scalars())


async def test_posts_are_read_by_id_or_embedded_and_each_from_its_own_address(
    server: Server, bob: RemoteActor
) -> None:
    first, second = bob.note("1"), bob.note("2")
    serve(bob, "pins", [second["id"], first | {"content": "<p>not what it says</p>"}])
    serve(bob, "tags", [{"type": "Hashtag", "name": "#Sky", "href": "https://remote.test/t"}, "x"])
    await visit(server, bob)
    assert await pinned(server) == [second["id"], first["id"]]
    assert (await looking.get_post(server, first["id"])).content == "<p>hello</p>"
    assert await tags(server) == ["sky"]


async def test_a_collection_in_pages_is_read_up_to_its_first(server: Server, bob: RemoteActor) -> None:
    note, page = bob.note("1"), f"{bob.iri}/pins?page=1"
    bob.home.serve(f"{bob.iri}/pins", {"id": f"{bob.iri}/pins", "type": "OrderedCollection", "first": page})
    bob.home.serve(page, {"id": page, "type": "OrderedCollectionPage", "orderedItems": [note["id"]]})
    await visit(server, bob)
    assert await pinned(server) == [note["id"]]


async def test_a_first_page_elsewhere_is_not_asked_for(server: Server, bob: RemoteActor) -> None:
    elsewhere = "https://evil.test/page"
    other = RemoteServer(server.network, host="evil.test")
    other.serve(elsewhere, {"id": elsewhere, "type": "OrderedCollectionPage", "orderedItems": []})
    bob.home.serve(
        f"{bob.iri}/pins", {"id": f"{bob.iri}/pins", "type": "OrderedCollection", "first": elsewhere}
    )
    await visit(server, bob)
    assert other.asked == []


async def test_what_is_not_theirs_is_passed_over(server: Server, bob: RemoteActor) -> None:
    eve = RemoteServer(server.network, host="evil.test").person("eve")
    carol = bob.home.person("carol")
    foreign, neighbours, mine = eve.note("1"), carol.note("1"), bob.note("1")
    gone, odd = f"{bob.iri}/notes/gone", {"type": "Note"}
    letter = bob.note("2", to=["https://fedi.test/users/alice"], cc=[])
    serve(bob, "pins", [foreign["id"], neighbours["id"], gone, letter["id"], odd, "as:Public", mine["id"]])
    await visit(server, bob)
    assert await pinned(server) == [mine["id"]]
    assert foreign["id"] not in eve.home.asked


async def test_ten_posts_are_read_at_most(server: Server, bob: RemoteActor) -> None:
    notes = [bob.note(str(number))["id"] for number in range(14)]
    serve(bob, "pins", notes)
    await visit(server, bob)
    assert await pinned(server) == notes[:10]
    assert not set(notes[10:]) & set(bob.home.asked)


async def test_what_cannot_be_read_stays_as_it_was(server: Server, bob: RemoteActor) -> None:
    note = bob.note("1")
    serve(bob, "pins", [note["id"]])
    await visit(server, bob)
    bob.home.serve(f"{bob.iri}/pins", {}, status=500)
    await visit(server, bob)
    assert await pinned(server) == [note["id"]]
    assert await looking.count(server, Job) == 0


async def test_an_empty_collection_takes_the_pins_away(server: Server, bob: RemoteActor) -> None:
    serve(bob, "pins", [bob.note("1")["id"]])
    await visit(server, bob)
    serve(bob, "pins", [])
    await visit(server, bob)
    assert await pinned(server) == []


async def test_wishes_while_one_waits_are_one(server: Server, bob: RemoteActor) -> None:
    account = await looking.get_account(server, bob.iri)
    async with server.ctx.db.write() as tx:
        for _ in range(3):
            await visiting.plan(server.ctx, tx, account=account)
    assert await looking.count(server, Job) == 1


async def test_it_is_due_once_an_hour_for_people_elsewhere(server: Server, bob: RemoteActor) -> None:
    account = await looking.get_account(server, bob.iri)
    assert [visiting.is_due(server.ctx, account) for _ in range(2)] == [True, False]
    server.clock.advance(visiting.PAUSE_S + 1)
    assert visiting.is_due(server.ctx, account)
    assert not visiting.is_due(server.ctx, await server.person("alice"))


async def test_it_is_never_due_for_who_is_suspended_or_shows_nothing(
    server: Server, bob: RemoteActor, remote: RemoteServer
) -> None:
    async with server.ctx.db.write() as tx:
        account = await tx.get_one(Account, (await looking.get_account(server, bob.iri)).id)
        account.suspended_at = server.clock()
    assert not visiting.is_due(server.ctx, account)
    plain = remote.person("plain")
    await looking.meet(server, plain)
    assert not visiting.is_due(server.ctx, await looking.get_account(server, plain.iri))
