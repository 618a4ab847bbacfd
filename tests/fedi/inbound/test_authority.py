"""Who may say what: forwarded activities count only with a proof, or when their own server agrees."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from activitypub import keys
from activitypub.signatures.proof import add_proof
from fedi.models import Account, ActivityState
from fedi.outbound import resolve
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.looking import find_post as post
from tests.fedi.looking import follow
from tests.fedi.looking import last_activity as last
from tests.fedi.remote import AS, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def forwarder(server: Server) -> RemoteActor:
    """Somebody on a third server, who passes on what others say."""
    return RemoteServer(server.network, host="third.test").person("fay")


@pytest.fixture
async def followed(server: Server, bob: RemoteActor, alice: Account) -> RemoteActor:
    """Bob, whom alice follows, so that his posts matter here."""
    await follow(server, alice, bob)
    return bob


def with_proof(signer: RemoteActor, activity: dict[str, Any]) -> dict[str, Any]:
    """Give somebody a second key, serve it, and sign an activity with it."""
    secret = keys.generate_ed25519()
    method = f"{signer.iri}#ed25519"
    multikey = {
        "id": method, "type": "Multikey", "controller": signer.iri,
        "publicKeyMultibase": keys.public_multibase(secret.public_key()),
    }  # fmt: skip
    signer.home.serve(signer.iri, signer.doc | {"assertionMethod": [multikey]})
    activity = activity | {"@context": [AS]}
    return add_proof(activity, key=secret, verification_method=method, created=datetime.now(UTC))


async def test_a_forwarded_create_with_a_proof_is_believed_without_asking(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("unserved")
    del followed.home.documents[note["id"]]
    await forwarder.sends(server, with_proof(followed, followed.creates(note)))
    await server.work()
    assert await post(server, note["id"]) is not None
    assert note["id"] not in followed.home.asked


@pytest.mark.parametrize("change", ["content", "attributedTo", "id"])
async def test_a_proof_over_something_else_is_none(
    server: Server, followed: RemoteActor, forwarder: RemoteActor, change: str
) -> None:
    note = followed.note("2")
    del followed.home.documents[note["id"]]
    signed = with_proof(followed, followed.creates(note))
    signed["object"] = signed["object"] | {change: f"{followed.iri}/notes/other"}
    await forwarder.sends(server, signed)
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, note["id"]) is None


async def test_a_proof_by_somebody_else_is_none(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("3")
    del followed.home.documents[note["id"]]
    signed = with_proof(forwarder, followed.creates(note))
    await forwarder.sends(server, signed)
    await server.work()
    assert await post(server, note["id"]) is None


async def test_a_known_key_of_somebody_else_proves_nothing(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("31")
    del followed.home.documents[note["id"]]
    signed = with_proof(forwarder, followed.creates(note))
    method = signed["proof"]["verificationMethod"]
    key = await resolve.key(server.ctx, method)
    server.ctx.memory.keys.put(method, key, now=server.clock(), ttl_s=600)
    await forwarder.sends(server, signed)
    await server.work()
    assert await post(server, note["id"]) is None


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_key_that_signs_requests_proves_nothing_in_a_document(
    *, server: Server, followed: RemoteActor, forwarder: RemoteActor, is_known: bool
) -> None:
    note = followed.note("41")
    del followed.home.documents[note["id"]]
    secret = keys.generate_ed25519()
    method = f"{followed.iri}#second"
    pem = {"id": method, "owner": followed.iri, "publicKeyPem": keys.public_pem(secret.public_key())}
    listed = {"publicKey": [followed.doc["publicKey"], pem]}
    followed.home.serve(followed.iri, followed.doc | listed)
    activity = followed.creates(note) | {"@context": [AS]}
    signed = add_proof(activity, key=secret, verification_method=method, created=datetime.now(UTC))
    if is_known:
        key = await resolve.key(server.ctx, method)
        server.ctx.memory.keys.put(method, key, now=server.clock(), ttl_s=600)
    await forwarder.sends(server, signed)
    await server.work()
    assert await post(server, note["id"]) is None


async def test_a_key_that_its_actor_does_not_list_proves_nothing(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("4")
    del followed.home.documents[note["id"]]
    signed = with_proof(followed, followed.creates(note))
    followed.home.serve(followed.iri, followed.doc)
    await forwarder.sends(server, signed)
    await server.work()
    assert await post(server, note["id"]) is None


async def test_a_broken_proof_does_no_harm_when_the_server_agrees(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("5")
    signed = with_proof(followed, followed.creates(note))
    signed["note"] = "added on the way"
    await forwarder.sends(server, signed)
    await server.work()
    assert await post(server, note["id"]) is not None


async def test_a_forwarded_create_is_taken_from_where_it_lives(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("6", content="<p>true</p>")
    forged = note | {"content": "<p>forged</p>"}
    await forwarder.sends(server, followed.creates(forged))
    await server.work()
    kept = await post(server, note["id"])
    assert kept is not None
    assert kept.content == "<p>true</p>"


async def test_a_forwarded_create_of_what_is_not_there_is_refused(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("7")
    del followed.home.documents[note["id"]]
    await forwarder.sends(server, followed.creates(note))
    await server.work()
    row = await last(server)
    assert (row.state, await post(server, note["id"])) == (ActivityState.REFUSED, None)


async def test_a_forwarded_create_may_not_borrow_another_actors_post(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    carol = followed.home.person("carol")
    note = carol.note("8")
    await forwarder.sends(server, followed.creates(note))
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, note["id"]) is None


async def test_a_forwarded_delete_counts_when_it_is_gone_there(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("9")
    await followed.sends(server, followed.creates(note))
    await server.work()
    await forwarder.sends(server, followed.does("Delete", note["id"]))
    await server.work()
    assert await post(server, note["id"]) is not None
    assert (await last(server)).state == ActivityState.REFUSED

    followed.home.serve(note["id"], {"id": note["id"], "type": "Tombstone"}, status=410)
    await forwarder.sends(server, followed.does("Delete", note["id"]))
    await server.work()
    assert await post(server, note["id"]) is None


async def test_a_forwarded_announce_is_asked_for(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = RemoteServer(server.network, host="other.test").person("otto").note()
    announce = followed.does("Announce", note["id"], to=["as:Public"])
    await forwarder.sends(server, announce)
    await server.work()
    assert await post(server, announce["id"]) is None
    again = followed.does("Announce", note["id"], to=["as:Public"])
    followed.home.serve(again["id"], again)
    await forwarder.sends(server, again)
    await server.work()
    assert await post(server, again["id"]) is not None


@pytest.mark.parametrize("lie", ["another actor's server", "another type"])
async def test_an_announce_must_be_told_by_its_actors_server(
    server: Server, followed: RemoteActor, forwarder: RemoteActor, alice: Account, lie: str
) -> None:
    """Who forwards it serves an Announce in somebody else's name."""
    mallory = forwarder.home.person("mallory")
    note = mallory.note()
    forged = mallory.does("Announce", note["id"], to=["as:Public"])
    changes = {"another actor's server": {"actor": followed.iri}, "another type": {"type": "Like"}}
    forwarder.home.serve(forged["id"], forged | changes[lie])
    await looking.follow(server, alice, mallory)
    await forwarder.sends(server, forged)
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, forged["id"]) is None


