"""The inbox: what is refused, what is dropped, what is written down, and how often."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from fedi.inbound import inbox as module
from fedi.jobs import queue
from fedi.models import Account, Activity, Job, Notification, Peer
from tests.conftest import MakeServer
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

CORPUS = Path(__file__).parents[2] / "data" / "jsontestsuite.jsonl"
MIB = 1024 * 1024


def like(actor: str = "https://remote.test/users/bob", **changes: Any) -> dict[str, Any]:
    return {
        "type": "Like", "id": "https://remote.test/likes/1", "actor": actor, "object": "https://fedi.test/x",
    } | changes  # fmt: skip


async def count(server: Server, model: type = Activity) -> int:
    async with server.ctx.db.read() as tx:
        return (await tx.execute(select(func.count()).select_from(model))).scalar_one()


async def test_what_is_answered_202_is_an_activity_and_a_job(server: Server, bob: RemoteActor) -> None:
    assert (await bob.sends(server, like())).status_code == 202
    assert await count(server) == 1
    assert await count(server, Job) == 1


@pytest.mark.parametrize("path", ["/inbox", "/actor/inbox", "/users/alice/inbox"])
async def test_every_inbox_takes_every_activity(
    server: Server, bob: RemoteActor, alice: Account, path: str
) -> None:
    assert (await bob.sends(server, like(), inbox=path)).status_code == 202


async def test_the_inbox_of_nobody_is_not_there(server: Server, bob: RemoteActor) -> None:
    assert (await bob.sends(server, like(), inbox="/users/nobody/inbox")).status_code == 404
    assert await count(server) == 0


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "text/html", "application/xml", "", None, "multipart/form-data"]
)  # fmt: skip
async def test_other_media_types_are_415(server: Server, bob: RemoteActor, content_type: str | None) -> None:
    body = json.dumps(like()).encode()
    answer = await bob.posts(server, body, headers={"content-type": content_type}, covered=UNTYPED)
    assert answer.status_code == 415
    assert await count(server) == 0


UNTYPED = ("(request-target)", "host", "date", "digest")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json; charset=utf-8", "application/ld+json",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
    ],
)  # fmt: skip
async def test_the_spellings_of_activity_json_are_taken(
    server: Server, bob: RemoteActor, content_type: str
) -> None:
    body = json.dumps(like()).encode()
    answer = await bob.posts(server, body, headers={"content-type": content_type}, covered=UNTYPED)
    assert answer.status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
async def test_an_encoded_body_is_refused(server: Server, bob: RemoteActor, encoding: str) -> None:
    body = gzip.compress(json.dumps(like()).encode())
    answer = await bob.posts(server, body, headers={"content-encoding": encoding})
    assert answer.status_code == 415


async def test_a_body_of_more_than_a_megabyte_is_413(server: Server, bob: RemoteActor) -> None:
    body = json.dumps(like(pad="x" * MIB)).encode()
    assert (await bob.posts(server, body)).status_code == 413
    fits = json.dumps(like(pad="")).encode()
    fits = fits.replace(b'"pad": ""', b'"pad": "' + b"x" * (MIB - len(fits)) + b'"')
    assert len(fits) == MIB
    assert (await bob.posts(server, fits)).status_code == 202


async def test_a_body_without_end_is_413_after_a_megabyte(server: Server, bob: RemoteActor) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 65536
            yield b" " * 65536

    headers = bob.signed("POST", "https://fedi.test/inbox", server.clock(), body=b"")
    answer = await server.client.post("/inbox", content=limited(endless()), headers=headers)
    assert answer.status_code == 413
    assert given <= MIB + 2 * 65536


async def limited(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass on 4 MB: httpx's ASGI transport would otherwise read for ever before it calls the server."""
    for _ in range(64):
        yield await anext(chunks)


async def test_a_large_content_length_is_413_unread(server: Server) -> None:
    sent: list[int] = []

    async def never() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": "/inbox", "raw_path": b"/inbox", "query_string": b"",
        "headers": [(b"content-type", b"application/activity+json"), (b"content-length", b"1000000000")],
        "server": ("fedi.test", 443), "scheme": "https", "http_version": "1.1",
    }  # fmt: skip
    await server.app(scope, never, send)
    assert sent == [413]


