"""Who signed a request, and everything that is not a signature.

Each refusal is proven against a request that differs from an accepted one in that point only.
"""

import asyncio
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from sqlalchemy import func, select

from activitypub import keys
from activitypub.auth import SignatureAuth
from activitypub.signatures.message import Scheme
from fedi.models import Account, Activity
from tests.fedi import looking
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

BODY = b'{"type": "Like", "id": "https://remote.test/1", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/x"}'


async def stored(server: Server) -> int:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(Activity))).scalar_one()


async def signer(server: Server) -> Activity:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(Activity))).scalar_one()


async def test_a_good_signature_is_taken_and_its_signer_written_down(
    server: Server, bob: RemoteActor
) -> None:
    assert (await bob.posts(server, BODY)).status_code == 202
    row = await signer(server)
    assert (row.signer, row.key_id, row.scheme) == (bob.iri, bob.key_id, Scheme.CAVAGE)
    assert row.signer_origin == "https://remote.test"
    assert row.raw == BODY


async def test_rfc_9421_is_taken_as_well(server: Server, bob: RemoteActor) -> None:
    auth = SignatureAuth(key_id=bob.key_id, key=bob.key, clock=server.clock, first=Scheme.RFC9421)
    request = server.client.build_request(
        "POST", "/inbox", content=BODY, headers={"content-type": ACTIVITY_JSON}
    )
    assert (await server.client.send(request, auth=auth)).status_code == 202
    assert (await signer(server)).scheme == Scheme.RFC9421


async def test_an_unsigned_request_is_refused_and_told_what_is_wanted(
    server: Server, bob: RemoteActor
) -> None:
    answer = await bob.posts(server, BODY, headers={"signature": None})
    assert answer.status_code == 401
    assert "content-digest" in answer.headers["accept-signature"]
    assert await stored(server) == 0


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"digest": "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, id="digest of another body"),
        pytest.param({"digest": None}, id="no digest"),
        pytest.param({"date": "Thu, 01 Jan 1970 00:00:00 GMT"}, id="another date"),
        pytest.param({"date": None}, id="no date"),
        pytest.param({"host": "elsewhere.test"}, id="another host"),
        pytest.param({"signature": "keyId="}, id="signature that is none"),
        pytest.param({"signature": ""}, id="empty signature"),
    ],
)  # fmt: skip
async def test_changed_headers_are_refused(server: Server, bob: RemoteActor, headers: dict[str, str]) -> None:
    answer = await bob.posts(server, BODY, headers=headers)
    assert answer.status_code == 401
    assert await stored(server) == 0


async def test_a_body_changed_after_signing_is_refused(server: Server, bob: RemoteActor) -> None:
    headers = bob.signed("POST", "https://fedi.test/inbox", server.clock(), body=BODY)
    answer = await server.client.post("/inbox", content=BODY.replace(b"Like", b"Undo"), headers=headers)
    assert answer.status_code == 401
    assert await stored(server) == 0


async def test_a_signature_for_another_path_is_refused(server: Server, bob: RemoteActor) -> None:
    headers = bob.signed("POST", "https://fedi.test/users/alice/inbox", server.clock(), body=BODY)
    assert (await server.client.post("/inbox", content=BODY, headers=headers)).status_code == 401


@pytest.mark.parametrize("left_out", ["(request-target)", "host", "date", "digest"])
async def test_what_must_be_covered_must_be_covered(server: Server, bob: RemoteActor, left_out: str) -> None:
    covered = tuple(
        name for name in ("(request-target)", "host", "date", "digest", "content-type") if name != left_out
    )
    assert (await bob.posts(server, BODY, covered=covered)).status_code == 401


@pytest.mark.parametrize(("hours", "status"), [(-0.9, 202), (0.9, 202), (-1.1, 401), (1.1, 401)])
async def test_the_date_may_be_an_hour_off(
    server: Server, bob: RemoteActor, hours: float, status: int
) -> None:
    date = server.clock() + timedelta(hours=hours)
    assert (await bob.posts(server, BODY, date=date)).status_code == status


