"""Inbound posts from the socket to the home timelines: accepted, processed and in everybody's home.

The floor does in a bare loop what cannot be left out: verify, parse, sanitise, and insert the activity, the post
and the home entries, a transaction for each batch.
"""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from activitypub import keys, normalise, verify
from activitypub.signatures.message import Message
from fedi.context import Context
from fedi.models import Activity, ActivityState, Follow, FollowState
from fedi.services import accounts
from fedi.text import sanitise
from tests.bench.harness import Result, Sample, compare, cpu_of, own_cpu
from tests.bench.inbox import BATCH, Sender, flood
from tests.bench.process import context_for, free_port, serving

SENDERS = 20
READERS = 10
"""People here, each of whom follows every sender."""
REQUESTS = 600
"""Of one slice."""
DONE_S_MAX = 120.0
"""Within which a slice has to be processed."""
GOAL_MS = 5.0
"""CPU milliseconds of one post; GoToSocial takes 10.9 on such a machine."""


async def bench(folder: Path) -> Result:
    """Measure and compare."""
    origin = f"http://127.0.0.1:{free_port()}"
    senders = [Sender(number) for number in range(SENDERS)]
    known = {sender.key_id: keys.public_pem(sender.key.public_key()) for sender in senders}
    async with context_for(folder, origin) as ctx:
        await _people(ctx, senders)
        async with serving(folder, origin) as server:
            expected = 0

            async def ours() -> Sample:
                nonlocal expected
                requests = [senders[n % SENDERS].request(origin)[0] for n in range(REQUESTS)]
                before = cpu_of(server.pid)
                await flood(server.port, requests)
                expected += REQUESTS
                await _until_done(ctx, expected)
                return Sample(operations=REQUESTS, cpu_s=cpu_of(server.pid) - before)

            async def floor() -> Sample:
                messages = [senders[n % SENDERS].request(origin)[1] for n in range(REQUESTS)]
                return _process_all(folder / "floor.db", messages, known)

            result = await compare("inbound post processed", ours=ours, floor=floor, goal=0.05)
    result.notes.append(f"wanted ≤ {GOAL_MS:.0f} CPU-ms, took {result.ours_us / 1000:.1f}")
    return result


async def _people(ctx: Context, senders: list[Sender]) -> None:
    """Make people here who follow all senders."""
    async with ctx.db.write() as tx:
        rows = [sender.row(ctx) for sender in senders]
        tx.add_all(rows)
        readers = [await accounts.create_local(ctx, tx, username=f"reader{n}") for n in range(READERS)]
        tx.add_all(
            Follow(
                id=ctx.ids.next(), account_id=reader.id, target_id=row.id, state=FollowState.ACCEPTED,
                iri=f"{reader.iri}#follows/{row.id}", created_at=ctx.clock(),
            )
            for reader in readers
            for row in rows
        )  # fmt: skip


async def _until_done(ctx: Context, expected: int) -> None:
    done = select(func.count()).select_from(Activity).where(Activity.state == ActivityState.DONE)
    deadline = time.monotonic() + DONE_S_MAX
    while True:
        async with ctx.db.read() as tx:
            if (await tx.execute(done)).scalar_one() >= expected:
                return
        if time.monotonic() > deadline:
            raise AssertionError("the server did not process what it accepted")
        await asyncio.sleep(0.1)


def _process_all(path: Path, messages: list[Message], known: dict[str, str]) -> Sample:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE activity (id INTEGER PRIMARY KEY, iri TEXT UNIQUE, raw BLOB, signer TEXT);"
        "CREATE TABLE post (id INTEGER PRIMARY KEY, iri TEXT UNIQUE, author TEXT, content TEXT, created TEXT);"
        "CREATE TABLE home (account INTEGER, post INTEGER, PRIMARY KEY (account, post)) WITHOUT ROWID;"
    )
    loaded = {key_id: keys.load_public_pem(pem) for key_id, pem in known.items()}
    number = 0
    before = own_cpu()
    for start in range(0, len(messages), BATCH):
        activities, posts, home = [], [], []
        for message in messages[start : start + BATCH]:
            now = datetime.now(UTC)
            claim = verify.read_claim(message, now=now)
            verify.require_valid(claim, message, loaded[claim.key_id], now=now)
            document = normalise.normalise(message.body)
            note = document["object"]
            number += 1
            activities.append((document["id"], message.body, document["actor"]))
            posts.append(
                (number, note["id"], note["attributedTo"], sanitise(note["content"]), note["published"])
            )
            home += [(reader, number) for reader in range(READERS)]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO activity (iri, raw, signer) VALUES (?, ?, ?)", activities)
        database.executemany("INSERT INTO post VALUES (?, ?, ?, ?, ?)", posts)
        database.executemany("INSERT INTO home VALUES (?, ?)", home)
        database.execute("COMMIT")
    spent = own_cpu() - before
    database.close()
    return Sample(operations=len(messages), cpu_s=spent)
