"""From an address to a row: what is fetched, what is believed, and what is never asked."""

import asyncio
import gzip
import json
from typing import Any

import httpx
import pytest

from activitypub import keys
from activitypub.errors import (
    ActivityPubError,
    ForbiddenError,
    GoneError,
    KeyUnusableError,
    MalformedError,
    NotFoundError,
    UnreachableError,
    WrongTypeError,
)
from activitypub.keys import load_public_pem
from activitypub.objects.actor import Actor
from activitypub.signatures.message import Message
from activitypub.verify import read_claim, require_valid
from fedi.models import Account, Post, Tombstone
from fedi.outbound import fetch, resolve
from fedi.outbound.fetch import Budget
from fedi.services import posting
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


# --- Fetching -------------------------------------------------------------------------------------------------


async def test_a_fetch_is_signed_by_the_server_itself(server: Server, bob: RemoteActor) -> None:
    await fetch.document(server.ctx, bob.iri)
    request = server.network.requests[0]
    message = Message.of(method="GET", target_uri=str(request.url), headers=request.headers.raw)
    claim = read_claim(message, now=server.clock())
    assert claim.key_id == "https://fedi.test/actor#main-key"
    actor = await looking.get_account(server, "https://fedi.test/actor")
    require_valid(claim, message, load_public_pem(actor.public_keys[0]["pem"]), now=server.clock())


@pytest.mark.parametrize(
    "iri",
    [
        "https://fedi.test/users/alice", "http://remote.test/x", "https://127.0.0.1/x", "https://[::1]/x",
        "https://2130706433/x", "https://localhost/x", "https://user:pw@remote.test/x", "https://remote.test:81/x",
        "https://remote.test./x", "ftp://remote.test/x", "not an address", "https://remote.test\\@evil.test/x",
    ],
)  # fmt: skip
async def test_what_must_not_be_asked_is_not_asked(server: Server, remote: RemoteServer, iri: str) -> None:
    budget = Budget(1)
    with pytest.raises(ActivityPubError) as refusal:
        await fetch.document(server.ctx, iri, budget=budget)
    assert budget.left == 1
    assert not isinstance(refusal.value, UnreachableError), "another try would not help"
    assert server.network.requests == []


async def test_a_redirect_to_what_must_not_be_asked_is_not_followed(
    server: Server, remote: RemoteServer
) -> None:
    for target in ("https://127.0.0.1/x", "http://remote.test/x", "https://fedi.test/users/alice"):
        remote.documents["https://remote.test/x"] = httpx.Response(302, headers={"location": target})
        server.network.requests.clear()
        with pytest.raises(ActivityPubError):
            await fetch.document(server.ctx, "https://remote.test/x")
        assert len(server.network.requests) == 1


async def test_a_budget_ends(server: Server, bob: RemoteActor) -> None:
    budget = Budget(2)
    await fetch.document(server.ctx, bob.iri, budget=budget)
    await fetch.document(server.ctx, bob.iri, budget=budget)
    with pytest.raises(ForbiddenError):
        await fetch.document(server.ctx, bob.iri, budget=budget)
    assert len(bob.home.asked) == 2


async def test_a_compressed_answer_is_refused(server: Server, bob: RemoteActor) -> None:
    headers = {"content-type": "application/activity+json", "content-encoding": "gzip"}
    packed = gzip.compress(json.dumps(bob.doc).encode())

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed), request=request)

    bob.home.handle_async_request = answer  # type: ignore[method-assign]
    with pytest.raises(ActivityPubError):
        await fetch.document(server.ctx, bob.iri)


# --- Actors ---------------------------------------------------------------------------------------------------


async def test_an_actor_is_fetched_confirmed_and_kept(server: Server, remote: RemoteServer) -> None:
    bob = remote.person(
        "bob", name="Bob \u202eevil", summary="<p>hi<script>x</script></p>", type="Service",
        icon={"type": "Image", "url": "https://remote.test/a.png"}, url="https://remote.test/@bob",
        attachment=[{"type": "PropertyValue", "name": "Site", "value": "<b>x</b>"}], manuallyApprovesFollowers=True,
        tag=[{"type": "Emoji", "name": ":cat:", "icon": {"url": "https://remote.test/cat.png"}}],
    )  # fmt: skip
    account = await resolve.actor(server.ctx, bob.iri)
    assert (account.username, account.domain, account.kind) == ("bob", "remote.test", "Service")
    assert "\u202e" not in account.display_name
    assert "script" not in account.note
    assert account.avatar_url == "https://remote.test/a.png"
    assert account.fields == [{"name": "Site", "value": "<b>x</b>", "verified_at": None}]
    assert account.emojis == [{"shortcode": "cat", "url": "https://remote.test/cat.png"}]
    assert account.locked
    assert account.private_key_pem is None
    remote.asked.clear()
    assert (await resolve.actor(server.ctx, bob.iri)).id == account.id
    assert remote.asked == []