async def test_another_persons_key_does_not_verify(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    assert (await bob.posts(server, BODY, key=remote.person("mallory").key)).status_code == 401
    assert remote.asked == [bob.iri], "a key that was just fetched is not fetched again"


async def test_a_key_is_used_until_its_end_and_no_longer(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    await looking.meet(server, bob)
    end = server.clock() + timedelta(minutes=5)
    bob.doc["publicKey"]["expires"] = end.isoformat()
    remote.serve(bob.iri, bob.doc)
    async with server.ctx.db.write() as tx:
        account = await tx.get_one(Account, (await looking.get_account(server, bob.iri)).id)
        account.public_keys = [{**entry, "expires": end.isoformat()} for entry in account.public_keys]
    assert (await bob.posts(server, BODY)).status_code == 202
    server.clock.advance(360)
    remote.serve(bob.iri, bob.doc | {"publicKey": []})
    remote.asked.clear()
    assert (await bob.posts(server, BODY)).status_code == 401
    assert remote.asked == [bob.iri], "it may have been prolonged"


async def test_a_fetched_key_is_remembered_until_its_end_only(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    bob.doc["publicKey"]["expires"] = (server.clock() + timedelta(minutes=5)).isoformat()
    remote.serve(bob.iri, bob.doc)
    assert (await bob.posts(server, BODY)).status_code == 202
    remote.serve(bob.iri, bob.doc | {"publicKey": []})
    server.clock.advance(240)
    assert (await bob.posts(server, BODY)).status_code == 202
    server.clock.advance(120)
    assert (await bob.posts(server, BODY)).status_code == 401


async def test_a_key_that_its_owner_does_not_list_is_refused(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    assert (await bob.posts(server, BODY, key_id=f"{bob.iri}#other-key")).status_code == 401


async def test_a_known_persons_key_counts_only_under_its_own_id(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    assert (await bob.posts(server, BODY, key_id=f"{bob.iri}#other-key")).status_code == 401


async def test_our_own_keys_sign_nothing_that_comes_in(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    assert alice.private_key_pem is not None
    ours = keys.load_private_pem(alice.private_key_pem)
    answer = await bob.posts(server, BODY, key=ours, key_id=f"{alice.iri}#main-key")
    assert answer.status_code == 401


async def test_a_key_document_may_not_name_an_owner_elsewhere(
    server: Server, remote: RemoteServer, bob: RemoteActor
) -> None:
    evil = RemoteServer(server.network, host="evil.test")
    mallory = evil.person("mallory")
    key_id = f"{mallory.iri}/key"
    pem = keys.public_pem(mallory.key.public_key())
    evil.serve(key_id, {"id": key_id, "type": "Key", "owner": bob.iri, "publicKeyPem": pem})
    remote.serve(bob.iri, bob.doc | {"publicKey": {"id": key_id, "owner": bob.iri, "publicKeyPem": pem}})
    assert (await mallory.posts(server, BODY, key_id=key_id)).status_code == 401
    assert await stored(server) == 0


async def test_an_actor_may_not_lend_a_key_to_another_id(server: Server, remote: RemoteServer) -> None:
    bob = remote.person("bob")
    owned = {"id": bob.key_id, "owner": "https://remote.test/users/carol", "publicKeyPem": "x"}
    remote.serve(bob.iri, bob.doc | {"publicKey": bob.doc["publicKey"] | owned | {
        "publicKeyPem": bob.doc["publicKey"]["publicKeyPem"]}})  # fmt: skip
    assert (await bob.posts(server, BODY)).status_code == 401


async def test_a_separate_key_document_is_read(server: Server, remote: RemoteServer) -> None:
    """GoToSocial's key ids are a step in the path, not a fragment."""
    bob = remote.person("bob")
    key_id = f"{bob.iri}/main-key"
    key = {"id": key_id, "owner": bob.iri, "publicKeyPem": bob.doc["publicKey"]["publicKeyPem"]}
    remote.serve(bob.iri, bob.doc | {"publicKey": key})
    remote.serve(key_id, key | {"type": "Key"})
    assert (await bob.posts(server, BODY, key_id=key_id)).status_code == 202
    assert (await signer(server)).signer == bob.iri


@pytest.mark.parametrize(
    "pem",
    [
        "", "no key at all", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        keys.private_pem(keys.generate_ed25519()),
        generate_private_key(SECP256R1()).public_key().public_bytes(
            keys.Encoding.PEM, keys.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    ],
    ids=["empty", "text", "cut", "private", "another curve"],
)  # fmt: skip
async def test_keys_that_cannot_be_used_are_refused(server: Server, remote: RemoteServer, pem: str) -> None:
    bob = remote.person("bob")
    remote.serve(bob.iri, bob.doc | {"publicKey": bob.doc["publicKey"] | {"publicKeyPem": pem}})
    assert (await bob.posts(server, BODY)).status_code == 401


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/html", "application/ld+json", "image/png"]
)
async def test_a_key_served_as_something_else_is_no_key(
    server: Server, remote: RemoteServer, content_type: str
) -> None:
    bob = remote.person("bob")
    remote.serve(bob.iri, bob.doc, content_type=content_type)
    assert (await bob.posts(server, BODY)).status_code == 401


@pytest.mark.parametrize(
    "key_id",
    [
        "https://fedi.test/users/alice#main-key", "http://remote.test/users/bob#main-key",
        "https://127.0.0.1/users/bob#main-key", "https://localhost/x", "https://user@remote.test/users/bob",
        "https://remote.test:8080/users/bob", "file:///etc/passwd", "acct:bob@remote.test",
    ],
)  # fmt: skip
async def test_key_ids_that_must_not_be_fetched_are_refused_unfetched(
    server: Server, bob: RemoteActor, key_id: str
) -> None:
    answer = await bob.posts(server, BODY, key_id=key_id)
    assert answer.status_code == 401
    assert server.network.requests == []


async def test_a_server_that_does_not_answer_is_503(server: Server, bob: RemoteActor) -> None:
    answer = await bob.posts(server, BODY, key_id="https://nowhere.test/users/bob#main-key")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_a_key_that_cannot_be_had_is_asked_for_once_in_five_minutes(
    server: Server, bob: RemoteActor
) -> None:
    key_id = "https://remote.test/users/nobody#main-key"
    for _ in range(3):
        assert (await bob.posts(server, BODY, key_id=key_id)).status_code == 401
    assert bob.home.asked == ["https://remote.test/users/nobody"]
    server.clock.advance(301)
    await bob.posts(server, BODY, key_id=key_id)
    assert len(bob.home.asked) == 2


async def test_a_key_is_fetched_once_for_many_at_once(server: Server, bob: RemoteActor) -> None:
    answers = await asyncio.gather(*(bob.posts(server, BODY) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert bob.home.asked == [bob.iri]


async def test_the_fetch_of_a_key_is_signed_by_the_server_itself(server: Server, bob: RemoteActor) -> None:
    await bob.posts(server, BODY)
    request = server.network.requests[0]
    assert 'keyId="https://fedi.test/actor#main-key"' in request.headers["signature"]


async def test_a_key_of_a_known_account_needs_no_fetch(server: Server, bob: RemoteActor) -> None:
    await bob.sends(server, bob.does("Follow", (await server.person("alice")).iri))
    await server.work()
    server.ctx.memory.keys.forget(bob.key_id)
    bob.home.asked.clear()
    assert (await bob.posts(server, BODY)).status_code == 202
    assert bob.home.asked == []


async def test_a_renewed_key_is_fetched_again_and_kept(server: Server, bob: RemoteActor) -> None:
    await bob.sends(server, bob.does("Follow", (await server.person("alice")).iri))
    await server.work()
    renewed = bob.home.person("bob", key=keys.generate_ed25519())
    assert (await renewed.posts(server, BODY)).status_code == 202
    async with server.ctx.db.read() as tx:
        account = (await tx.execute(select(Account).where(Account.iri == bob.iri))).scalar_one()
    assert account.public_keys == [{"id": bob.key_id, "pem": renewed.doc["publicKey"]["publicKeyPem"]}]


async def test_a_renewed_key_serves_those_who_come_at_the_same_time(server: Server, bob: RemoteActor) -> None:
    await bob.posts(server, BODY)
    bob.home.asked.clear()
    renewed = bob.home.person("bob", key=keys.generate_ed25519())
    answers = await asyncio.gather(*(renewed.posts(server, BODY) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert bob.home.asked == [bob.iri]


async def test_bad_signatures_do_not_make_us_fetch_again_and_again(
    server: Server, remote: RemoteServer
) -> None:
    bob = remote.person("bob")
    await bob.posts(server, BODY)
    remote.asked.clear()
    wrong = keys.generate_ed25519()
    for _ in range(5):
        assert (await bob.posts(server, BODY, key=wrong)).status_code == 401
    assert remote.asked == [bob.iri]


async def test_a_renewed_key_that_does_not_fit_either_is_refused(server: Server, bob: RemoteActor) -> None:
    await bob.posts(server, BODY)
    bob.home.person("bob", key=keys.generate_ed25519())
    assert (await bob.posts(server, BODY, key=keys.generate_ed25519())).status_code == 401


async def test_headers_with_line_breaks_are_refused(server: Server, bob: RemoteActor) -> None:
    headers = bob.signed("POST", "https://fedi.test/inbox", server.clock(), body=BODY)
    raw = [(name.encode(), value.encode()) for name, value in headers.items() if name != "date"]
    raw.append((b"date", b"Thu\r\nx: y"))
    scope = {
        "type": "http", "method": "POST", "path": "/inbox", "raw_path": b"/inbox", "query_string": b"",
        "headers": raw, "server": ("fedi.test", 443), "scheme": "https", "http_version": "1.1",
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(int(str(message["status"])))

    await server.app(scope, receive, send)
    assert statuses == [400]


async def test_a_query_is_part_of_what_is_signed(server: Server, bob: RemoteActor) -> None:
    answer = await bob.posts(server, BODY, inbox="/inbox?x=1")
    assert answer.status_code == 202
    headers = bob.signed("POST", "https://fedi.test/inbox?x=1", server.clock(), body=BODY)
    tampered = await server.client.post("/inbox?x=2", content=BODY, headers=headers)
    assert isinstance(tampered, httpx.Response)
    assert tampered.status_code == 401
