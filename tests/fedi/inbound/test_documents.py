"""Actors, posts and activities as other servers read them, and what they may not read."""

from typing import Any

import httpx
import pytest
from sqlalchemy import update

from activitypub.normalise import media_type_allowed
from activitypub.objects.actor import Actor
from activitypub.objects.note import Note
from activitypub.vocab import PUBLIC
from fedi.models import Account, Favourite, Post, PostState, Tombstone
from fedi.queries import posts as find
from fedi.services import interacting, posting
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

ACCEPT = {"accept": ACTIVITY_JSON}


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello #art", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


def path(iri: str) -> str:
    return iri.removeprefix("https://fedi.test")


async def read(server: Server, iri: str, bob: RemoteActor | None = None, **signing: Any) -> httpx.Response:
    headers = dict(ACCEPT)
    if bob is not None:
        headers |= bob.signed("GET", iri, server.clock(), **signing)
    return await server.client.get(path(iri), headers=headers)


# --- Actors ---------------------------------------------------------------------------------------------------


async def test_a_person_is_described(server: Server, alice: Account) -> None:
    answer = await read(server, alice.iri)
    assert answer.status_code == 200
    assert media_type_allowed(answer.headers["content-type"])
    varies = set(answer.headers["vary"].replace(" ", "").split(","))
    assert varies >= {"Accept", "Authorization", "Signature", "Signature-Input"}
    assert answer.headers["cache-control"].startswith("public")
    actor = Actor.from_json(answer.json())
    assert (actor.id, actor.type, actor.username) == (alice.iri, "Person", "alice")
    assert actor.webfinger == "alice@fedi.test"
    assert actor.inbox == f"{alice.iri}/inbox"
    assert actor.shared_inbox == "https://fedi.test/inbox"
    assert actor.public_keys[0].id == f"{alice.iri}#main-key"
    assert "PRIVATE" not in answer.text


async def test_a_bot_says_so_and_names_its_operator(server: Server) -> None:
    bot = await server.person("imagine", bot=True)
    actor = Actor.from_json((await read(server, bot.iri)).json())
    assert actor.type == "Service"
    assert [(row.name, row.value) for row in actor.fields] == [("Operator", "@operator@fedi.test")]


async def test_the_server_itself_is_described_to_everyone(server: Server) -> None:
    for headers in (ACCEPT, {}, {"accept": "text/html"}, {"signature": "nonsense"}):
        answer = await server.client.get("/actor", headers=headers)
        assert answer.status_code == 200
        actor = Actor.from_json(answer.json())
        assert (actor.type, actor.manually_approves_followers) == ("Application", True)


async def test_an_unknown_person_is_404_and_a_deleted_one_410(server: Server, alice: Account) -> None:
    assert (await read(server, "https://fedi.test/users/nobody")).status_code == 404
    assert (await read(server, "https://fedi.test/users/fedi.test")).status_code == 404
    async with server.ctx.db.write() as tx:
        tx.add(Tombstone(iri="https://fedi.test/users/gone", local=True, deleted_at=server.clock()))
        tx.add(Tombstone(iri="https://fedi.test/users/odd", local=False, deleted_at=server.clock()))
    answer = await read(server, "https://fedi.test/users/gone")
    assert (answer.status_code, answer.json()["type"]) == (410, "Tombstone")
    assert (await read(server, "https://fedi.test/users/odd")).status_code == 404


async def test_a_suspended_person_is_403_but_keeps_a_key(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == alice.id).values(suspended_at=server.clock()))
    answer = await read(server, alice.iri)
    assert answer.status_code == 403
    actor = Actor.from_json(answer.json())
    assert actor.suspended
    assert actor.public_keys
    assert actor.name is None
    assert (await read(server, post.iri)).status_code == 404


