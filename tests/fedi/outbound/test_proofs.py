"""What goes out proves itself: to our own verifier, and to another server that gets it from a third."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.activities import Announce, Create, Delete, Envelope, Follow, Like, Undo, Update
from activitypub.errors import SignatureError
from activitypub.keys import load_public_multibase
from activitypub.normalise import parse
from activitypub.signatures.proof import read_proof, require_valid
from activitypub.vocab import AS_CONTEXT, PUBLIC
from fedi.models import Account, Activity
from fedi.outbound import proofs, resolve, translate
from fedi.outbound.outbox import Audience, record
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.remote import RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

MakeServer = Callable[..., Any]


async def said(server: Server) -> dict[str, Any]:
    """Return what went out last, as a receiver parses it."""
    async with server.ctx.db.read() as tx:
        outgoing = (
            select(Activity.raw).where(Activity.direction == "out").order_by(Activity.id.desc()).limit(1)
        )
        return parse((await tx.execute(outgoing)).scalar_one())


async def say(server: Server, sender: Account, activity: Envelope) -> dict[str, Any]:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, sender.id)
        await record(server.ctx, tx, sender=me, activity=activity, audience=Audience(), order_on="it")
    return await said(server)


async def check(server: Server, sender: Account, document: dict[str, Any]) -> None:
    """Verify a document with the key that its actor publishes."""
    (published,) = translate.actor_document(sender, server.settings).to_json()["assertionMethod"]
    proof = read_proof(document, now=server.clock())
    assert (proof.verification_method, published["controller"]) == (published["id"], document["actor"])
    require_valid(proof, load_public_multibase(published["publicKeyMultibase"]))


async def published(server: Server, author: Account) -> dict[str, Any]:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text="zoë draws 🖼️ #art", visibility="public")
        )
    return await said(server)


async def test_a_post_proves_itself(server: Server, alice: Account) -> None:
    document = await published(server, alice)
    await check(server, alice, document)
    broken = document | {"object": document["object"] | {"content": "<p>other</p>"}}
    with pytest.raises(SignatureError):
        await check(server, alice, broken)


@pytest.mark.parametrize("kind", [Announce, Create, Delete, Undo, Update])
async def test_what_others_may_pass_on_has_a_proof(server: Server, alice: Account, kind: Any) -> None:
    inner = {"id": f"{alice.iri}/x", "type": "Announce", "actor": alice.iri, "object": "https://a.test/1"}
    activity = kind(
        id=f"{alice.iri}#1", actor=alice.iri, to=(PUBLIC,), object_id=inner["id"], object_doc=inner
    )
    await check(server, alice, await say(server, alice, activity))


@pytest.mark.parametrize("kind", [Follow, Like])
async def test_what_is_between_two_has_none(server: Server, alice: Account, kind: Any) -> None:
    activity = kind(id=f"{alice.iri}#1", actor=alice.iri, object_id="https://remote.test/users/bob")
    assert "proof" not in await say(server, alice, activity)


async def test_an_account_without_the_second_key_sends_as_before(server: Server, alice: Account) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).proof_key_pem = None
    document = await published(server, alice)
    assert "proof" not in document


async def test_the_context_is_a_list_that_defines_the_words_of_a_proof(
    server: Server, alice: Account
) -> None:
    """Mastodon wants a list that begins with the proof's own; Fedify expands it, and knows this address."""
    boost = Announce(id=f"{alice.iri}#1", actor=alice.iri, to=(PUBLIC,), object_id="https://a.test/1")
    document = await say(server, alice, boost)
    assert document["@context"] == [AS_CONTEXT, proofs.DATA_INTEGRITY_CONTEXT]
    assert document["proof"]["@context"] == document["@context"]
    post = await published(server, alice)
    assert post["@context"][:2] == [AS_CONTEXT, proofs.DATA_INTEGRITY_CONTEXT]
    assert isinstance(post["@context"][2], dict)
    assert [part for part in post["@context"] if isinstance(part, str)] == post["@context"][:2]


async def test_a_profile_keeps_its_addresses_before_the_inline_terms(server: Server, alice: Account) -> None:
    document = await say(server, alice, translate.update_actor(alice, server.settings, server.clock()))
    await check(server, alice, document)
    kinds = [isinstance(part, str) for part in document["@context"]]
    assert kinds == sorted(kinds, reverse=True)
    assert document["@context"][0] == AS_CONTEXT


async def test_another_server_believes_it_from_a_third(make_server: MakeServer) -> None:
    here, there = await make_server(), await make_server("https://there.test")
    alice, reader = await here.person("alice"), await there.person("reader")
    third = RemoteServer(here.network, host="third.test").person("fay")
    known = await resolve.actor(here.ctx, reader.iri)
    async with here.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="for you", visibility="unlisted", addressed=(known.id,))
        await posting.publish(here.ctx, tx, author=me, new=new)
    document = await said(here)
    here.network.requests.clear()
    await third.posts(there, json.dumps(document).encode())
    await there.work()
    assert await looking.find_post(there, document["object"]["id"]) is not None
    asked = [str(request.url) for request in here.network.requests if request.method == "GET"]
    assert document["object"]["id"] not in asked, "nobody had to ask its own server"