async def test_names_are_kept_without_what_deceives_and_values_without_what_acts(
    server: Server, remote: RemoteServer
) -> None:
    fields = [
        {"type": "PropertyValue", "name": "\u202eSite\u200b", "value": "<b onclick=x>x</b><script>y</script>"}
    ]
    # U+180E and U+0085 are left by the reader of actors, whose list is shorter.
    eve = remote.person("eve", name="\u180eE\u0085ve", attachment=fields)
    account = await resolve.actor(server.ctx, eve.iri)
    assert account.display_name == "Eve"
    assert account.fields == [{"name": "Site", "value": "<b>x</b>", "verified_at": None}]


async def test_a_handle_that_leads_to_what_must_not_be_asked_is_refused_for_good(
    server: Server, remote: RemoteServer
) -> None:
    url = "https://remote.test/.well-known/webfinger?resource=acct:bob@remote.test"
    remote.documents[url] = httpx.Response(302, headers={"location": "https://127.0.0.1/x"})
    with pytest.raises(ForbiddenError):
        await fetch.look_up(server.ctx, "bob@remote.test", Budget(), scheme="https")
    assert {request.url.host for request in server.network.requests} == {"remote.test"}


@pytest.mark.parametrize("lie", ["id", "handle", "nobody", "inbox", "type", "content type", "our handle"])
async def test_an_actor_that_cannot_be_confirmed_is_refused(
    server: Server, remote: RemoteServer, lie: str
) -> None:
    eve = remote.person("eve")
    match lie:
        case "id":
            remote.serve(eve.iri, eve.doc | {"id": "https://third.test/users/eve"})
        case "handle":
            remote.handle("eve", f"{remote.origin}/users/other")
        case "nobody":
            remote.documents = {eve.iri: remote.documents[eve.iri]}
        case "inbox":
            remote.serve(eve.iri, eve.doc | {"inbox": "https://third.test/inbox"})
        case "type":
            remote.serve(eve.iri, eve.doc | {"type": "Note"})
        case "content type":
            remote.serve(eve.iri, eve.doc, content_type="application/json")
        case "our handle":
            remote.serve(eve.iri, eve.doc | {"webfinger": "eve@fedi.test"})
    with pytest.raises(ActivityPubError):
        await resolve.actor(server.ctx, eve.iri)
    assert await looking.find_account(server, eve.iri) is None


async def test_a_handle_may_live_under_another_domain_that_confirms_it(
    server: Server, remote: RemoteServer
) -> None:
    bob = remote.person("bob", found=False)
    link = {"rel": "self", "type": "application/activity+json", "href": bob.iri}
    jrd = {"subject": "acct:bob@example.test", "links": [link]}
    other = RemoteServer(server.network, host="example.test")
    for host, resource in ((remote, "acct:bob@remote.test"), (other, "acct:bob@example.test")):
        url = f"{host.origin}/.well-known/webfinger?resource={resource}"
        host.serve(url, jrd, content_type="application/jrd+json")
    assert (await resolve.actor(server.ctx, bob.iri)).domain == "example.test"


