"""Conversations: what is in them, who can get in, and who reads them."""

import pytest
from sqlalchemy import update

from fedi.models import Account, Post, PostState
from tests.fedi import looking
from tests.fedi.inbound.test_replies import read, write
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_a_conversation_is_listed_under_the_name_that_its_posts_give(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    first = await write(server, alice)
    theirs = bob.note("answer", inReplyTo=first.iri)
    await looking.verdict(server, bob, bob.creates(theirs))
    answered = await looking.get_post(server, theirs["id"])
    last = await write(server, alice, in_reply_to_id=answered.id)
    await write(server, alice, in_reply_to_id=answered.id, visibility="private")
    await write(server, alice)

    name = (await read(server, last.iri)).json()["context"]
    assert name == f"https://fedi.test/contexts/{first.id}"
    doc = (await read(server, name)).json()
    assert (doc["id"], doc["type"], doc["attributedTo"]) == (name, "Collection", alice.iri)
    assert doc["totalItems"] == 3
    assert doc["first"]["items"] == [first.iri, theirs["id"], last.iri]
    assert (await read(server, doc["first"]["id"])).json()["items"] == doc["first"]["items"]


async def test_a_conversation_comes_in_pages(server: Server, alice: Account) -> None:
    first = await write(server, alice)
    posts = [first, *[await write(server, alice, in_reply_to_id=first.id) for _ in range(64)]]
    assert first.context_iri is not None
    page = (await read(server, first.context_iri)).json()["first"]
    second = (await read(server, page["next"])).json()
    assert [*page["items"], *second["items"]] == [post.iri for post in posts]
    assert "next" not in second


@pytest.mark.parametrize("field", ["context", "conversation"])
async def test_nobody_gets_into_a_conversation_by_saying_so(
    server: Server, alice: Account, bob: RemoteActor, field: str
) -> None:
    first = await write(server, alice)
    await looking.follow(server, alice, bob)
    intruder = bob.note("intruder", **{field: first.context_iri})
    await looking.verdict(server, bob, bob.creates(intruder))
    kept = await looking.get_post(server, intruder["id"])
    assert (kept.conversation, kept.context_iri) == (intruder["id"], None)
    assert first.context_iri is not None
    assert (await read(server, first.context_iri)).json()["first"]["items"] == [first.iri]


async def test_the_conversations_of_others_are_kept_and_passed_on(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note(context="https://remote.test/contexts/1", conversation="tag:remote.test,2026:1",
        replies="https://remote.test/users/bob/notes/1/replies")  # fmt: skip
    await looking.verdict(server, bob, bob.creates(note))
    kept = await looking.get_post(server, note["id"])
    assert (kept.context_iri, kept.replies_iri) == ("https://remote.test/contexts/1", note["replies"])
    answer = await write(server, alice, in_reply_to_id=kept.id)
    doc = (await read(server, answer.iri)).json()
    assert doc["context"] == "https://remote.test/contexts/1"
    assert (await read(server, f"https://fedi.test/contexts/{answer.id}")).status_code == 404


async def test_lists_on_another_server_than_the_post_are_not_kept(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note(replies="https://victim.test/replies")
    await looking.verdict(server, bob, bob.creates(note))
    assert (await looking.get_post(server, note["id"])).replies_iri is None


async def test_an_answer_that_came_first_joins_the_conversation_later(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.follow(server, alice, bob)
    parent, child = bob.note("parent", context="https://remote.test/c/1"), bob.note("child")
    child["inReplyTo"] = parent["id"]
    bob.home.documents.pop(parent["id"])
    for note in (child, parent):
        await looking.verdict(server, bob, bob.creates(note))
    assert (await looking.get_post(server, child["id"])).context_iri == "https://remote.test/c/1"


async def test_a_conversation_whose_beginning_is_hidden_is_not_there(server: Server, alice: Account) -> None:
    hidden = await write(server, alice, visibility="private")
    await write(server, alice, in_reply_to_id=hidden.id)
    draft = await write(server, alice)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Post).where(Post.id == draft.id).values(state=PostState.DRAFT))
    for post in (hidden, draft):
        assert (await read(server, f"https://fedi.test/contexts/{post.id}")).status_code == 404


@pytest.mark.parametrize("name", ["0", "-1", "x", "99999999999999999999", "1/2"])
async def test_odd_names_are_404(server: Server, name: str) -> None:
    assert (await read(server, f"https://fedi.test/contexts/{name}")).status_code == 404
