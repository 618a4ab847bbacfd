"""Servers that answer as no server should, over real sockets and through the one guarded client."""

import asyncio
import base64
import functools
import gzip
import hashlib
import json
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from activitypub import keys
from activitypub.activities import Like
from activitypub.errors import ActivityPubError
from activitypub.httpdate import format_http_date
from activitypub.signatures import cavage
from activitypub.signatures.message import Message
from fedi import courier, http
from fedi.app import build_app, open_context
from fedi.config import Settings
from fedi.context import Context
from fedi.jobs import queue
from fedi.outbound import fetch, resolve
from fedi.outbound.outbox import Audience, record
from fedi.services import accounts
from fedi.worker import run_one
from media.host import EngineHost
from tests.databases import SqliteTemplate
from tests.hostile.rogue import Rogue, Say, chunked, endless, head, plain, raw, rogue, rss_bytes

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MIB = 1024 * 1024
RSS_BYTES_MAX = 50 * MIB
PATIENCE_S = 0.5
"""What the deadlines are lowered to here, in seconds."""

AP = "Content-Type: application/activity+json"


@pytest.fixture
async def ctx(tmp_path: Path, sqlite_template: SqliteTemplate) -> AsyncIterator[Context]:
    """A server with the real client, which may reach the addresses of this test."""
    settings = Settings(
        origin="https://fedi.test", data_dir=str(tmp_path), database_url=sqlite_template.copy_to(tmp_path / "fedi.db"),
        allow_http_peers=True, outgoing_allow=["127.0.2.0/28"],
    )  # fmt: skip
    async with open_context(
        settings, engine=EngineHost(folder=None, engine="media.engines.painted:load")
    ) as made:
        async with made.db.write() as tx:
            await accounts.ensure_instance_actor(made, tx)
        yield made