async def test_a_domain_that_does_not_confirm_lends_no_handle(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob", found=False)
    link = {"rel": "self", "type": "application/activity+json", "href": bob.iri}
    url = f"{remote.origin}/.well-known/webfinger?resource=acct:bob@remote.test"
    remote.serve(
        url, {"subject": "acct:bob@example.test", "links": [link]}, content_type="application/jrd+json"
    )
    other = RemoteServer(server.network, host="example.test")
    other.handle("bob", "https://example.test/users/bob")
    with pytest.raises(ForbiddenError):
        await resolve.actor(server.ctx, bob.iri)


async def test_nobody_elsewhere_gets_a_handle_of_our_domain(make_server: MakeServer) -> None:
    server = await make_server("https://social.test", account_domain="example.test")
    eve = RemoteServer(server.network).person("eve", webfinger="eve@example.test")
    RemoteServer(server.network, host="example.test").handle("eve", eve.iri)
    with pytest.raises(ForbiddenError):
        await resolve.actor(server.ctx, eve.iri)


async def test_an_actor_that_took_over_a_handle_gets_it(server: Server, remote: RemoteServer) -> None:
    old = remote.person("bob")
    before = await resolve.actor(server.ctx, old.iri)
    new = RemoteActor(home=remote, name="bob", key=old.key, doc=old.doc | {
        "id": f"{remote.origin}/people/bob", "inbox": f"{remote.origin}/people/bob/inbox"})  # fmt: skip
    remote.serve(new.iri, new.doc)
    remote.handle("bob", new.iri)
    after = await resolve.actor(server.ctx, new.iri)
    assert (after.username, after.domain) == ("bob", "remote.test")
    assert after.id != before.id
    assert (await looking.get_account(server, old.iri)).username != "bob"


async def test_many_who_want_the_same_actor_ask_once(server: Server, bob: RemoteActor) -> None:
    found = await asyncio.gather(*(resolve.actor(server.ctx, bob.iri) for _ in range(8)))
    assert len({account.id for account in found}) == 1
    assert bob.home.asked.count(bob.iri) == 1


async def test_a_stale_actor_is_read_again_and_kept_when_that_fails(server: Server, bob: RemoteActor) -> None:
    await resolve.actor(server.ctx, bob.iri)
    bob.home.serve(bob.iri, bob.doc | {"name": "Robert"})
    server.clock.advance(86_400 + 1)
    assert (await resolve.actor(server.ctx, bob.iri)).display_name == "Robert"

    bob.home.documents.clear()
    server.clock.advance(86_400 + 1)
    asked = len(bob.home.asked)
    for _ in range(3):
        assert (await resolve.actor(server.ctx, bob.iri)).display_name == "Robert"
    assert len(bob.home.asked) == asked + 1, "not asked again at once"


@pytest.mark.parametrize(
    ("status", "error"), [(404, NotFoundError), (410, GoneError), (500, UnreachableError)]
)
async def test_answers_of_their_server_are_told_apart(
    server: Server, bob: RemoteActor, status: int, error: type[Exception]
) -> None:
    bob.home.documents[bob.iri] = httpx.Response(status)
    with pytest.raises(error):
        await resolve.actor(server.ctx, bob.iri)


async def test_an_actor_that_was_deleted_is_not_asked_for(server: Server, bob: RemoteActor) -> None:
    async with server.ctx.db.write() as tx:
        tx.add(Tombstone(iri=bob.iri, local=False, deleted_at=server.clock()))
    with pytest.raises(GoneError):
        await resolve.actor(server.ctx, bob.iri)
    assert bob.home.asked == []


async def test_our_own_actors_come_from_the_database(server: Server, alice: Account) -> None:
    assert (await resolve.actor(server.ctx, alice.iri, fresh=True)).id == alice.id
    with pytest.raises(NotFoundError):
        await resolve.actor(server.ctx, "https://fedi.test/users/nobody")
    assert server.network.requests == []


# --- Handles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["alice", "@alice", "alice@fedi.test", "@Alice@FEDI.test"])
async def test_people_here_are_found_by_handle(server: Server, alice: Account, text: str) -> None:
    assert (await resolve.handle(server.ctx, text)).id == alice.id
    assert server.network.requests == []


async def test_people_elsewhere_are_looked_up_once(server: Server, bob: RemoteActor) -> None:
    found = await resolve.handle(server.ctx, "@bob@remote.test")
    assert found.iri == bob.iri
    bob.home.asked.clear()
    assert (await resolve.handle(server.ctx, "bob@remote.test")).id == found.id
    assert bob.home.asked == []


@pytest.mark.parametrize("text", ["nobody", "nobody@fedi.test", "nobody@remote.test"])
async def test_nobody_is_not_found(server: Server, remote: RemoteServer, text: str) -> None:
    with pytest.raises(NotFoundError):
        await resolve.handle(server.ctx, text)


@pytest.mark.parametrize(
    "text", ["a b@remote.test", "bob@", "bob@127.0.0.1", "bob@localhost", "bob@remote.test:99"]
)
async def test_what_is_no_handle_is_refused(server: Server, remote: RemoteServer, text: str) -> None:
    with pytest.raises(MalformedError):
        await resolve.handle(server.ctx, text)
    assert server.network.requests == []


async def test_a_foreign_handle_may_not_lead_here(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    remote.handle("president", alice.iri)
    with pytest.raises(ForbiddenError):
        await resolve.handle(server.ctx, "president@remote.test")


async def test_a_handle_of_another_host_may_not_lead_to_somebody_elses_actor(
    server: Server, remote: RemoteServer, bob: RemoteActor
) -> None:
    evil = RemoteServer(server.network, host="evil.test")
    evil.handle("bob", bob.iri)
    with pytest.raises(ForbiddenError):
        await resolve.handle(server.ctx, "bob@evil.test")


async def test_peers_of_a_test_may_be_addresses_with_ports(make_server: MakeServer) -> None:
    server = await make_server(
        "http://127.0.0.1:8000", allow_http_peers=True, outgoing_allow=["127.0.2.0/28"]
    )
    peer = RemoteServer(server.network, host="127.0.2.1:9101")
    peer.__class__ = HttpServer
    bob = peer.person("bob")
    account = await resolve.handle(server.ctx, "@bob@127.0.2.1:9101")
    assert (account.iri, account.domain) == (bob.iri, "127.0.2.1:9101")


class HttpServer(RemoteServer):
    """A peer without TLS."""

    @property
    def origin(self) -> str:
        """Its scheme and host."""
        return f"http://{self.host}"


# --- Posts ----------------------------------------------------------------------------------------------------


async def test_a_post_is_fetched_with_its_author_and_its_thread(server: Server, bob: RemoteActor) -> None:
    notes: list[dict[str, Any]] = []
    for number in range(5):
        notes.append(bob.note(f"n{number}", inReplyTo=notes[-1]["id"] if notes else None))
    post = await resolve.note(server.ctx, notes[4]["id"])
    assert post.in_reply_to_iri == notes[3]["id"]
    parent = await looking.get_post(server, notes[3]["id"])
    assert post.in_reply_to_id == parent.id
    assert await looking.find_post(server, notes[2]["id"]) is not None
    assert await looking.find_post(server, notes[1]["id"]) is None, "no further up"


async def test_an_old_post_does_not_stand_above_newer_ones(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="now", visibility="public")
        mine = await posting.publish(server.ctx, tx, author=me, new=new)
    post = await resolve.note(server.ctx, bob.note()["id"])
    assert post.id < mine.id


async def test_posts_that_answer_one_another_end(server: Server, bob: RemoteActor) -> None:
    first, second = f"{bob.iri}/notes/a", f"{bob.iri}/notes/b"
    bob.note("a", inReplyTo=second)
    bob.note("b", inReplyTo=first)
    async with asyncio.timeout(10):
        found = await asyncio.gather(resolve.note(server.ctx, first), resolve.note(server.ctx, second))
    assert [post.iri for post in found] == [first, second]
    assert await looking.count(server, Post) == 2


async def test_a_thread_that_cannot_be_read_is_no_failure(server: Server, bob: RemoteActor) -> None:
    note = bob.note(inReplyTo="https://nowhere.test/notes/1")
    assert (await resolve.note(server.ctx, note["id"])).in_reply_to_id is None


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        ({"attributedTo": "https://third.test/users/x"}, ForbiddenError),
        ({"id": "https://third.test/notes/1"}, ActivityPubError),
        ({"type": "Person"}, MalformedError),
    ],
)
async def test_a_post_that_lies_about_itself_is_refused(
    server: Server, bob: RemoteActor, lie: dict[str, Any], error: type[Exception]
) -> None:
    note = bob.note()
    bob.home.serve(note["id"], note | lie)
    with pytest.raises(error):
        await resolve.note(server.ctx, note["id"])
    assert await looking.count(server, Post) == 0


