"""What hangs on a post: who may read it, and how it is paged."""

from typing import Any

import httpx
import pytest

from fedi.models import Account, Post
from fedi.services import interacting, posting
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def read(server: Server, iri: str, reader: RemoteActor | None = None) -> httpx.Response:
    headers = {"accept": ACTIVITY_JSON}
    if reader is not None:
        headers |= reader.signed("GET", iri, server.clock())
    return await server.client.get(iri.removeprefix("https://fedi.test"), headers=headers)


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def test_our_notes_name_what_hangs_on_them(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    doc = (await read(server, post.iri)).json()
    assert doc["replies"]["id"] == f"{post.iri}/replies"
    assert doc["replies"]["first"]["next"] == f"{post.iri}/replies?page=true"
    assert doc["likes"] == {"id": f"{post.iri}/likes", "type": "Collection", "totalItems": 0}
    assert doc["shares"] == {"id": f"{post.iri}/shares", "type": "Collection", "totalItems": 0}


async def test_answers_of_anyone_are_listed_as_far_as_a_stranger_may_see_them(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    post = await write(server, alice)
    shown = await write(server, alice, in_reply_to_id=post.id, visibility="unlisted")
    hidden = [
        await write(server, alice, in_reply_to_id=post.id, visibility=visibility)
        for visibility in ("private", "direct")
    ]
    theirs = bob.note("answer", inReplyTo=post.iri)
    await looking.verdict(server, bob, bob.creates(theirs))
    doc = (await read(server, f"{post.iri}/replies")).json()
    assert (doc["id"], doc["type"], doc["totalItems"]) == (f"{post.iri}/replies", "Collection", 2)
    assert doc["first"]["items"] == [shown.iri, theirs["id"]]
    assert doc["first"]["partOf"] == doc["id"]
    assert "next" not in doc["first"]
    # and a good signature changes nothing of what is public.
    assert (await read(server, f"{post.iri}/replies", bob)).json() == doc
    assert all(reply.iri not in str(doc) for reply in hidden)


async def test_answers_come_in_pages(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    answers = [await write(server, alice, in_reply_to_id=post.id) for _ in range(65)]
    page = (await read(server, f"{post.iri}/replies")).json()["first"]
    assert len(page["items"]) == 60
    second = (await read(server, page["next"])).json()
    assert second["id"] == page["next"]
    assert [*page["items"], *second["items"]] == [answer.iri for answer in answers]
    assert "next" not in second
    assert (await read(server, f"{post.iri}/replies?page=true&min_id=x")).status_code == 400


async def test_likes_and_shares_are_numbers(server: Server, alice: Account, bob: RemoteActor) -> None:
    post = await write(server, alice)
    carol = await server.person("carol")
    async with server.ctx.db.write() as tx:
        me, theirs = await tx.get_one(Account, carol.id), await tx.get_one(Post, post.id)
        await interacting.favourite(server.ctx, tx, account=me, post=theirs)
        boost = await interacting.boost(server.ctx, tx, account=me, post=theirs)
    for tail in ("likes", "shares"):
        doc = (await read(server, f"{post.iri}/{tail}")).json()
        assert doc["totalItems"] == 1
        assert not {"first", "items", "orderedItems"} & set(doc)
        missing = boost.iri.replace("/activity", f"/{tail}")
        assert (await read(server, missing)).status_code == 404


async def test_what_hangs_on_a_hidden_post_is_for_those_who_may_see_it(
    server: Server, alice: Account, bob: RemoteActor, remote: RemoteServer
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    post = await write(server, alice, visibility="private")
    answer = await write(server, alice, visibility="private", in_reply_to_id=post.id)
    stranger = remote.person("stranger")
    for tail in ("replies", "likes", "shares"):
        for reader in (None, stranger):
            assert (await read(server, f"{post.iri}/{tail}", reader)).status_code == 404
        allowed = await read(server, f"{post.iri}/{tail}", bob)
        assert allowed.status_code == 200
        assert allowed.headers["cache-control"] == "private, no-store"
    assert (await read(server, f"{post.iri}/replies", bob)).json()["first"]["items"] == [answer.iri]


async def test_authorized_fetch_wants_a_signature_here_too(make_server: MakeServer) -> None:
    server = await make_server(authorized_fetch=True)
    bob = RemoteServer(server.network).person("bob")
    alice = await server.person("alice")
    post = await write(server, alice)
    for iri in (*(f"{post.iri}/{tail}" for tail in ("replies", "likes", "shares")), post.context_iri):
        assert iri is not None
        assert (await read(server, iri)).status_code == 401, iri
        assert (await read(server, iri, bob)).status_code == 200, iri


async def test_nothing_hangs_on_what_is_gone_or_never_was(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        me, mine = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await posting.delete(server.ctx, tx, post=mine, author=me)
    for tail in ("replies", "likes", "shares"):
        assert (await read(server, f"{post.iri}/{tail}")).status_code == 410
        assert (await read(server, f"{alice.iri}/statuses/1/{tail}")).status_code == 404