async def test_a_body_that_drips_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_TIMEOUT_S", 0.01)
    sent: list[int] = []

    async def drip() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    scope = {
        "type": "http", "method": "POST", "path": "/inbox", "raw_path": b"/inbox", "query_string": b"",
        "headers": [(b"content-type", b"application/activity+json")],
        "server": ("fedi.test", 443), "scheme": "https", "http_version": "1.1",
    }  # fmt: skip
    await server.app(scope, drip, send)
    assert sent == [408]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"text"', b"null", b"{}", b'{"type": "Like"}', b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"type": "Like"}', b'{"type": "Like", "actor": "https://remote.test/users/bob"}',
        b'{"type": 7, "actor": "https://remote.test/users/bob", "object": "https://fedi.test/x"}',
        b'{"type": "Like", "actor": 7, "object": "https://fedi.test/x"}',
        b'{"type": "Like", "actor": "javascript:alert(1)", "object": "https://fedi.test/x"}',
        b'{"type": "Like", "actor": "https://remote.test./users/bob", "object": "https://fedi.test/x"}',
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "no address"}',
        b'{"type": "Read", "object": "https://fedi.test/x"}',
        b'{"type": "Like", "type": "Undo", "actor": "https://remote.test/users/bob", "object": "https://a.test"}',
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/x", "n": NaN}',
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/x", "n": 1e999}',
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/x", "n": '
        + b"9" * 5000 + b"}",
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/\\ud800"}',
        b'{"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/\\u0000"}',
        b'{"@graph": [], "type": "Like", "actor": "https://remote.test/users/bob", "object": "https://a.test"}',
    ],
)  # fmt: skip
async def test_malformed_bodies_are_400(server: Server, bob: RemoteActor, body: bytes) -> None:
    assert (await bob.posts(server, body)).status_code == 400
    assert await count(server) == 0


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' * 100_000,
        b"{" + b",".join(b'"k%d": 1' % n for n in range(70_000)) + b"}",
        b'{"a": [' + b",".join([b"1"] * 400_000) + b"]}",
        b'{"a": ' + b"1" * 900_000 + b"}",
        b'{"a": "' + b"\\u0041" * 150_000 + b'"}',
    ],
    ids=["lists", "objects", "open objects", "keys", "items", "digits", "escapes"],
)  # fmt: skip
async def test_bombs_are_refused_quickly(server: Server, bob: RemoteActor, bomb: bytes) -> None:
    async with asyncio.timeout(5):
        answer = await bob.posts(server, bomb)
    assert 400 <= answer.status_code < 500
    assert await count(server) == 0


async def test_no_case_of_the_json_test_suite_is_a_mistake_of_ours(server: Server, bob: RemoteActor) -> None:
    cases = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    assert len(cases) > 300
    for case in cases:
        answer = await bob.posts(server, base64.b64decode(case["b64"]))
        # None of them is an activity, so even valid JSON is refused.
        assert 400 <= answer.status_code < 500, case["name"]
    assert await count(server) == 0


async def test_valid_json_around_each_case_is_no_mistake_either(server: Server, bob: RemoteActor) -> None:
    """Each case as a member of an activity: what is valid is taken, all else is refused."""
    for line in CORPUS.read_text().splitlines():
        case = json.loads(line)
        whole = json.dumps(like(id="https://remote.test/" + case["name"])).encode()
        body = whole[:-1] + b', "x": ' + base64.b64decode(case["b64"]) + b"}"
        answer = await bob.posts(server, body)
        assert answer.status_code in {202, 400, 413}, case["name"]
    await server.work("inbox")
    async with server.ctx.db.read() as tx:
        left = (await tx.execute(select(func.count()).select_from(Job))).scalar_one()
    assert left == 0