async def test_a_post_served_as_something_else_is_refused(server: Server, bob: RemoteActor) -> None:
    note = bob.note()
    bob.home.serve(note["id"], note, content_type="text/plain")
    with pytest.raises(WrongTypeError):
        await resolve.note(server.ctx, note["id"])


@pytest.mark.parametrize("field", ["inbox", "endpoints"])
async def test_an_actor_with_an_address_that_no_index_holds_is_not_kept(
    server: Server, remote: RemoteServer, field: str
) -> None:
    long = f"{remote.origin}/{'é' * 1_500}"
    bob = remote.person("bob", **{field: long if field == "inbox" else {"sharedInbox": long}})
    with pytest.raises(MalformedError):
        async with server.ctx.db.write() as tx:
            await resolve.remote.save_actor(server.ctx, tx, Actor.from_json(bob.doc), domain="remote.test")


async def test_a_post_that_is_deleted_while_it_is_fetched_is_gone(
    server: Server, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any, **__: Any) -> None:
        """Find it among the deleted ones, by now."""

    monkeypatch.setattr(resolve.remote, "save_note", gone)
    with pytest.raises(GoneError):
        await resolve.note(server.ctx, bob.note()["id"])


async def test_a_deleted_post_is_not_asked_for(server: Server, bob: RemoteActor) -> None:
    note = bob.note()
    async with server.ctx.db.write() as tx:
        tx.add(Tombstone(iri=note["id"], local=False, deleted_at=server.clock()))
    with pytest.raises(GoneError):
        await resolve.note(server.ctx, note["id"])
    assert bob.home.asked == []


