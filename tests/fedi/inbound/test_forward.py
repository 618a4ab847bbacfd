"""Replies to our people are passed on to their followers elsewhere, when they prove themselves."""

import json
from typing import Any

import httpx
import pytest

from activitypub import activities, keys
from activitypub.signatures.proof import add_proof
from activitypub.vocab import PUBLIC
from fedi.inbound import forward
from fedi.inbound.received import nothing
from fedi.models import Account, Activity, Post, Reach
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.remote import AS, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

SECRET = keys.generate_ed25519()


@pytest.fixture
def bob(remote: RemoteServer) -> RemoteActor:
    """Somebody who answers, with a key for proofs."""
    who = remote.person("bob")
    method = {
        "id": f"{who.iri}#ed25519", "type": "Multikey", "controller": who.iri,
        "publicKeyMultibase": keys.public_multibase(SECRET.public_key()),
    }  # fmt: skip
    remote.serve(who.iri, who.doc | {"assertionMethod": [method]})
    return who


@pytest.fixture
async def reader(server: Server, alice: Account) -> RemoteServer:
    """The server of somebody who follows alice."""
    there = RemoteServer(server.network, host="reader.test")
    fan = there.person("fan")
    assert await looking.verdict(server, fan, fan.does("Follow", alice.iri)) == "done"
    there.received.clear()
    return there


@pytest.fixture
async def post(server: Server, alice: Account) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        return await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text="what do you think?", visibility="public")
        )


def answers(bob: RemoteActor, post: Post, name: str = "1") -> dict[str, Any]:
    cc = [f"{post.iri.partition('/statuses/')[0]}/followers"]
    return bob.creates(bob.note(name, inReplyTo=post.iri, cc=cc))


def proven(server: Server, bob: RemoteActor, activity: dict[str, Any]) -> dict[str, Any]:
    return add_proof(
        activity | {"@context": [AS]},
        key=SECRET, verification_method=f"{bob.iri}#ed25519", created=server.clock(),
    )  # fmt: skip


async def sent(server: Server, bob: RemoteActor, reader: RemoteServer, activity: dict[str, Any]) -> list[str]:
    """Send an activity here, and return the types of what the reader's server then got of bob."""
    before = len(reader.received)
    await bob.sends(server, activity)
    await server.work()
    return [body["type"] for body in reader.bodies[before:] if body["actor"] == bob.iri]


async def test_a_reply_is_passed_on_byte_for_byte_and_signed_by_whom_it_answers(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post, alice: Account
) -> None:
    body = json.dumps(proven(server, bob, answers(bob, post)), indent=1).encode()
    await bob.posts(server, body)
    await server.work()
    last = reader.received[-1]
    assert last.content == body
    assert f'keyId="{alice.iri}#main-key"' in last.headers["signature"]
    assert not [request for request in bob.home.received if request.content == body], "bob has it already"


async def test_an_answer_to_something_else_is_not_passed_on(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post, alice: Account
) -> None:
    """Whoever addresses somebody's followers does not reach them through us by that alone."""
    other = answers(bob, post)
    mention = {"type": "Mention", "href": alice.iri, "name": "@alice@fedi.test"}
    other["object"] |= {"inReplyTo": f"{post.iri}0", "to": [alice.iri, PUBLIC], "tag": [mention]}
    assert await sent(server, bob, reader, proven(server, bob, other)) == []


async def test_nothing_is_passed_on_for_who_is_suspended(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).suspended_at = server.clock()
    assert await sent(server, bob, reader, proven(server, bob, answers(bob, post))) == []


async def test_its_change_and_its_end_go_where_it_went(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    created = answers(bob, post)
    assert await sent(server, bob, reader, proven(server, bob, created)) == ["Create"]
    newer = created["object"] | {"content": "<p>no</p>", "updated": "2026-01-03T03:04:05Z"}
    changed = proven(server, bob, bob.does("Update", newer, to=[PUBLIC]))
    assert await sent(server, bob, reader, changed) == ["Update"]
    gone = proven(server, bob, bob.does("Delete", created["object"]["id"], to=[PUBLIC]))
    assert await sent(server, bob, reader, gone) == ["Delete"]
    assert await looking.count(server, Reach, Reach.iri == created["object"]["id"]) == 0


async def test_its_change_is_passed_on_by_whom_it_answers_and_nobody_else(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post, alice: Account
) -> None:
    created = answers(bob, post)
    assert await sent(server, bob, reader, proven(server, bob, created)) == ["Create"]
    carol = await server.person("carol")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, carol.id)
        asked = await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text="and you?", visibility="public")
        )
    await sent(server, bob, reader, answers(bob, asked, "2"))
    newer = created["object"] | {"content": "<p>no</p>", "updated": "2026-01-03T03:04:05Z"}
    changed = proven(server, bob, bob.does("Update", newer, to=[PUBLIC]))
    assert await sent(server, bob, reader, changed) == ["Update"]
    assert f'keyId="{alice.iri}#main-key"' in reader.received[-1].headers["signature"]
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).suspended_at = server.clock()
    gone = proven(server, bob, bob.does("Delete", newer["id"], to=[PUBLIC]))
    assert await sent(server, bob, reader, gone) == []


