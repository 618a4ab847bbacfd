"""G6: a page of the home timeline, against the bare driver that runs the same statements.

Twice: with posts that were shown a moment ago, as most of a page are, and (cold) with all of them made anew.
"""

import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

from fedi.app import build_app
from fedi.context import Context
from fedi.db import Tx
from fedi.lean.prepared import Compiled
from fedi.models import Account, Follow, FollowState
from fedi.services import accounts, authorizing, posting
from tests.bench.harness import Result, Sample, compare, own_cpu
from tests.bench.process import context_for

POSTS = 400
AUTHORS = 40
PAGES = 100
"""Of one slice."""


async def bench(folder: Path) -> list[Result]:
    """Measure and compare."""
    async with context_for(folder, "http://127.0.0.1:9") as ctx:
        token = await _fill(ctx)
        app = build_app(ctx)
        statements = await _statements(ctx, app, token)
        database = sqlite3.connect(folder / "fedi.db")

        async def ours(*, cold: bool) -> Sample:
            before = own_cpu()
            for _ in range(PAGES):
                if cold:
                    ctx.memory.statuses._entries.clear()
                await page(app, token)
            return Sample(operations=PAGES, cpu_s=own_cpu() - before)

        async def floor() -> Sample:
            before = own_cpu()
            for _ in range(PAGES):
                for statement, values in statements:
                    database.execute(statement, values).fetchall()
            return Sample(operations=PAGES, cpu_s=own_cpu() - before)

        warm = await compare("G6 home page", ours=lambda: ours(cold=False), floor=floor, goal=0.25)
        cold = await compare("G6 home page, cold", ours=lambda: ours(cold=True), floor=floor, goal=0.25)
        warm.notes.append(f"{len(statements)} statements a page")
        database.close()
        return [warm, cold]


async def _fill(ctx: Context) -> str:
    """Make a reader who follows everyone, and their posts; return the reader's token."""
    async with ctx.db.write() as tx:
        pem = None
        people: list[Account] = []
        for number in range(AUTHORS + 1):
            made = await accounts.create_local(ctx, tx, username=f"a{number}", private_key_pem=pem)
            pem = made.private_key_pem
            people.append(made)
        reader, *authors = people
        for author in authors:
            tx.add(
                Follow(
                    id=ctx.ids.next(),
                    account_id=reader.id,
                    target_id=author.id,
                    state=FollowState.ACCEPTED,
                    iri=f"{reader.iri}#follows/{author.id}",
                    created_at=ctx.clock(),
                )
            )
        await tx.flush()
        for number in range(POSTS):
            words = f"Post {number} with a #tag and some words that make it as long as a usual one. " * 4
            await posting.publish(
                ctx,
                tx,
                author=authors[number % AUTHORS],
                new=posting.NewPost(text=words, visibility="public"),
            )
        return await token_for(ctx, tx, reader)


async def token_for(ctx: Context, tx: Tx, reader: Account) -> str:
    """Give an application access to somebody's timelines."""
    where = "urn:ietf:wg:oauth:2.0:oob"
    app, _ = await authorizing.register_app(
        ctx, tx, name="bench", website=None, redirect_uris=[where], scopes=["read"]
    )
    code = await authorizing.grant_code(
        ctx, tx, app=app, account=reader, redirect_uri=where, scopes=["read"], code_challenge=None
    )
    issued = await authorizing.redeem_code(ctx, tx, app=app, code=code, redirect_uri=where, verifier=None)
    assert issued is not None
    return issued.text


async def _statements(ctx: Context, app: Any, token: str) -> list[tuple[str, Any]]:
    """Record what one page asks of the database."""
    seen: list[tuple[str, Any]] = []
    ordered = Compiled.ordered

    def remember(compiled: Any, values: Any) -> Any:
        found = ordered(compiled, values)
        seen.append((compiled.sql, found))
        return found

    with mock.patch.object(Compiled, "ordered", remember):
        await page(app, token)
    return seen


async def page(app: Any, token: str) -> None:
    """Ask for a page as the web server does."""
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/api/v1/timelines/home", "raw_path": b"/api/v1/timelines/home",
        "query_string": b"limit=20", "root_path": "", "scheme": "http", "server": ("127.0.0.1", 9), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1:9"), (b"authorization", f"Bearer {token}".encode())], "state": {},
    }  # fmt: skip
    parts: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise AssertionError(message)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    if b"".join(parts).count(b'"card":') != 20:  # reading it would cost as much as making it
        raise AssertionError("not a full page")
