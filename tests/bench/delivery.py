"""G3: a post to 2,000 followers on 50 hosts over TLS, against clients that only sign and send.

Warm, connections are kept; cold, the other side closes each after its answer, so that every delivery makes a
handshake. Ours is all that the worker does: expand the post into deliveries, claim, sign, send, write down.
"""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
import trustme
from sqlalchemy import func, insert, select

from activitypub import keys
from activitypub.activities import Create
from activitypub.signatures import cavage, digest
from activitypub.signatures.message import Message
from fedi.context import Context
from fedi.models import Account, Follow, FollowState, Job
from fedi.outbound import proofs
from fedi.outbound.outbox import Audience, record
from fedi.services import accounts
from fedi.worker import Worker
from tests.bench.harness import Result, Sample, compare, own_cpu
from tests.bench.process import context_for, free_port

HOSTS = [f"127.0.3.{number}" for number in range(1, 51)]
FOLLOWERS = 2000
POSTS = 20
"""Of one slice; each becomes a delivery to every host."""
DELIVERIES = POSTS * len(HOSTS)
IN_FLIGHT = 64

_serial = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """An instance with an author, and who receives what they post."""

    ctx: Context
    author: Account
    port: int
    tls: ssl.SSLContext
    key: keys.PrivateKey
    close: bool
    """Whether the other side closes each connection."""


async def warm(folder: Path) -> Result:
    """Compare with a bare client that keeps connections."""
    async with _rig(folder, close=False) as rig:
        return await compare("G3 fan-out, warm", ours=lambda: _ours(rig), floor=lambda: _floor(rig), goal=0.5)


async def cold(folder: Path) -> Result:
    """Compare with a bare client that makes a handshake for each delivery."""
    async with _rig(folder, close=True) as rig:
        return await compare("G3 fan-out, cold", ours=lambda: _ours(rig), floor=lambda: _floor(rig), goal=0.5)


async def stock(folder: Path) -> Result:
    """Compare with httpx as it comes: how many times cheaper ours is."""
    async with _rig(folder, close=False) as rig:
        return await compare(
            "G3 fan-out, against httpx",
            ours=lambda: _ours(rig),
            floor=lambda: _stock(rig),
            goal=4.0,
            rounds=3,
        )


# --- Ours -----------------------------------------------------------------------------------------------------


async def _ours(rig: Rig) -> Sample:
    for _ in range(POSTS):
        await _publish(rig)
    worker = Worker(rig.ctx, ["deliver"])
    before = own_cpu()
    working = asyncio.create_task(worker.run())
    while await _waiting(rig.ctx):  # noqa: ASYNC110 - the end is an empty table, not an event
        await asyncio.sleep(0.02)
    worker.stop()
    await working
    return Sample(operations=DELIVERIES, cpu_s=own_cpu() - before)


async def _publish(rig: Rig) -> None:
    note = _note(rig.author)
    said = Create(id=f"{note['id']}/activity", actor=rig.author.iri, object_id=note["id"], object_doc=note)
    async with rig.ctx.db.write() as tx:
        me = await tx.get_one(Account, rig.author.id)
        everyone = Audience(followers_of=me.id)
        await record(rig.ctx, tx, sender=me, activity=said, audience=everyone, order_on=note["id"])


def _note(author: Account) -> dict[str, Any]:
    iri = f"{author.iri}/statuses/{next(_serial)}"
    return {"id": iri, "type": "Note", "attributedTo": author.iri, "content": "<p>words</p>" * 60}


async def _waiting(ctx: Context) -> int:
    async with ctx.db.read() as tx:
        left = select(func.count()).select_from(Job).where(Job.queue == "deliver")
        return int((await tx.execute(left)).scalar_one())


# --- Those that only sign and send ----------------------------------------------------------------------------


