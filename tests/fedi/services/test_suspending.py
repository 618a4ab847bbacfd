"""Suspending and limiting single accounts."""

import pytest
from sqlalchemy import select, update

from fedi.errors import Refused
from fedi.models import Account, AuditEntry, Follow, OAuthToken, WebSession
from fedi.queries.visibility import can_see
from fedi.services import authorizing, suspending
from tests.fedi import looking, rules
from tests.fedi.remote import ACTIVITY_JSON
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(server: Server) -> Town:
    """People on a server."""
    return Town(server)


async def act(town: Town, verb, name: str, **how) -> Account:
    """Do something to somebody and return them as they are then."""
    known = await town.one(name)
    async with town.server.ctx.db.write() as tx:
        account = await tx.get_one(Account, known.id)
        await verb(town.server.ctx, tx, account=account, **how)
        return account


async def test_somebody_here_is_signed_out_everywhere(town: Town) -> None:
    ctx, alice = town.server.ctx, await town.one("alice")
    async with ctx.db.write() as tx:
        app, _ = await authorizing.register_app(
            ctx, tx, name="x", website=None, redirect_uris=["urn:x"], scopes=("read",)
        )
        code = await authorizing.grant_code(
            ctx, tx, app=app, account=alice, redirect_uri="urn:x", scopes=("read",), code_challenge=None
        )
        await authorizing.redeem_code(ctx, tx, app=app, code=code, redirect_uri="urn:x", verifier=None)
        await authorizing.sign_in(ctx, tx, account=alice)
    await act(town, suspending.suspend, "alice")
    assert await looking.count(town.server, OAuthToken, OAuthToken.revoked_at.is_(None)) == 0
    assert await looking.count(town.server, WebSession) == 0


async def test_what_somebody_here_wrote_disappears_and_comes_back(town: Town) -> None:
    post = await town.posts("alice")
    await act(town, suspending.suspend, "alice")
    async with town.server.ctx.db.read() as tx:
        assert not await can_see(tx, None, post)
    assert (await town.server.client.get(post.iri, headers={"accept": ACTIVITY_JSON})).status_code == 404
    await act(town, suspending.unsuspend, "alice")
    async with town.server.ctx.db.read() as tx:
        assert await can_see(tx, None, post)


async def test_the_followers_servers_hear_of_it_both_times(town: Town) -> None:
    alice = await town.one("alice")
    await act(town, suspending.suspend, "alice")
    gone, payload = (await town.outgoing())[-1]
    assert (gone["type"], gone["object"]["id"]) == ("Update", alice.iri)
    assert gone["object"]["suspended"] is True
    assert "summary" not in gone["object"]
    assert payload["followers_of"] == alice.id
    answer = await town.server.client.get(alice.iri, headers={"accept": ACTIVITY_JSON})
    assert answer.status_code == 403
    assert answer.json()["suspended"] is True
    await act(town, suspending.unsuspend, "alice")
    back, _ = (await town.outgoing())[-1]
    assert "suspended" not in back["object"]
    assert back["object"]["followers"] == alice.followers


async def test_what_is_ready_only_later_is_not_published_any_more(town: Town) -> None:
    """A picture may be under way when its author is suspended."""
    await act(town, suspending.suspend, "alice")
    before = len(await town.outgoing())
    with pytest.raises(Refused):
        await town.posts("alice")
    assert len(await town.outgoing()) == before


async def test_who_was_deleted_stays_so(town: Town) -> None:
    alice = await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        gone = {"suspended_at": town.server.clock(), "deleted_at": town.server.clock()}
        await tx.execute(update(Account).where(Account.id == alice.id).values(**gone))
    with pytest.raises(Refused):
        await act(town, suspending.unsuspend, "alice")


async def test_twice_is_once(town: Town) -> None:
    await act(town, suspending.suspend, "alice")
    before = len(await town.outgoing())
    await act(town, suspending.suspend, "alice")
    assert len(await town.outgoing()) == before