@pytest.fixture
async def peer() -> AsyncIterator[Rogue]:
    """The rogue."""
    async with rogue() as found:
        yield found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the deadlines, so that a test of waiting does not wait."""
    monkeypatch.setattr(http, "TOTAL_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(courier, "TOTAL_TIMEOUT_S", PATIENCE_S)


def note(peer: Rogue, path: str = "/good") -> bytes:
    iri = f"{peer.origin}{path}"
    doc = {"id": iri, "type": "Note", "attributedTo": f"{peer.origin}/u", "content": "x"}
    return json.dumps(doc).encode()


async def refused(ctx: Context, peer: Rogue, path: str = "/bad") -> str:
    """Ask for a document, which must be refused in good time; return why."""
    begun = time.monotonic()
    with pytest.raises(ActivityPubError) as refusal:
        await fetch.document(ctx, f"{peer.origin}{path}", deadline_s=2 * PATIENCE_S)
    assert time.monotonic() - begun < 3 * PATIENCE_S
    # and it harms nobody else:
    peer.say["/good"] = plain(note(peer))
    assert (await fetch.document(ctx, f"{peer.origin}/good")).data["type"] == "Note"
    return str(refusal.value)


def redirect(location: str, status: str = "302 Found") -> Say:
    return plain(b"", f"Location: {location}", status=status)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_a_redirect_to_itself_ends(ctx: Context, peer: Rogue, status: str) -> None:
    peer.say["/bad"] = redirect("/bad", status)
    await refused(ctx, peer)
    assert peer.asked.count("/bad") <= 5


async def test_a_chain_of_redirects_ends(ctx: Context, peer: Rogue) -> None:
    async def onward(found: Rogue, path: str, writer: asyncio.StreamWriter) -> None:
        await redirect(f"{path}x")(found, path, writer)

    peer.say["*"] = onward
    await refused(ctx, peer)
    assert len([path for path in peer.asked if path.startswith("/bad")]) <= 5


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "gopher://127.0.2.1/", "http://127.0.0.1:1/", "http://169.254.169.254/", "//", "",
     "http://[::1]/", "javascript:1", "https://fedi.test/users/x", "http://127.0.2.1:99999/", "\x7f", "http://a b/",
     "http://user:pw@127.0.2.1/", "http://localhost/", "/\xff\xfe", "x" * 7000],
)  # fmt: skip
async def test_a_redirect_elsewhere_is_not_followed(ctx: Context, peer: Rogue, location: str) -> None:
    peer.say["/bad"] = redirect(location)
    await refused(ctx, peer)
    assert set(peer.asked) <= {"/bad", "/good", "/", "/" + "x" * 7000, "/%C3%BF%C3%BE", "/%FF%FE"}


BODIES: dict[str, Say] = {
    "without end": endless(head(AP, "Connection: close"), b"x" * 65536),
    "in chunks without end": endless(head(AP, "Transfer-Encoding: chunked"), chunked(b" " * 65536)),
    "in tiny chunks without end": endless(head(AP, "Transfer-Encoding: chunked"), chunked(b" ") * 1000),
    "longer than it may be": plain(b'{"id":"' + b"x" * 2 * MIB + b'"}'),
    "with brackets without end": endless(head(AP, "Connection: close"), b'{"a":[' * 10000),
    "said to be a terabyte": endless(head(AP, f"Content-Length: {10**12}"), b"x" * 65536),
}


@pytest.mark.parametrize("how", BODIES)
async def test_a_body_is_read_for_a_megabyte_at_most(ctx: Context, peer: Rogue, how: str) -> None:
    peer.say["/bad"] = BODIES[how]
    before = rss_bytes()
    await refused(ctx, peer)
    assert peer.sent_bytes < 16 * MIB  # what the two buffers of a socket hold is sent too
    assert peer.rss_max - before < RSS_BYTES_MAX


DRIPS: dict[str, Say] = {
    "status": raw(*([b"H"] * 200), pause_s=0.05),
    "head": endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", pause_s=0.05),
    "body": endless(head(AP, "Content-Length: 10000"), b" ", pause_s=0.05),
    "nothing": raw(b"", pause_s=60),
    "nothing after the head": raw(head(AP, "Content-Length: 10"), b"", pause_s=60),
    "chunks": endless(head(AP, "Transfer-Encoding: chunked"), chunked(b" "), pause_s=0.05),
    "informational answers": endless(b"", head(status="103 Early Hints"), pause_s=0.01),
    "continue": endless(b"", head(status="100 Continue"), pause_s=0.01),
}


@pytest.mark.parametrize("what", DRIPS)
async def test_who_drips_is_given_up(ctx: Context, peer: Rogue, what: str) -> None:
    peer.say["/bad"] = DRIPS[what]
    await refused(ctx, peer)


async def test_informational_answers_at_full_speed_are_given_up(ctx: Context, peer: Rogue) -> None:
    peer.say["/bad"] = endless(b"", head(status="103 Early Hints") * 100)
    before = rss_bytes()
    await refused(ctx, peer)
    assert peer.rss_max - before < RSS_BYTES_MAX


HEADS: dict[str, Say] = {
    "without end": endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000),
    "one header without end": endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 65536),
    "a name without end": endless(b"HTTP/1.1 200 OK\r\n", b"b" * 65536),
    "a status without end": endless(b"HTTP/1.1 200 ", b"b" * 65536),
    "ten thousand headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000 + b"\r\n"),
    "trailers without end": endless(head(AP, "Transfer-Encoding: chunked") + b"0\r\n", b"X-A: b\r\n" * 1000),
    "a chunk extension without end": endless(head(AP, "Transfer-Encoding: chunked") + b"1;", b"b" * 65536),
    "a chunk size without end": endless(head(AP, "Transfer-Encoding: chunked"), b"0" * 65536),
}


@pytest.mark.parametrize("how", HEADS)
async def test_a_head_is_bounded(ctx: Context, peer: Rogue, how: str) -> None:
    peer.say["/bad"] = HEADS[how]
    before = rss_bytes()
    await refused(ctx, peer)
    assert peer.rss_max - before < RSS_BYTES_MAX


WRONG: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x28",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a strange version": b"HTTP/9.9 200 OK\r\n\r\n",
    "a strange status": b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
    "a status that is none": b"HTTP/1.1 abc X\r\n\r\n",
    "a negative status": b"HTTP/1.1 -200 OK\r\n\r\n",
    "another protocol": head("Upgrade: x", "Connection: Upgrade", status="101 Switching Protocols"),
    "a length that is none": head(AP, "Content-Length: abc") + b"{}",
    "a negative length": head(AP, "Content-Length: -1") + b"{}",
    "a huge length": head(AP, f"Content-Length: {10**40}") + b"{}",
    "two lengths": head(AP, "Content-Length: 2", "Content-Length: 3") + b"{}x",
    "a length too long": head(AP, "Content-Length: 100") + b"{}",
    "a length too short": head(AP, "Content-Length: 1") + b"{}",
    "length and chunks": head(AP, "Content-Length: 2", "Transfer-Encoding: chunked") + b"{}",
    "a chunk size that is none": head(AP, "Transfer-Encoding: chunked") + b"ZZ\r\n{}\r\n0\r\n\r\n",
    "a negative chunk size": head(AP, "Transfer-Encoding: chunked") + b"-1\r\n{}\r\n0\r\n\r\n",
    "a huge chunk size": head(AP, "Transfer-Encoding: chunked") + b"F" * 40 + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk without end": head(AP, "Transfer-Encoding: chunked") + b"10\r\n{}",
    "a chunk size with underscores": head(AP, "Transfer-Encoding: chunked")
    + b"1_0\r\n"
    + b" " * 16
    + b"\r\n0\r\n\r\n",
    "chunks of something else": head(AP, "Transfer-Encoding: chunked, identity") + b"2\r\n{}\r\n0\r\n\r\n",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nabc\r\n\r\n{}",
    "a header with NUL": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n{}",
    "a folded header": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n{}",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Type: application/activity+json\n\n{}",
    "a reset": b"HTTP/1.1 200 OK\r\n",
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_no_answer_is_refused(ctx: Context, peer: Rogue, what: str) -> None:
    peer.say["/bad"] = raw(WRONG[what])
    assert await refused(ctx, peer)


@functools.cache
def bomb(size: int = 1024 * MIB) -> bytes:
    """A gigabyte of spaces, small."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = b" " * MIB
    return b"".join(packer.compress(piece) for _ in range(size // MIB)) + packer.flush()


@pytest.mark.parametrize(
    "encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "GZIP"]
)
async def test_a_compressed_answer_is_not_unpacked(ctx: Context, peer: Rogue, encoding: str) -> None:
    packed = bomb()
    assert len(packed) < 2 * MIB
    peer.say["/bad"] = plain(packed, f"Content-Encoding: {encoding}")
    before = rss_bytes()
    await refused(ctx, peer)
    assert max(peer.rss_max, rss_bytes()) - before < RSS_BYTES_MAX


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "deflate, chunked", "chunked, gzip"])
async def test_a_compressed_transfer_is_not_unpacked(ctx: Context, peer: Rogue, coding: str) -> None:
    packed = bomb()
    peer.say["/bad"] = raw(
        head(AP, f"Transfer-Encoding: {coding}", "Connection: close"), chunked(packed), b"0\r\n\r\n"
    )
    before = rss_bytes()
    await refused(ctx, peer)
    assert max(peer.rss_max, rss_bytes()) - before < RSS_BYTES_MAX