# --- Links that people paste ----------------------------------------------------------------------------------


async def test_a_link_leads_to_a_person_or_a_post(server: Server, bob: RemoteActor) -> None:
    page = "https://remote.test/@bob"
    bob.home.serve(page, bob.doc)
    note = bob.note()
    found = [await resolve.url(server.ctx, address) for address in (page, bob.iri, note["id"])]
    assert [type(thing) for thing in found] == [Account, Account, Post]
    assert found[0].iri == bob.iri


async def test_links_to_our_own_pages_need_no_network(server: Server, alice: Account) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="hello", visibility="public")
        post = await posting.publish(server.ctx, tx, author=me, new=new)
    assert post.url is not None
    for address in (post.url, post.iri):
        assert (await resolve.url(server.ctx, address)).id == post.id
    for address in ("https://fedi.test/@alice", alice.iri):
        assert (await resolve.url(server.ctx, address)).id == alice.id
    with pytest.raises(NotFoundError):
        await resolve.url(server.ctx, "https://fedi.test/about")
    assert server.network.requests == []


async def test_a_link_to_something_else_is_not_found(server: Server, remote: RemoteServer) -> None:
    remote.serve("https://remote.test/c", {"id": "https://remote.test/c", "type": "Collection"})
    with pytest.raises(NotFoundError):
        await resolve.url(server.ctx, "https://remote.test/c")


# --- Keys -----------------------------------------------------------------------------------------------------


async def test_a_multikey_is_read(server: Server, remote: RemoteServer) -> None:
    secret = keys.generate_ed25519()
    bob = remote.person("bob")
    multikey = {
        "id": f"{bob.iri}#ed", "type": "Multikey", "controller": bob.iri,
        "publicKeyMultibase": keys.public_multibase(secret.public_key()),
    }  # fmt: skip
    remote.serve(bob.iri, bob.doc | {"assertionMethod": [multikey]})
    found = await resolve.key(server.ctx, f"{bob.iri}#ed")
    assert found.owner == bob.iri
    assert keys.public_pem(found.public_key) == keys.public_pem(secret.public_key())
    remote.serve(
        bob.iri, bob.doc | {"assertionMethod": [multikey | {"controller": "https://remote.test/users/c"}]}
    )
    with pytest.raises(KeyUnusableError):
        await resolve.key(server.ctx, f"{bob.iri}#ed")


async def test_a_key_of_a_list_is_found(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    other = bob.doc["publicKey"] | {"id": f"{bob.iri}#other"}
    remote.serve(bob.iri, bob.doc | {"publicKey": [other, bob.doc["publicKey"]]})
    assert (await resolve.key(server.ctx, bob.key_id)).owner == bob.iri


async def test_a_key_server_that_hangs_is_given_up(
    server: Server, remote: RemoteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    monkeypatch.setattr(remote, "handle_async_request", hang)
    monkeypatch.setattr(resolve, "KEY_DEADLINE_S", 0.01)
    with pytest.raises(UnreachableError):
        await resolve.key(server.ctx, "https://remote.test/users/bob#main-key")
