"""G1: accepting signed activities durably, against verify + parse + insert in a bare loop."""

import asyncio
import contextlib
import json
import socket
import sqlite3
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from activitypub import keys, normalise, verify
from activitypub.signatures import cavage, digest
from activitypub.signatures.message import Message
from fedi.context import Context
from fedi.models import Account
from tests.bench.harness import Result, Sample, compare, cpu_of, own_cpu
from tests.bench.process import context_for, free_port, serving

SENDERS = 20
CONNECTIONS = 32
REQUESTS = 1600
"""Of one slice."""
BATCH = 32
"""Rows of one transaction of the floor."""
WORDS = "A post of the usual length, with a link and a mention, as most of them have. " * 8

_serial = count()


class Sender:
    """A remote actor that signs."""

    def __init__(self, number: int) -> None:
        self.iri = f"https://peer{number}.test/users/a"
        self.key = keys.generate_rsa()
        self.key_id = f"{self.iri}#main-key"

    def row(self, ctx: Context) -> Account:
        """Return the row that makes its key known."""
        return Account(
            id=ctx.ids.next(), username="a", domain=self.iri.split("/")[2], iri=self.iri, kind="Person",
            inbox=f"{self.iri}/inbox", public_keys=[{"id": self.key_id, "pem": keys.public_pem(self.key.public_key())}],
            fields=[], emojis=[], also_known_as=[], created_at=ctx.clock(), fetched_at=ctx.clock(),
        )  # fmt: skip

    def request(self, origin: str) -> tuple[bytes, Message]:
        """Return one signed POST, as bytes and as what they mean."""
        number = next(_serial)
        note = {
            "id": f"{self.iri}/statuses/{number}", "type": "Note", "attributedTo": self.iri, "content": f"<p>{WORDS}</p>",
            "published": "2026-11-24T12:00:00Z", "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [f"{self.iri}/followers"], "tag": [], "attachment": [],
        }  # fmt: skip
        document = {
            "@context": "https://www.w3.org/ns/activitystreams", "id": f"{note['id']}/activity", "type": "Create",
            "actor": self.iri, "published": note["published"], "to": note["to"], "cc": note["cc"], "object": note,
        }  # fmt: skip
        body = json.dumps(document).encode()
        headers = {
            "host": origin.split("/")[2],
            "date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "digest": digest.digest(body),
            "content-type": "application/activity+json",
        }
        message = Message.of(
            method="POST", target_uri=f"{origin}/inbox", headers=list(headers.items()), body=body
        )
        headers["signature"] = cavage.sign(
            message,
            key_id=self.key_id,
            key=self.key,
            headers=("(request-target)", "host", "date", "digest", "content-type"),
        )
        message = Message.of(
            method="POST", target_uri=f"{origin}/inbox", headers=list(headers.items()), body=body
        )
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        raw = f"POST /inbox HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
        return raw, message


async def bench(folder: Path) -> Result:
    """Measure and compare."""
    origin = f"http://127.0.0.1:{free_port()}"
    senders = [Sender(number) for number in range(SENDERS)]
    async with context_for(folder, origin) as ctx, ctx.db.write() as tx:
        tx.add_all(sender.row(ctx) for sender in senders)
    known = {sender.key_id: keys.public_pem(sender.key.public_key()) for sender in senders}
    async with serving(folder, origin, "--no-worker") as server:

        async def ours() -> Sample:
            requests = [senders[n % SENDERS].request(origin)[0] for n in range(REQUESTS)]
            before = cpu_of(server.pid)
            await flood(server.port, requests)
            return Sample(operations=REQUESTS, cpu_s=cpu_of(server.pid) - before)

        async def floor() -> Sample:
            messages = [senders[n % SENDERS].request(origin)[1] for n in range(REQUESTS)]
            return _accept_all(folder / "floor.db", messages, known)

        return await compare("G1 inbox accept", ours=ours, floor=floor, goal=0.35)


async def flood(port: int, requests: list[bytes]) -> None:
    """Send all requests over some connections, and require 202 of each.

    Blocking sockets in a thread that mostly waits: whatever the sender computes slows down the server on the
    other half of the same core, which the floor does not suffer.
    """
    await asyncio.to_thread(_flood, port, requests)


def _flood(port: int, requests: list[bytes]) -> None:
    with contextlib.ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(CONNECTIONS)
        ]
        for start in range(0, len(requests), CONNECTIONS):
            busy = list(zip(lines, requests[start : start + CONNECTIONS], strict=False))
            for line, raw in busy:
                line.sendall(raw)
            for line, _ in busy:
                answer = b""
                while b"\r\n\r\n" not in answer:  # nothing follows the head of a 202
                    received = line.recv(65_536)
                    if not received:
                        raise AssertionError("the server hung up")
                    answer += received
                if not answer.startswith(b"HTTP/1.1 202"):
                    raise AssertionError(answer)


def _accept_all(path: Path, messages: list[Message], known: dict[str, str]) -> Sample:
    """Do what cannot be left out, in a loop without a server: verify, parse, insert by the batch."""
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE activity (id INTEGER PRIMARY KEY, iri TEXT UNIQUE, raw BLOB, signer TEXT);"
    )
    loaded = {key_id: keys.load_public_pem(pem) for key_id, pem in known.items()}
    before = own_cpu()
    for start in range(0, len(messages), BATCH):
        rows = []
        for message in messages[start : start + BATCH]:
            now = datetime.now(UTC)
            claim = verify.read_claim(message, now=now)
            verify.require_valid(claim, message, loaded[claim.key_id], now=now)
            document = normalise.normalise(message.body)
            rows.append((document["id"], message.body, document["actor"]))
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO activity (iri, raw, signer) VALUES (?, ?, ?)", rows)
        database.execute("COMMIT")
    spent = own_cpu() - before
    database.close()
    return Sample(operations=len(messages), cpu_s=spent)