async def test_twenty_five_deliveries_of_one_activity_have_one_effect(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    follow = bob.does("Follow", alice.iri)
    inboxes = ["/inbox", "/users/alice/inbox"]
    answers = await asyncio.gather(*(bob.sends(server, follow, inbox=inboxes[n % 2]) for n in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    await server.work()
    for _ in range(5):
        assert (await bob.sends(server, follow)).status_code == 202
        server.clock.advance(6 * 3600)
        await server.work()
    assert await count(server, Notification) == 1
    async with server.ctx.db.read() as tx:
        row = await tx.get_one(Account, alice.id)
        assert row.followers_count == 1
        incoming = select(func.count()).where(Activity.direction == "in")
        assert (await tx.execute(incoming)).scalar_one() == 1
    assert len(bob.home.received) == 1


async def test_an_activity_without_an_id_is_known_by_its_bytes(server: Server, bob: RemoteActor) -> None:
    activity = like()
    del activity["id"]
    for _ in range(3):
        assert (await bob.sends(server, activity)).status_code == 202
    await bob.sends(server, activity | {"object": "https://fedi.test/y"})
    async with server.ctx.db.read() as tx:
        iris = list((await tx.execute(select(Activity.iri))).scalars())
    assert len(iris) == 2
    assert all(iri.startswith("sha256:") for iri in iris)


async def test_an_id_too_long_for_an_index_is_known_by_its_bytes(server: Server, bob: RemoteActor) -> None:
    activity = like(id="https://remote.test/" + "ä" * 2000)
    assert (await bob.sends(server, activity)).status_code == 202
    async with server.ctx.db.read() as tx:
        assert (await tx.execute(select(Activity.iri))).scalar_one().startswith("sha256:")


async def test_another_server_cannot_use_up_an_id(server: Server, bob: RemoteActor) -> None:
    """A copy of somebody's activity id, sent before by another server, does not hide the real one."""
    evil = RemoteServer(server.network, host="evil.test").person("mallory")
    await evil.sends(server, like(actor=evil.iri))
    await bob.sends(server, like())
    assert await count(server) == 2


async def test_a_delete_by_somebody_unknown_is_taken_without_any_work(
    server: Server, bob: RemoteActor
) -> None:
    for target in (bob.iri, f"{bob.iri}/notes/1"):
        answer = await server.client.post(
            "/inbox",
            json=bob.does("Delete", target),
            headers={"content-type": "application/activity+json"},
        )
        assert answer.status_code == 202
    assert await count(server) == 0
    assert server.network.requests == []


async def test_a_delete_by_somebody_known_must_be_signed(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    answer = await server.client.post(
        "/inbox",
        json=bob.does("Delete", bob.iri),
        headers={"content-type": "application/activity+json"},
    )
    assert answer.status_code == 401


async def test_a_delete_whose_key_is_gone_is_taken_and_dropped(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await server.work()
    server.ctx.memory.keys.forget(bob.key_id)
    gone = f"{bob.home.origin}/users/gone#main-key"
    answer = await bob.posts(server, json.dumps(bob.does("Delete", bob.iri)).encode(), key_id=gone)
    assert answer.status_code == 202
    assert (await bob.posts(server, json.dumps(like()).encode(), key_id=gone)).status_code == 401


@pytest.mark.parametrize("kind", ["Follow", "Like", "Undo", "Accept", "Reject", "Block", "Read"])
async def test_what_another_actor_is_said_to_do_is_dropped(
    server: Server, bob: RemoteActor, remote: RemoteServer, kind: str
) -> None:
    carol = remote.person("carol")
    answer = await bob.sends(server, carol.does(kind, "https://fedi.test/users/alice"))
    assert answer.status_code == 202
    assert await count(server) == 0


def waiting(host: str, now: datetime) -> queue.NewJob:
    """Return a delivery that waits for its next attempt."""
    return queue.NewJob(
        queue="deliver",
        kind="deliver",
        host=host,
        payload={},
        order_key=host,
        run_at=now + timedelta(hours=1),
    )


async def test_a_server_that_writes_is_there_again(server: Server, bob: RemoteActor) -> None:
    now = server.clock()
    async with server.ctx.db.write() as tx:
        for host in ("remote.test", "other.test"):
            tx.add(Peer(host=host, first_seen_at=now, failures=12, failure_days=7, paused_until=now))
            await queue.enqueue(tx, server.ctx.wake, [waiting(host, now)], now=now)
    await bob.sends(server, like())
    async with server.ctx.db.read() as tx:
        peer, other = [await tx.get_one(Peer, host) for host in ("remote.test", "other.test")]
        due = (
            (await tx.execute(select(Job.host).where(Job.run_at <= server.clock(), Job.host.is_not(None))))
            .scalars()
            .all()
        )
    assert (peer.failures, peer.failure_days, peer.paused_until) == (0, 0, None)
    assert (other.failures, other.failure_days, other.paused_until is None) == (12, 7, False)
    assert due == ["remote.test"]


async def test_a_server_that_was_never_away_is_not_hurried(server: Server, bob: RemoteActor) -> None:
    now = server.clock()
    async with server.ctx.db.write() as tx:
        tx.add(Peer(host="remote.test", first_seen_at=now, failures=1))
        await queue.enqueue(tx, server.ctx.wake, [waiting("remote.test", now)], now=now)
    await bob.sends(server, like())
    async with server.ctx.db.read() as tx:
        later = (await tx.execute(select(Job.run_at).where(Job.kind == "deliver"))).scalar_one()
    assert later > now + timedelta(minutes=30)


async def test_accepts_that_come_together_share_commits(server: Server, bob: RemoteActor) -> None:
    await bob.sends(server, like())
    before = server.ctx.commits.commits
    await asyncio.gather(
        *(bob.sends(server, like(id=f"https://remote.test/likes/{n}")) for n in range(2, 32))
    )
    assert await count(server) == 31
    assert server.ctx.commits.commits - before < 15


async def test_the_same_on_either_database(either_server: Server) -> None:
    bob = RemoteServer(either_server.network).person("bob")
    await asyncio.gather(
        *(bob.sends(either_server, like(id=f"https://remote.test/likes/{n % 5}")) for n in range(20))
    )
    assert await count(either_server) == 5
    assert await count(either_server, Job) == 5


FOLLOW = {
    "type": "Follow",
    "actor": "https://remote.test/users/bob",
    "object": "https://fedi.test/users/alice",
}
LIKE = {"type": "Like", "actor": "https://remote.test/users/bob", "object": "https://fedi.test/n"}


@pytest.mark.parametrize(
    ("activity", "thing"),
    [
        ({"type": "Create", "object": {"id": "https://r.test/n", "type": "Note"}}, "https://r.test/n"),
        ({"type": "Delete", "object": "https://r.test/n"}, "https://r.test/n"),
        (FOLLOW, "Follow https://remote.test/users/bob https://fedi.test/users/alice"),
        ({"type": "Undo", "object": FOLLOW}, "Follow https://remote.test/users/bob https://fedi.test/users/alice"),
        (LIKE, "Like https://remote.test/users/bob https://fedi.test/n"),
        ({"type": "Undo", "object": LIKE | {"id": "https://r.test/l"}},
         "Like https://remote.test/users/bob https://fedi.test/n"),
        ({"type": "Undo", "object": "https://r.test/f"}, "https://r.test/f"),
        ({"type": "Undo", "object": {"id": "https://r.test/f", "type": "Follow"}}, "https://r.test/f"),
        ({"type": "Accept", "object": "https://fedi.test/f"}, "https://fedi.test/f"),
        ({"type": "Dislike"}, "https://remote.test/act"),
    ],
)  # fmt: skip
async def test_what_is_about_the_same_thing_is_processed_in_order(
    server: Server, bob: RemoteActor, activity: dict[str, Any], thing: str
) -> None:
    async with server.ctx.db.write() as tx:  # so that a Delete is not dropped at the door
        tx.add(_account(server, bob.iri))
    await bob.sends(server, {"id": "https://remote.test/act", "actor": bob.iri} | activity)
    async with server.ctx.db.read() as tx:
        key = (await tx.execute(select(Job.order_key))).scalar_one()
    assert key == f"in|https://remote.test|{thing}"


def _account(server: Server, iri: str) -> Account:
    return Account(
        id=1, username="bob", domain="remote.test", iri=iri, kind="Person", inbox=f"{iri}/inbox", public_keys=[],
        fields=[], emojis=[], also_known_as=[], created_at=server.clock(),
    )  # fmt: skip


async def test_one_server_cannot_flood_the_inbox(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ARRIVALS_MAX", 3)
    server = await make_server(rate_limits=True)
    near, far = RemoteServer(server.network), RemoteServer(server.network, host="far.test")
    bob, ben, fay = near.person("bob"), near.person("ben"), far.person("fay")

    async def sends(who: RemoteActor, kind: str = "Listen") -> Response:
        return await who.sends(server, who.does(kind, who.iri))

    # All people of one server count together,
    assert [(await sends(who)).status_code for who in (bob, ben, bob)] == [202, 202, 202]
    refused = await sends(ben)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= module.ARRIVALS_WINDOW_S
    # those of another on their own, and a forged signature costs nobody anything.
    for _ in range(5):
        assert (await fay.posts(server, b"{}", key=bob.key)).status_code in {400, 401}
    assert (await sends(fay)).status_code == 202
    # What costs nothing is always taken, and later everything is.
    stranger = near.person("stranger")
    assert (await sends(stranger, "Delete")).status_code == 202
    server.clock.advance(int(refused.headers["retry-after"]))
    assert (await sends(bob)).status_code == 202