async def test_a_bomb_that_says_nothing_is_no_document(ctx: Context, peer: Rogue) -> None:
    peer.say["/bad"] = plain(gzip.compress(note(peer, "/bad")))
    await refused(ctx, peer)


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "text/plain", "application/json", "application/ld+json", "image/png", "application/xml", "",
     "application/activity+json, text/html", "application/activity+json; a=b; a=c", "multipart/x-mixed-replace",
     'application/ld+json; profile="https://evil.example/"', "APPLICATION/JSON", "application/activity+jsonp"],
)  # fmt: skip
async def test_other_types_are_no_documents(ctx: Context, peer: Rogue, content_type: str) -> None:
    peer.say["/bad"] = plain(note(peer, "/bad"), content_type=content_type)
    await refused(ctx, peer)


async def test_an_actor_behind_any_of_it_is_not_kept(ctx: Context, peer: Rogue) -> None:
    peer.say["/u"] = BODIES["in chunks without end"]
    with pytest.raises(ActivityPubError):
        await resolve.actor(ctx, f"{peer.origin}/u")
    peer.say["/key"] = DRIPS["body"]
    with pytest.raises(ActivityPubError):
        await resolve.key(ctx, f"{peer.origin}/key")


INBOXES: dict[str, Say] = {
    "an answer without end": endless(head("Connection: close", status="202 Accepted"), b"x" * 65536),
    "a bomb": plain(bomb(64 * MIB), "Content-Encoding: gzip", status="202 Accepted"),
    "a drip": endless(head("Content-Length: 10000", status="202 Accepted"), b" ", pause_s=0.05),
    "no HTTP": raw(WRONG["no HTTP"]),
    "nothing": raw(b""),
    "a status that is none": raw(WRONG["a status that is none"]),
    "a header without a colon": raw(WRONG["a header without a colon"]),
    "a chunk size that is none": raw(head("Transfer-Encoding: chunked", status="202 Accepted") + b"ZZ\r\n"),
    "a head without end": HEADS["without end"],
    "one header without end": HEADS["one header without end"],
    "a redirect to itself": plain(b"", "Location: /inbox", status="307 Temporary Redirect"),
    "a redirect elsewhere": plain(b"", "Location: http://127.0.0.1:1/inbox", status="308 Permanent Redirect"),
    "silence": raw(b"", pause_s=60),
}


