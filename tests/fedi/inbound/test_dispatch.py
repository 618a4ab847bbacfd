"""The table of what is handled, and the job that does it."""

import json
from typing import get_args

import pytest
from sqlalchemy import select, update

from activitypub import activities
from activitypub.activities import Unknown
from fedi.errors import LeaseLostError
from fedi.inbound import dispatch
from fedi.inbound.received import Received
from fedi.jobs import queue
from fedi.models import Account, Activity, ActivityState, Follow, Job
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_every_activity_is_handled_or_ignored_for_a_reason() -> None:
    every = {*get_args(activities.Activity), Unknown}
    assert set(dispatch.HANDLERS) | set(dispatch.IGNORED) == every
    assert not set(dispatch.HANDLERS) & set(dispatch.IGNORED)
    assert all(dispatch.IGNORED.values())


async def test_every_parser_leads_to_the_table() -> None:
    assert len(activities.PARSERS) == len(get_args(activities.Activity))


@pytest.mark.parametrize("activity", [{"type": "Dislike", "object": "https://fedi.test/n"}, {"type": "View"}])
async def test_what_is_not_handled_is_recorded_with_its_reason(
    server: Server, bob: RemoteActor, activity: dict[str, object]
) -> None:
    sent = {"id": "https://remote.test/acts/1", "actor": bob.iri} | activity
    assert await looking.verdict(server, bob, sent) == ActivityState.IGNORED
    row = await looking.last_activity(server)
    assert row.reason in dispatch.IGNORED.values()
    assert row.kind == activity["type"]


async def test_nobody_here_acts_from_elsewhere(server: Server, bob: RemoteActor, alice: Account) -> None:
    forged = bob.does("Announce", bob.note()["id"], actor=alice.iri, id=f"{alice.iri}#announces/1")
    assert await looking.verdict(server, bob, forged) == ActivityState.REFUSED
    row = await looking.last_activity(server)
    assert row.reason == "one of our own actors does not act from elsewhere"


async def test_what_is_done_is_marked_and_its_job_removed(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    assert await looking.verdict(server, bob, bob.does("Follow", alice.iri)) == ActivityState.DONE
    assert await looking.count(server, Job, Job.kind == "inbox") == 0


async def test_effects_mark_and_job_are_one_transaction(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    """A worker that lost its lease leaves nothing behind, whatever it did."""
    await bob.sends(server, bob.does("Follow", alice.iri))
    async with server.ctx.db.write() as tx:
        (job,) = await queue.claim(tx, "inbox", limit=1, lease_s=60, now=server.clock())
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Job).values(claim_token="somebody else"))
    with pytest.raises(LeaseLostError):
        await dispatch.run(server.ctx, job)
    assert await looking.count(server, Follow) == 0
    assert (await looking.last_activity(server)).state == ActivityState.RECEIVED


async def test_an_activity_that_was_processed_already_has_no_second_effect(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Activity).values(state=ActivityState.DONE))
    await server.work()
    assert await looking.count(server, Follow) == 0
    assert await looking.count(server, Job) == 0


async def test_a_suspended_account_may_only_take_back(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    note = bob.note()
    assert await looking.verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.iri == bob.iri).values(suspended_at=server.clock()))
    for activity in (
        bob.creates(bob.note("2")),
        bob.does("Follow", alice.iri),
        bob.does("Announce", note["id"], to=["as:Public"]),
        bob.does("Update", note | {"updated": "2026-06-01T00:00:00Z"}),
    ):
        assert await looking.verdict(server, bob, activity) == ActivityState.IGNORED
    assert await looking.verdict(server, bob, bob.does("Delete", note["id"])) == ActivityState.DONE


async def test_a_mistake_of_ours_is_tried_again_and_not_taken_for_theirs(
    server: Server, bob: RemoteActor, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_ctx: object, _received: Received[object]) -> object:
        raise RuntimeError("a mistake")

    table = dict(dispatch.HANDLERS) | {activities.Follow: broken}
    monkeypatch.setattr(dispatch, "HANDLERS", table)
    assert await looking.verdict(server, bob, bob.does("Follow", alice.iri)) == ActivityState.RECEIVED
    monkeypatch.undo()
    server.clock.advance(60)
    await server.work()
    assert await looking.count(server, Follow) == 1


async def test_the_bytes_that_came_are_kept(server: Server, bob: RemoteActor, alice: Account) -> None:
    activity = bob.does("Follow", alice.iri)
    await bob.sends(server, activity)
    async with server.ctx.db.read() as tx:
        raw = (await tx.execute(select(Activity.raw))).scalar_one()
    assert raw == json.dumps(activity).encode()