async def _floor(rig: Rig) -> Sample:
    """Sign and send the same number of the same posts, and nothing else."""
    body = await _body(rig)
    before = own_cpu()
    turns = iter(range(DELIVERIES))
    idle: dict[str, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {host: [] for host in HOSTS}

    async def courier() -> None:
        for turn in turns:
            host = HOSTS[turn % len(HOSTS)]
            if idle[host]:
                reader, writer = idle[host].pop()
            else:
                reader, writer = await asyncio.open_connection(
                    host, rig.port, ssl=rig.tls, server_hostname=host
                )
            writer.write(_request(rig, host, body))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise AssertionError(head)
            if rig.close:
                writer.close()
            else:
                idle[host].append((reader, writer))

    await asyncio.gather(*(courier() for _ in range(IN_FLIGHT)))
    for pairs in idle.values():
        for _, writer in pairs:
            writer.close()
    return Sample(operations=DELIVERIES, cpu_s=own_cpu() - before)


async def _stock(rig: Rig) -> Sample:
    """The same through httpx with its own pool."""
    body = await _body(rig)
    before = own_cpu()
    turns = iter(range(DELIVERIES))
    limits = httpx.Limits(max_connections=500, max_keepalive_connections=500)
    async with httpx.AsyncClient(verify=rig.tls, limits=limits, trust_env=False) as client:

        async def courier() -> None:
            for turn in turns:
                host = HOSTS[turn % len(HOSTS)]
                url = f"https://{host}:{rig.port}/inbox"
                while not await _taken(client, url, body, _headers(rig, host, body)):
                    pass

        await asyncio.gather(*(courier() for _ in range(IN_FLIGHT)))
    return Sample(operations=DELIVERIES, cpu_s=own_cpu() - before)


async def _taken(client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str]) -> bool:
    """Send one; False when the connection broke, which a delivery worker would survive as well."""
    try:
        answer = await client.post(url, content=body, headers=headers)
    except httpx.TransportError:
        return False
    if answer.status_code != 202:
        raise AssertionError(answer)
    return True


async def _body(rig: Rig) -> bytes:
    note = _note(rig.author)
    said = Create(id=f"{note['id']}/activity", actor=rig.author.iri, object_id=note["id"], object_doc=note)
    return msgspec.json.encode(proofs.prove(rig.ctx, rig.author, said.to_json()))


def _request(rig: Rig, host: str, body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(rig, host, body).items())
    return f"POST /inbox HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def _headers(rig: Rig, host: str, body: bytes) -> dict[str, str]:
    authority = f"{host}:{rig.port}"
    headers = {
        "host": authority,
        "date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "digest": digest.digest(body),
        "content-type": "application/activity+json",
    }
    message = Message.of(
        method="POST", target_uri=f"https://{authority}/inbox", headers=headers.items(), body=body
    )
    key_id = rig.author.public_keys[0]["id"]
    return headers | {
        "signature": cavage.sign(message, key_id=key_id, key=rig.key, headers=cavage.POST_HEADERS)
    }


# --- Around them ----------------------------------------------------------------------------------------------


@asynccontextmanager
async def _rig(folder: Path, *, close: bool) -> AsyncIterator[Rig]:
    authority = trustme.CA()
    certificate = authority.issue_cert(*HOSTS)
    pem, ca_file = folder / "sink.pem", folder / "ca.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(pem))
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.create_default_context(cafile=str(ca_file))
    port = free_port(HOSTS[0])
    switches = {
        "FEDI_OUTGOING_ALLOW": "127.0.3.0/24",
        "FEDI_DELIVERY_CONCURRENCY": str(IN_FLIGHT),
        "FEDI_CA_FILE": str(ca_file),
    }
    async with _sink(port, pem), context_for(folder, "http://127.0.0.1:9", **switches) as ctx:
        port += close
        author = await _author(ctx, port)
        assert author.private_key_pem is not None
        key = keys.load_private_pem(author.private_key_pem)
        yield Rig(ctx=ctx, author=author, port=port, tls=tls, key=key, close=close)


async def _author(ctx: Context, port: int) -> Account:
    """Make an author, and their followers on all hosts."""
    now = ctx.clock()
    fans = [
        {
            "id": ctx.ids.next(), "username": f"fan{n}", "domain": f"{(host := HOSTS[n % len(HOSTS)])}:{port}",
            "iri": f"https://{host}:{port}/users/{n}", "kind": "Person", "inbox": f"https://{host}:{port}/users/{n}/inbox",
            "shared_inbox": f"https://{host}:{port}/inbox", "public_keys": [], "fields": [], "emojis": [],
            "also_known_as": [], "created_at": now,
        }
        for n in range(FOLLOWERS)
    ]  # fmt: skip
    async with ctx.db.write() as tx:
        author = await accounts.create_local(ctx, tx, username="author")
        await tx.execute(insert(Account), fans)
        follows = [
            {
                "id": ctx.ids.next(), "account_id": fan["id"], "target_id": author.id, "iri": f"{fan['iri']}#follow",
                "state": FollowState.ACCEPTED, "created_at": now,
            }
            for fan in fans
        ]  # fmt: skip
        await tx.execute(insert(Follow), follows)
        author.followers_count = FOLLOWERS
        return author


@asynccontextmanager
async def _sink(port: int, certificate: Path) -> AsyncIterator[None]:
    """Run the other servers, in a process of their own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.sink", str(port), str(certificate), *HOSTS, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    assert child.stdout is not None
    await child.stdout.readline()
    try:
        yield
    finally:
        child.terminate()
        await child.wait()