@pytest.mark.parametrize("how", INBOXES)
async def test_an_inbox_may_answer_whatever_it_wants(
    ctx: Context, peer: Rogue, mistakes: list[str], how: str
) -> None:
    peer.say["/inbox"] = INBOXES[how]
    before, begun = rss_bytes(), time.monotonic()
    async with ctx.db.write() as tx:
        sender = await accounts.create_local(ctx, tx, username="anna", password_hash=None)
        like = Like(id=f"{sender.iri}#likes/1", actor=sender.iri, object_id=f"{peer.origin}/good")
        audience = Audience(inboxes=(f"{peer.origin}/inbox",))
        await record(ctx, tx, sender=sender, activity=like, audience=audience, order_on="x")
    for _ in range(2):  # the fan-out, and the delivery
        async with ctx.db.write() as tx:
            claims = await queue.claim(tx, "deliver", limit=9, lease_s=600, now=ctx.clock())
        for job in claims:
            await run_one(ctx, job)
    assert set(peer.asked) == {"/inbox"}
    assert len(peer.asked) <= 4
    assert time.monotonic() - begun < 10 * PATIENCE_S
    assert peer.rss_max - before < RSS_BYTES_MAX
    assert peer.sent_bytes < 16 * MIB
    assert mistakes == []


@pytest.mark.parametrize("how", ["no HTTP", "a status that is none", "a header without a colon", "nothing"])
async def test_a_key_behind_it_is_no_mistake_of_ours(ctx: Context, peer: Rogue, how: str) -> None:
    peer.say["*"] = raw(WRONG[how])
    key, url = keys.generate_ed25519(), "https://fedi.test/inbox"
    body = json.dumps(
        {"id": f"{peer.origin}/1", "type": "Like", "actor": f"{peer.origin}/u", "object": url}
    ).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"host": "fedi.test", "date": format_http_date(ctx.clock()), "digest": f"SHA-256={digest}",
               "content-type": "application/activity+json"}  # fmt: skip
    message = Message.of(method="POST", target_uri=url, headers=headers.items(), body=body)
    signature = cavage.sign(message, key=key, key_id=f"{peer.origin}/u#main-key", headers=cavage.POST_HEADERS)
    inside = httpx.ASGITransport(app=build_app(ctx), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=inside, base_url="https://fedi.test") as client:
        answer = await client.post("/inbox", content=body, headers={**headers, "signature": signature})
    assert answer.status_code == 503, answer.text


async def test_many_that_hang_do_not_keep_a_good_one_waiting(ctx: Context, peer: Rogue) -> None:
    peer.say["*"] = DRIPS["nothing"]
    async with rogue() as other:
        other.say["/good"] = plain(note(other))
        hanging = [asyncio.create_task(_try(ctx, f"{peer.origin}/{number}")) for number in range(40)]
        await asyncio.sleep(0)
        begun = time.monotonic()
        assert (await fetch.document(ctx, f"{other.origin}/good")).data["type"] == "Note"
        assert time.monotonic() - begun < 3 * PATIENCE_S
        await asyncio.gather(*hanging)


async def _try(ctx: Context, iri: str) -> None:
    with pytest.raises(ActivityPubError):
        await fetch.document(ctx, iri, deadline_s=PATIENCE_S)
