"""What becomes of what strangers do, on both databases; what apps see of it is in tests/fedi/api."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from fedi.errors import Refused
from fedi.models import Account, Follow, Login, Notification, Role
from fedi.queries import screening as find
from fedi.queries.page import Page
from fedi.services import screening
from fedi.services.notifying import notify
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    """People on a server on either database."""
    return Town(either_server)


async def decide(town: Town, name: str, **levels: str) -> None:
    person = await town.one(name)
    async with town.server.ctx.db.write() as tx:
        await screening.decide(tx, account_id=person.id, levels=levels)


async def fate(town: Town, whom: str, by: str, kind: str = "favourite", post_id: int | None = None) -> str:
    """Let somebody do something and tell what becomes of it."""
    target, doer, ctx = await town.one(whom), await town.one(by), town.server.ctx
    mine = (Notification.account_id == target.id, Notification.from_account_id == doer.id)
    async with ctx.db.write() as tx:
        await notify(
            ctx, tx, account_id=target.id, from_account_id=doer.id, kind=kind, post_id=post_id,
            detail={"number": ctx.ids.next()},
        )  # fmt: skip
        newest = select(Notification).where(*mine).order_by(Notification.id.desc()).limit(1)
        row = (await tx.execute(newest)).scalar()
        if row is None:
            return "dropped"
        waits = row.filtered
        await tx.delete(row)
    return "waits" if waits else "told"


async def age(town: Town, name: str, days: int) -> None:
    person = await town.one(name)
    born = town.server.clock() - timedelta(days=days)
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == person.id).values(created_at=born))


async def test_who_is_not_followed_is_a_stranger(town: Town) -> None:
    assert await fate(town, "alice", "bob") == "told"
    await decide(town, "alice", for_not_following="filter")
    assert await fate(town, "alice", "bob") == "waits"
    await decide(town, "alice", for_not_following="drop")
    assert await fate(town, "alice", "bob") == "dropped"
    await town.follows("alice", "bob")
    assert await fate(town, "alice", "bob") == "told"
    assert await fate(town, "carol", "bob") == "told", "the policy is hers alone"


async def test_who_follows_since_less_than_three_days_is_no_follower(town: Town) -> None:
    await decide(town, "alice", for_not_followers="filter")
    assert await fate(town, "alice", "bob") == "waits"
    await town.follows("bob", "alice")
    assert await fate(town, "alice", "bob") == "waits"
    before = town.server.clock() - timedelta(days=3, minutes=1)
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Follow).values(created_at=before))
    assert await fate(town, "alice", "bob") == "told"


async def test_an_account_is_new_for_thirty_days(town: Town) -> None:
    await decide(town, "alice", for_new_accounts="drop", for_not_following="filter")
    await town.follows("alice", "bob")
    await age(town, "bob", 29)
    assert await fate(town, "alice", "bob") == "dropped"
    assert await fate(town, "alice", "carol") == "dropped", "the strictest level counts"
    await age(town, "bob", 31)
    assert await fate(town, "alice", "bob") == "told"


async def test_who_is_limited_waits_unless_followed(town: Town) -> None:
    bob = await town.one("bob")
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == bob.id).values(silenced_at=town.server.clock()))
    assert await fate(town, "alice", "bob") == "waits"
    await decide(town, "alice", for_limited_accounts="accept")
    assert await fate(town, "alice", "bob") == "told"
    await decide(town, "alice", for_limited_accounts="drop")
    await town.follows("alice", "bob")
    assert await fate(town, "alice", "bob") == "told"


async def test_a_direct_message_waits_unless_it_is_an_answer(town: Town) -> None:
    await town.one("alice")
    first = await town.posts("bob", "@alice psst", "direct")
    assert await fate(town, "alice", "bob", "mention", first.id) == "waits"
    assert await fate(town, "alice", "bob", "favourite", first.id) == "told", "a favour is no message"
    answer = await town.posts("alice", "@bob yes?", "direct", in_reply_to_id=first.id)
    again = await town.posts("bob", "@alice so", "direct", in_reply_to_id=answer.id)
    assert await fate(town, "alice", "bob", "mention", again.id) == "told"
    other = await town.posts("carol", "@alice me too", "direct", in_reply_to_id=None)
    assert await fate(town, "alice", "carol", "mention", other.id) == "waits", "she said nothing to carol"


async def test_some_things_are_told_in_any_case(town: Town) -> None:
    await decide(town, "alice", for_not_following="drop")
    for kind in sorted(find.UNSCREENED):
        assert await fate(town, "alice", "bob", kind) == "told", kind
    assert await fate(town, "alice", "bob", "follow_request") == "dropped"
    carol = await town.one("carol")
    async with town.server.ctx.db.write() as tx:
        tx.add(
            Login(account_id=carol.id, password_hash="x", role=Role.MODERATOR, created_at=town.server.clock())
        )
    assert await fate(town, "alice", "carol") == "told", "moderators are heard"


@pytest.mark.parametrize("wrong", [{"for_not_following": "maybe"}, {"for_nobody": "drop"}])
async def test_what_is_no_level_is_refused(town: Town, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        await decide(town, "alice", **wrong)


async def test_requests_are_let_in_turned_away_and_paged(town: Town) -> None:
    await decide(town, "alice", for_not_following="filter")
    alice, ctx = await town.one("alice"), town.server.ctx
    for name in ("bob", "carol", "dora"):
        await town.posts(name, "@alice hello")
        await town.posts(name, "@alice again")
    async with ctx.db.read() as tx:
        found = await find.requests(tx, alice.id, Page(limit=2))
        rest = await find.requests(tx, alice.id, Page(limit=2, max_id=found.rows[-1].request.id))
        waiting = await find.waiting(tx, alice.id)
    assert (found.more, rest.more) == (True, False)
    views = [*found.rows, *rest.rows]
    assert [(view.account.username, view.count) for view in views] == [("dora", 2), ("carol", 2), ("bob", 2)]
    assert (waiting.requests, waiting.notifications) == (3, 6)
    dora, carol, bob = (view.request.id for view in views)
    async with ctx.db.write() as tx:
        await screening.accept(ctx, tx, account_id=alice.id, request_ids=[bob])
        await screening.dismiss(tx, account_id=alice.id, request_ids=[carol])
        await screening.accept(ctx, tx, account_id=alice.id + 1, request_ids=[dora])
    async with ctx.db.read() as tx:
        left = await find.waiting(tx, alice.id)
        rows = await tx.execute(
            select(Account.username, Notification.filtered)
            .join(Account, Account.id == Notification.from_account_id)
            .order_by(Notification.id)
        )
        assert [tuple(row) for row in rows] == [
            ("bob", False),
            ("bob", False),
            ("dora", True),
            ("dora", True),
        ]
    assert (left.requests, left.notifications) == (1, 2)
    assert await fate(town, "alice", "bob") == "told"
    assert await fate(town, "alice", "carol") == "waits"