@pytest.mark.parametrize("what", ["herself", "her post"])
async def test_a_forwarded_delete_in_our_own_name_is_refused(
    server: Server, alice: Account, bob: RemoteActor, what: str
) -> None:
    """Our own addresses are not asked over the network, which must not pass for being gone."""
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="hello", visibility="public")
        mine = await posting.publish(server.ctx, tx, author=me, new=new)
    target = alice.iri if what == "herself" else mine.iri
    activity = {"id": f"{alice.iri}/x", "type": "Delete", "actor": alice.iri, "object": target}
    await bob.sends(server, activity)
    await server.work("inbox")
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, mine.iri) is not None


async def test_an_activitys_id_must_be_its_actors(server: Server, followed: RemoteActor) -> None:
    note = followed.note("10")
    activity = followed.creates(note, id="https://third.test/acts/1")
    await followed.sends(server, activity)
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, note["id"]) is None


async def test_our_own_actors_do_not_act_from_elsewhere(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    note = {"id": f"{alice.iri}/statuses/1", "type": "Note", "attributedTo": alice.iri}
    activity = {"id": f"{alice.iri}/x", "type": "Create", "actor": alice.iri, "object": note}
    assert (await bob.sends(server, activity)).status_code == 202
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED


async def test_trouble_at_the_server_that_could_tell_is_tried_again(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    note = followed.note("11")
    followed.home.serve(note["id"], {}, status=503)
    await forwarder.sends(server, followed.creates(note))
    await server.work()
    assert (await last(server)).state == ActivityState.RECEIVED
    followed.note("11")
    server.clock.advance(60)
    await server.work()
    assert await post(server, note["id"]) is not None
    assert json.loads((await last(server)).raw)["type"] == "Create"


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
async def test_only_the_actors_own_server_is_asked(
    server: Server, followed: RemoteActor, forwarder: RemoteActor, kind: str
) -> None:
    """Otherwise a message about anyone's post makes us knock at that door."""
    note = RemoteServer(server.network, host="other.test").person("otto").note()
    await forwarder.sends(server, followed.does(kind, note["id"]))
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert server.network.hosts["other.test"].asked == []


async def test_a_forwarded_announce_without_an_id_cannot_be_asked_for(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    announce = followed.does("Announce", followed.note()["id"], to=["as:Public"])
    del announce["id"]
    await forwarder.sends(server, announce)
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED


async def test_a_key_that_is_remembered_vouches_for_what_it_signed_only(
    server: Server, followed: RemoteActor, forwarder: RemoteActor
) -> None:
    first = with_proof(followed, followed.creates(followed.note("true")))
    await forwarder.sends(server, first)
    await server.work()
    assert (await last(server)).state == ActivityState.DONE

    note = followed.note("false")
    del followed.home.documents[note["id"]]
    borrowed = followed.creates(note) | {"@context": first["@context"], "proof": first["proof"]}
    await forwarder.sends(server, borrowed)
    await server.work()
    assert (await last(server)).state == ActivityState.REFUSED
    assert await post(server, note["id"]) is None
