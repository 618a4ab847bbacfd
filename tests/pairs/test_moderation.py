"""Moderation between two of our servers: rules, suspensions and reports, seen from both sides."""

import pytest
from sqlalchemy import select

from fedi.models import Account, Activity, ActivityState, Follow, Post, Report
from fedi.outbound import resolve
from fedi.queries import timelines
from fedi.queries.page import Page
from fedi.services import following, posting, reporting, suspending
from fedi.services.posting import NewPost
from fedi.services.reporting import Complaint
from tests.fedi import looking, rules
from tests.pairs.conftest import MakePair, Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def follow(server: Server, who: Account, handle: str) -> Account:
    target = await resolve.handle(server.ctx, handle)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await following.follow(server.ctx, tx, follower=me, target=target)
    return target


async def publish(server: Server, author: Account, text: str = "hello") -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        return await posting.publish(server.ctx, tx, author=me, new=NewPost(text=text, visibility="public"))


async def friends(pair: Pair) -> tuple[Account, Account]:
    """Make alice on one server and bob on the other, who follow each other."""
    alice, bob = await pair.a.person("alice"), await pair.b.person("bob")
    await follow(pair.a, alice, "bob@b.test")
    await follow(pair.b, bob, "alice@a.test")
    await pair.settle()
    assert await looking.count(pair.a, Follow, Follow.state == "accepted") == 2
    return alice, bob


async def public(server: Server) -> list[int]:
    async with server.ctx.db.read() as tx:
        return list((await timelines.public(tx, None, Page(limit=20))).rows)


async def activities(server: Server) -> list[tuple[str, str]]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Activity.kind, Activity.state).where(Activity.direction == "in").order_by(Activity.id)
        )
        return [(row.kind, row.state) for row in rows]


async def test_between_a_server_and_one_that_it_suspends_nothing_goes(pair: Pair) -> None:
    alice, bob = await friends(pair)
    theirs = await publish(pair.b, bob)
    await pair.settle()
    assert await looking.find_post(pair.a, theirs.iri) is not None
    await rules.suspend(pair.a, "b.test")
    await pair.settle()
    sent = len(pair.a.network.requests)
    before = await activities(pair.a), await activities(pair.b)

    mine = await publish(pair.a, alice)
    later = await publish(pair.b, bob, "later")
    await pair.settle()

    # Nothing of ours arrived there, nothing of theirs counts here, and we did not ask them anything.
    assert await looking.find_post(pair.b, mine.iri) is None
    assert await looking.find_post(pair.a, later.iri) is None
    assert (await activities(pair.a), await activities(pair.b)) == before
    hosts = {str(request.url.host) for request in pair.a.network.requests[sent:]}
    assert hosts == {"a.test"}, "only the suspended server asked"
    assert await public(pair.a) == [mine.id]
    assert await looking.count(pair.a, Follow) == 0


async def test_when_the_rule_goes_they_can_begin_anew(pair: Pair) -> None:
    alice, bob = await friends(pair)
    await rules.suspend(pair.a, "b.test")
    await rules.remove(pair.a, "b.test")
    await follow(pair.a, alice, "bob@b.test")
    await pair.settle()
    theirs = await publish(pair.b, bob)
    await pair.settle()
    assert theirs.iri in await looking.home(pair.a, alice)


async def test_a_limited_server_goes_on_for_followers(pair: Pair) -> None:
    alice, bob = await friends(pair)
    await rules.limit(pair.a, "b.test")
    theirs = await publish(pair.b, bob)
    await pair.settle()
    assert theirs.iri in await looking.home(pair.a, alice)
    assert await public(pair.a) == []


async def test_two_servers_that_talk_to_chosen_ones_talk_when_both_chose(make_pair: MakePair) -> None:
    pair = await make_pair(federation_mode="allowlist")
    await rules.allow(pair.a, "b.test")
    alice = await pair.a.person("alice")
    bob = await pair.b.person("bob")
    with pytest.raises(Exception, match="answers 403"):
        await follow(pair.a, alice, "bob@b.test")
    await rules.allow(pair.b, "a.test")
    await follow(pair.a, alice, "bob@b.test")
    await pair.settle()
    theirs = await publish(pair.b, bob)
    await pair.settle()
    assert theirs.iri in await looking.home(pair.a, alice)


async def test_a_suspended_account_elsewhere_loses_its_follows_there_too(pair: Pair) -> None:
    await friends(pair)
    async with pair.a.ctx.db.write() as tx:
        bob = (
            await tx.execute(select(Account).where(Account.domain == "b.test", Account.username == "bob"))
        ).scalar_one()
        await suspending.suspend(pair.a.ctx, tx, account=bob)
    await pair.settle()
    assert await looking.count(pair.a, Follow) == 0
    assert await looking.count(pair.b, Follow) == 0
    assert {state for _, state in await activities(pair.b)} == {ActivityState.DONE}


async def test_a_report_reaches_the_other_servers_queue_and_names_nobody(pair: Pair) -> None:
    alice, bob = await friends(pair)
    theirs = await publish(pair.b, bob, "bad")
    await pair.settle()
    async with pair.a.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        target = (await tx.execute(select(Account).where(Account.iri == bob.iri))).scalar_one()
        seen = (await tx.execute(select(Post).where(Post.iri == theirs.iri))).scalar_one()
        complaint = Complaint(comment="this is bad", post_ids=(seen.id,), forward=True)
        await reporting.report(pair.a.ctx, tx, reporter=me, target=target, complaint=complaint)
    await pair.settle()
    async with pair.b.ctx.db.read() as tx:
        (report,) = (await tx.execute(select(Report))).scalars()
        flag = (await tx.execute(select(Activity.raw).where(Activity.kind == "Flag"))).scalar_one()
    assert (report.target_id, report.post_ids, report.comment) == (bob.id, [theirs.id], "this is bad")
    assert (report.origin, report.account_id) == ("a.test", None)
    assert b"alice" not in flag
    assert await looking.told(pair.b, bob) == ["follow"]