async def test_somebody_elsewhere_loses_the_follows_and_their_server_is_told(town: Town) -> None:
    await town.follows("alice", "eve@far.test")
    await town.follows("eve@far.test", "alice")
    await town.follows("bob@far.test", "alice")
    eve = await town.one("eve@far.test")
    await act(town, suspending.suspend, "eve@far.test")
    bob = await town.one("bob@far.test")
    async with town.server.ctx.db.read() as tx:
        assert [one.account_id for one in (await tx.execute(select(Follow))).scalars()] == [bob.id]
    sent = await town.outgoing()
    assert {document["type"] for document, _ in sent} == {"Reject", "Undo"}
    assert [payload["inboxes"] for _, payload in sent] == [[eve.inbox], [eve.inbox]]
    assert {document["object"]["type"] for document, _ in sent} == {"Follow"}


async def test_a_suspension_by_a_rule_is_the_rules(town: Town) -> None:
    await town.one("eve@evil.test")
    await rules.suspend(town.server, "evil.test")
    with pytest.raises(Refused):
        await act(town, suspending.unsuspend, "eve@evil.test")


async def test_a_suspension_by_hand_outlives_the_rule(town: Town) -> None:
    await town.one("eve@evil.test")
    await rules.suspend(town.server, "evil.test")
    await act(town, suspending.suspend, "eve@evil.test")
    await rules.remove(town.server, "evil.test")
    eve = await town.one("eve@evil.test")
    async with town.server.ctx.db.read() as tx:
        assert (await tx.get_one(Account, eve.id)).suspended_at is not None


async def test_a_limit_by_a_rule_is_the_rules_and_one_by_hand_outlives_it(town: Town) -> None:
    await town.one("loud@far.test")
    await rules.limit(town.server, "far.test")
    with pytest.raises(Refused):
        await act(town, suspending.unlimit, "loud@far.test")
    await act(town, suspending.limit, "loud@far.test")
    await rules.remove(town.server, "far.test")
    loud = await town.one("loud@far.test")
    async with town.server.ctx.db.read() as tx:
        assert (await tx.get_one(Account, loud.id)).silenced_at is not None
    assert (await act(town, suspending.unlimit, "loud@far.test")).silenced_at is None


@pytest.mark.parametrize("verb", [suspending.unsuspend, suspending.unlimit])
async def test_what_was_not_done_cannot_be_taken_back(town: Town, verb) -> None:
    with pytest.raises(Refused):
        await act(town, verb, "alice")


@pytest.mark.parametrize("verb", [suspending.suspend, suspending.limit])
async def test_the_server_itself_stays(server: Server, verb) -> None:
    async with server.ctx.db.write() as tx:
        actor = (await tx.execute(select(Account).where(Account.kind == "Application"))).scalar_one()
        with pytest.raises(Refused):
            await verb(server.ctx, tx, account=actor)


async def test_every_act_is_written_down_with_who_and_why(town: Town) -> None:
    admin = await town.one("admin_of_all")
    for verb in (suspending.suspend, suspending.unsuspend, suspending.limit, suspending.unlimit):
        await act(town, verb, "bob@far.test", by=admin, reason="because")
    async with town.server.ctx.db.read() as tx:
        entries = (await tx.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars().all()
    assert [entry.action for entry in entries] == [
        "account.suspend", "account.unsuspend", "account.limit", "account.unlimit",
    ]  # fmt: skip
    assert {(entry.actor, entry.account_id, entry.target, entry.reason) for entry in entries} == {
        ("admin_of_all", admin.id, "bob@far.test", "because")
    }


async def test_a_suspended_person_cannot_sign_in(server: Server) -> None:
    alice = await server.person("alice", password="correct horse")
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == alice.id).values(suspended_at=server.clock()))
        token = await authorizing.sign_in(server.ctx, tx, account=alice)
        assert await authorizing.find_signed_in(server.ctx, tx, token) is None