async def test_answers_to_posts_of_others_are_theirs_to_pass_on(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    otto = RemoteServer(server.network, host="third.test").person("otto")
    await looking.follow(server, alice, otto)
    note = otto.note()
    await looking.verdict(server, otto, otto.creates(note))
    answer = proven(server, bob, bob.creates(bob.note(inReplyTo=note["id"], cc=[f"{otto.iri}/followers"])))
    row = Activity(signer=bob.iri, raw=json.dumps(answer).encode())
    activity = activities.parse(answer)
    assert not isinstance(activity, activities.Unknown)
    assert await forward.passed_on(server.ctx, nothing, activity, row) is nothing


async def test_the_same_reply_is_passed_on_once(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    activity = proven(server, bob, answers(bob, post))
    assert await sent(server, bob, reader, activity) == ["Create"]
    assert await sent(server, bob, reader, activity) == []
    fay = RemoteServer(server.network, host="third.test").person("fay")
    await fay.sends(server, activity)
    await server.work()
    assert len([body for body in reader.bodies if body["actor"] == bob.iri]) == 1, (
        "nor when others pass it on"
    )


async def test_without_a_proof_nothing_is_passed_on(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    assert await sent(server, bob, reader, answers(bob, post)) == []


async def test_a_proof_that_does_not_hold_is_none(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    activity = proven(server, bob, answers(bob, post))
    activity["object"]["content"] = "<p>changed</p>"
    assert await sent(server, bob, reader, activity) == []
    assert await looking.find_post(server, activity["object"]["id"]) is not None, "bob signed the request"


async def test_a_reply_that_is_not_for_the_authors_followers_stays_here(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    created = answers(bob, post) | {"cc": [f"{bob.iri}/followers"]}
    assert await sent(server, bob, reader, proven(server, bob, created)) == []


async def test_what_answers_nothing_of_ours_stays_here(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    created = answers(bob, post, "2")
    created["object"]["inReplyTo"] = bob.note("other")["id"]
    assert await sent(server, bob, reader, proven(server, bob, created)) == []


async def test_a_direct_post_is_no_thread(
    server: Server, bob: RemoteActor, reader: RemoteServer, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="psst", visibility="direct")
        secret = await posting.publish(server.ctx, tx, author=me, new=new)
    assert await sent(server, bob, reader, proven(server, bob, answers(bob, secret))) == []


async def test_a_change_of_what_was_not_passed_on_is_not_either(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    created = answers(bob, post)
    await sent(server, bob, reader, created)
    newer = created["object"] | {"content": "<p>no</p>", "updated": "2026-01-03T03:04:05Z"}
    assert await sent(server, bob, reader, proven(server, bob, bob.does("Update", newer))) == []


async def test_one_reply_goes_to_so_many_servers_at_most(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "INBOXES_MAX", 0)
    assert await sent(server, bob, reader, proven(server, bob, answers(bob, post))) == []


async def test_a_key_that_cannot_be_had_now_is_asked_for_again(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    document = bob.home.documents[bob.iri]
    activity = proven(server, bob, answers(bob, post))
    await looking.meet(server, bob)
    bob.home.documents[bob.iri] = httpx.Response(503)
    assert await sent(server, bob, reader, activity) == []
    bob.home.documents[bob.iri] = document
    server.clock.advance(120)
    await server.work()
    assert reader.bodies[-1]["id"] == activity["id"]


async def test_the_key_of_a_proof_is_asked_for_once(
    server: Server, bob: RemoteActor, reader: RemoteServer, post: Post
) -> None:
    assert await sent(server, bob, reader, proven(server, bob, answers(bob, post, "1"))) == ["Create"]
    bob.home.asked.clear()
    assert await sent(server, bob, reader, proven(server, bob, answers(bob, post, "2"))) == ["Create"]
    assert bob.iri not in bob.home.asked
