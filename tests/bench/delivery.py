"""G3: delivering, against a bare asyncio client that signs and sends the same bytes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activitypub import keys
from activitypub.signatures import cavage, digest
from activitypub.signatures.message import Message
from fedi.context import Context
from fedi.jobs import queue
from fedi.models import Account, Activity, ActivityState, Direction
from fedi.services import accounts
from fedi.worker import Worker
from tests.bench.harness import Result, Sample, compare, own_cpu
from tests.bench.process import context_for, free_port

HOSTS = [f"127.0.3.{number}" for number in range(1, 51)]
DELIVERIES = 1000
"""Of one slice."""
IN_FLIGHT = 64

_serial = count()


async def bench(folder: Path) -> Result:
    """Measure and compare."""
    port = free_port(HOSTS[0])
    origin = "http://127.0.0.1:9"
    switches = {"FEDI_OUTGOING_ALLOW": "127.0.3.0/24", "FEDI_DELIVERY_CONCURRENCY": str(IN_FLIGHT)}
    async with _sink(port), context_for(folder, origin, **switches) as ctx:
        async with ctx.db.write() as tx:
            author = await accounts.create_local(ctx, tx, username="author")
        inboxes = [f"http://{host}:{port}/inbox" for host in HOSTS]
        assert author.private_key_pem is not None
        key_id = author.public_keys[0]["id"]
        key = keys.load_private_pem(author.private_key_pem)

        async def ours() -> Sample:
            await _fill(ctx, author, inboxes)
            worker = Worker(ctx, ["deliver"])
            before = own_cpu()
            working = asyncio.create_task(worker.run())
            while await _waiting(ctx):  # noqa: ASYNC110 - the end is an empty table, not an event
                await asyncio.sleep(0.02)
            worker.stop()
            await working
            return Sample(operations=DELIVERIES, cpu_s=own_cpu() - before)

        async def floor() -> Sample:
            body = _body(author)
            before = own_cpu()
            await _send_all(port, body, key_id, key)
            return Sample(operations=DELIVERIES, cpu_s=own_cpu() - before)

        return await compare("G3 delivery", ours=ours, floor=floor, goal=0.5)


def _body(author: Account) -> bytes:
    note = {"id": f"{author.iri}/statuses/{next(_serial)}", "type": "Note", "content": "<p>words</p>" * 60}
    return json.dumps(
        {"id": f"{note['id']}/activity", "type": "Create", "actor": author.iri, "object": note}
    ).encode()


async def _fill(ctx: Context, author: Account, inboxes: list[str]) -> None:
    body = _body(author)
    async with ctx.db.write() as tx:
        activity = Activity(
            id=ctx.ids.next(), direction=Direction.OUT, iri=json.loads(body)["id"], kind="Create", account_id=author.id,
            raw=body, state=ActivityState.DONE, created_at=ctx.clock(),
        )  # fmt: skip
        tx.add(activity)
        await tx.flush()
        jobs = [
            queue.NewJob(
                queue="deliver", kind="deliver", host=inboxes[n % len(inboxes)].split("/")[2],
                payload={"activity_id": activity.id, "inbox": inboxes[n % len(inboxes)]},
                dedupe_key=f"deliver:{activity.id}:{n}",
            )
            for n in range(DELIVERIES)
        ]  # fmt: skip
        await queue.enqueue(tx, ctx.wake, jobs, now=ctx.clock())


async def _waiting(ctx: Context) -> int:
    async with ctx.db.read() as tx:
        return sum(row.count for row in await queue.status(tx, now=ctx.clock()))


async def _send_all(port: int, body: bytes, key_id: str, key: keys.PrivateKey) -> None:
    """Sign and send over kept connections, and nothing else."""
    turns = iter(range(DELIVERIES))
    idle: dict[str, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {host: [] for host in HOSTS}

    async def courier() -> None:
        for turn in turns:
            host = HOSTS[turn % len(HOSTS)]
            reader, writer = idle[host].pop() if idle[host] else await asyncio.open_connection(host, port)
            writer.write(_signed(f"{host}:{port}", body, key_id, key))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise AssertionError(head)
            idle[host].append((reader, writer))

    await asyncio.gather(*(courier() for _ in range(IN_FLIGHT)))
    for pairs in idle.values():
        for _, writer in pairs:
            writer.close()


def _signed(authority: str, body: bytes, key_id: str, key: keys.PrivateKey) -> bytes:
    headers = [
        ("host", authority),
        ("date", datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("digest", digest.digest(body)),
        ("content-type", "application/activity+json"),
    ]
    message = Message.of(method="POST", target_uri=f"http://{authority}/inbox", headers=headers, body=body)
    covered = ("(request-target)", "host", "date", "digest", "content-type")
    headers.append(("signature", cavage.sign(message, key_id=key_id, key=key, headers=covered)))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"POST /inbox HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def _sink(port: int) -> AsyncIterator[None]:
    """Run the other servers, in a process of their own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.sink", str(port), *HOSTS, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()
    try:
        yield
    finally:
        child.terminate()
        await child.wait()
