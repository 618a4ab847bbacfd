"""What is forgotten after its time, and what stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fedi.models import Account, Activity, Idempotency, Job, OAuthCode, Tombstone, WebSession
from fedi.services import authorizing, sweeping
from tests.fedi import looking
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def add(server: Server, *rows: Any) -> None:
    async with server.ctx.db.write() as tx:
        tx.add_all(rows)


async def sweep(server: Server) -> None:
    await sweeping.plan(server.ctx)
    await server.work("default")


def activity(server: Server, number: int, age: timedelta, state: str = "done") -> Activity:
    return Activity(
        id=number, direction="in", iri=f"https://x.test/{number}", kind="Like", signer_origin="https://x.test",
        raw=b"{}", state=state, created_at=server.clock() - age,
    )  # fmt: skip


async def test_remote_tombstones_end_and_ours_do_not(either_server: Server) -> None:
    server = either_server
    assert timedelta(days=30) <= sweeping.REMOTE_TOMBSTONES_KEPT
    long_ago = server.clock() - sweeping.REMOTE_TOMBSTONES_KEPT - timedelta(days=1)
    lately = server.clock() - sweeping.REMOTE_TOMBSTONES_KEPT + timedelta(days=1)
    await add(
        server,
        Tombstone(iri="theirs, old", local=False, deleted_at=long_ago),
        Tombstone(iri="theirs, new", local=False, deleted_at=lately),
        Tombstone(iri="ours, old", local=True, deleted_at=long_ago),
    )
    await sweep(server)
    assert await looking.count(server, Tombstone) == 2
    assert await looking.count(server, Tombstone, Tombstone.iri == "theirs, old") == 0


async def test_activities_end_but_not_those_that_wait(either_server: Server) -> None:
    server = either_server
    old, day = sweeping.ACTIVITIES_KEPT + timedelta(days=1), timedelta(days=1)
    await add(
        server,
        *(
            activity(server, number, old, state)
            for number, state in enumerate(("done", "ignored", "refused"), 1)
        ),
        activity(server, 4, old, "received"),
        activity(server, 5, sweeping.ACTIVITIES_KEPT - day),
    )
    await sweep(server)
    assert await looking.count(server, Activity) == 2
    assert await looking.count(server, Activity, Activity.id.in_((4, 5))) == 2


async def test_keys_of_requests_codes_and_sessions_end(server: Server, alice: Account) -> None:
    now, old = server.clock(), server.clock() - timedelta(days=2)
    async with server.ctx.db.write() as tx:
        app, _ = await authorizing.register_app(
            server.ctx, tx, name="x", website=None, redirect_uris=["x:/y"], scopes=("read",)
        )
    codes = [
        OAuthCode(
            code_hash=str(moment), app_id=app.id, account_id=alice.id, redirect_uri="x:/y", scopes=[],
            expires_at=moment,
        )
        for moment in (now, old)
    ]  # fmt: skip
    sessions = [
        WebSession(
            token_hash=str(moment), account_id=alice.id, csrf_token="x", created_at=old, expires_at=moment
        )
        for moment in (now, old)
    ]
    keys = [
        Idempotency(account_id=alice.id, key=str(moment), post_id=1, created_at=moment)
        for moment in (now, old)
    ]
    await add(server, *codes, *sessions, *keys)
    await sweep(server)
    for model in (OAuthCode, WebSession, Idempotency):
        assert await looking.count(server, model) == 1, model


async def test_it_works_in_pieces_and_comes_again_the_next_day(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "ROWS_AT_ONCE", 2)
    old = sweeping.ACTIVITIES_KEPT + timedelta(days=1)
    await add(server, *(activity(server, number, old) for number in range(1, 6)))
    await sweep(server)
    assert await looking.count(server, Activity) == 0
    async with server.ctx.db.read() as tx:
        job = (await tx.execute(select(Job).where(Job.kind == "sweep"))).scalar_one()
    assert abs((job.run_at - server.clock()).total_seconds() - sweeping.EVERY_S) < 60
    # Whoever starts meanwhile plans no second one.
    await sweeping.plan(server.ctx)
    assert await looking.count(server, Job, Job.kind == "sweep") == 1
