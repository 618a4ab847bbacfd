"""What goes out is written once, with what it announces."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from fedi.models import Account, Activity, Job
from fedi.outbound.outbox import Audience, record
from tests.fedi.looking import count
from tests.servers import Server

pytestmark = pytest.mark.anyio


@dataclass
class Wave:
    """An activity that counts how often it is rendered."""

    id: str = "https://fedi.test/users/alice/acts/1"
    rendered: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        self.rendered.append(self.id)
        return {"id": self.id, "type": "Wave", "summary": "zoë"}


async def test_an_activity_and_one_job_are_written_whatever_the_audience(
    server: Server, alice: Account
) -> None:
    wave = Wave()
    inboxes = tuple(f"https://h{n}.test/inbox" for n in range(200))
    audience = Audience(followers_of=alice.id, account_ids=(7, 8), inboxes=inboxes)
    async with server.ctx.db.write() as tx:
        await record(
            server.ctx, tx, sender=alice, activity=wave, audience=audience, order_on="https://fedi.test/n/1"
        )
    async with server.ctx.db.read() as tx:
        row = (await tx.execute(select(Activity))).scalar_one()
        job = (await tx.execute(select(Job))).scalar_one()
    assert wave.rendered == [wave.id]
    assert json.loads(row.raw) == {"id": wave.id, "type": "Wave", "summary": "zoë"}
    assert (row.direction, row.iri, row.kind, row.account_id, row.state) == (
        "out",
        wave.id,
        "Wave",
        alice.id,
        "done",
    )
    assert (job.queue, job.kind, job.order_key) == ("deliver", "fanout", "https://fedi.test/n/1")
    assert job.payload == {
        "activity_id": row.id,
        "followers_of": alice.id,
        "account_ids": [7, 8],
        "inboxes": list(inboxes),
        "order_on": "https://fedi.test/n/1",
        "reach": "none",
    }


async def test_what_is_not_committed_is_not_sent(server: Server, alice: Account) -> None:
    async def think_better_of_it() -> None:
        async with server.ctx.db.write() as tx:
            await record(server.ctx, tx, sender=alice, activity=Wave(), audience=Audience(), order_on="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await think_better_of_it()
    assert await count(server, Activity) == 0
    assert await count(server, Job) == 0


async def test_only_who_has_a_key_sends(server: Server, alice: Account) -> None:
    alice.private_key_pem = None
    async with server.ctx.db.write() as tx:
        with pytest.raises(AssertionError, match="only local accounts send"):
            await record(server.ctx, tx, sender=alice, activity=Wave(), audience=Audience(), order_on="x")