async def test_browsers_are_sent_to_the_pages(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    for iri, page in ((alice.iri, "/@alice"), (post.iri, f"/@alice/{post.id}")):
        answer = await server.client.get(path(iri), headers={"accept": "text/html"})
        assert answer.status_code in {302, 307}
        assert answer.headers["location"] == f"https://fedi.test{page}"


async def test_a_page_address_answers_with_the_document_too(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    assert (await server.client.get("/@alice", headers=ACCEPT)).json()["id"] == alice.iri
    assert (await server.client.get(f"/@alice/{post.id}", headers=ACCEPT)).json()["id"] == post.iri


# --- Posts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
async def test_a_public_post_is_for_everyone(server: Server, alice: Account, visibility: str) -> None:
    post = await write(server, alice, visibility=visibility)
    answer = await read(server, post.iri)
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public")
    note = Note.from_json(answer.json())
    assert note.attributed_to == alice.iri
    assert note.visibility(followers=f"{alice.iri}/followers") == visibility
    assert [tag.name for tag in note.hashtags] == ["#art"]


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_a_hidden_post_is_not_there_for_strangers(
    server: Server, alice: Account, bob: RemoteActor, visibility: str
) -> None:
    post = await write(server, alice, visibility=visibility)
    for reader in (None, bob):
        for iri in (post.iri, f"{post.iri}/activity"):
            assert (await read(server, iri, reader)).status_code == 404


async def test_a_private_post_is_there_for_followers_who_sign(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    post = await write(server, alice, visibility="private")
    answer = await read(server, post.iri, bob)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert "signature" in answer.headers["vary"].lower()
    assert (await read(server, post.iri)).status_code == 404


async def test_a_direct_post_is_there_for_whom_it_names(
    server: Server, alice: Account, bob: RemoteActor, remote: RemoteServer
) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    post = await write(server, alice, text="@bob@remote.test psst", visibility="direct")
    assert (await read(server, post.iri, bob)).status_code == 200
    assert (await read(server, post.iri, remote.person("carol"))).status_code == 404


async def test_a_bad_signature_is_401_where_it_matters_and_tells_nothing(
    server: Server, alice: Account, bob: RemoteActor, remote: RemoteServer
) -> None:
    hidden = await write(server, alice, visibility="private")
    wrong = remote.person("mallory").key
    missing = f"{alice.iri}/statuses/12345"
    answers = [await read(server, iri, bob, key=wrong) for iri in (hidden.iri, missing)]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    public = await write(server, alice)
    assert (await read(server, public.iri, bob, key=wrong)).status_code == 200


async def test_a_draft_is_nobodys(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Post).where(Post.id == post.id).values(state=PostState.DRAFT))
    assert (await read(server, post.iri)).status_code == 404


async def test_a_post_is_found_only_under_its_author(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    await server.person("carol")
    assert (await read(server, post.iri.replace("alice", "carol"))).status_code == 404


async def test_a_remote_post_is_not_ours_to_serve(
    server: Server, alice: Account, remote: RemoteServer
) -> None:
    namesake = remote.person("alice")
    await looking.follow(server, alice, namesake)
    note = namesake.note()
    await looking.verdict(server, namesake, namesake.creates(note))
    found = await looking.get_post(server, note["id"])
    assert (await read(server, f"{alice.iri}/statuses/{found.id}")).status_code == 404


@pytest.mark.parametrize("post_id", ["0", "-1", "x", "1e3", "\uff19", "9" * 19, "9" * 30, "1%00", "..%2f1"])
async def test_odd_ids_are_404(server: Server, alice: Account, post_id: str) -> None:
    for tail in ("", "/activity"):
        answer = await server.client.get(f"/users/alice/statuses/{post_id}{tail}", headers=ACCEPT)
        assert answer.status_code == 404


async def test_a_deleted_post_is_410_with_a_tombstone(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        mine = await find.by_id(tx, post.id)
        assert mine is not None
        await posting.delete(server.ctx, tx, post=mine, author=await tx.get_one(Account, alice.id))
    for iri in (post.iri, f"{post.iri}/activity"):
        answer = await read(server, iri)
        assert answer.status_code == 410
        assert (answer.json()["type"], answer.json()["id"]) == ("Tombstone", post.iri)


async def test_the_activity_of_a_post_is_its_create(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    doc = (await read(server, f"{post.iri}/activity")).json()
    assert (doc["id"], doc["type"], doc["actor"]) == (f"{post.iri}/activity", "Create", alice.iri)
    assert doc["object"]["id"] == post.iri
    assert doc["to"] == doc["object"]["to"] == [PUBLIC]


async def test_a_boost_is_an_announce_and_no_note(server: Server, alice: Account) -> None:
    post = await write(server, alice)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        mine = await tx.get_one(Post, post.id)
        boost = await interacting.boost(server.ctx, tx, account=me, post=mine)
    doc = (await read(server, boost.iri)).json()
    assert (doc["type"], doc["id"], doc["object"]) == ("Announce", boost.iri, post.iri)
    assert (await read(server, boost.iri.removesuffix("/activity"))).status_code == 404
    assert await looking.count(server, Favourite) == 0


# --- Signed reading -------------------------------------------------------------------------------------------


async def test_authorized_fetch_wants_a_signature_for_everything_but_the_server_itself(
    make_server: MakeServer,
) -> None:
    server = await make_server(authorized_fetch=True)
    alice = await server.person("alice")
    bob = RemoteServer(server.network).person("bob")
    post = await write(server, alice)
    for iri in (
        alice.iri, post.iri, f"{post.iri}/activity", f"{alice.iri}/outbox", f"{alice.iri}/followers",
        f"{alice.iri}/following", f"{alice.iri}/collections/featured",
    ):  # fmt: skip
        unsigned = await read(server, iri)
        assert unsigned.status_code == 401, iri
        assert "@target-uri" in unsigned.headers["accept-signature"]
        signed = await read(server, iri, bob)
        assert signed.status_code == 200, iri
        assert signed.headers["cache-control"] == "private, no-store"
        assert (await read(server, iri, bob, covered=("host", "date"))).status_code == 401
    assert (await server.client.get("/actor")).status_code == 200
    finger = await server.client.get("/.well-known/webfinger?resource=acct:alice@fedi.test")
    assert finger.status_code == 200


async def test_a_suspended_reader_is_refused(server: Server, alice: Account, bob: RemoteActor) -> None:
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    hidden = await write(server, alice, visibility="private")
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.iri == bob.iri).values(suspended_at=server.clock()))
    assert (await read(server, hidden.iri, bob)).status_code == 403
