"""Rules about servers: what they do to what is here, and that taking them back undoes exactly that."""

import pytest
from sqlalchemy import select, update

from activitypub.errors import ForbiddenError
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import (
    Account,
    Attachment,
    AttachmentState,
    AuditEntry,
    DomainRule,
    Follow,
    FollowState,
    Notification,
    PostTag,
    Severity,
)
from fedi.outbound import resolve
from fedi.queries import domains as find
from fedi.queries import notifications, search, threads, timelines
from fedi.queries.page import Page
from fedi.services import domain_rules, following, notifying
from fedi.services.domain_rules import Wish
from tests.conftest import MakeServer
from tests.fedi import looking, rules
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    """People on a server on either database."""
    return Town(either_server)


async def now(town: Town, name: str) -> Account:
    """Return somebody as they are by now."""
    known = await town.one(name)
    async with town.server.ctx.db.read() as tx:
        return await tx.get_one(Account, known.id)


async def states(server: Server) -> list[str]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Attachment.state).order_by(Attachment.id))).scalars())


async def picture_of(town: Town, name: str, url: str) -> None:
    post = await town.keeps(name)
    async with town.server.ctx.db.write() as tx:
        tx.add(
            Attachment(
                id=town.server.ctx.ids.next(), account_id=post.account_id, post_id=post.id, kind="image",
                remote_url=url, created_at=town.server.clock(),
            )
        )  # fmt: skip


async def test_suspending_marks_everyone_there_and_below(town: Town) -> None:
    there = ("eve@evil.test", "mal@sub.evil.test", "port@evil.test:8443")
    for name in (*there, "good@not-evil.test", "fine@evil.test.good.test"):
        await town.one(name)
    await rules.suspend(town.server, "Evil.test.")
    for name in there:
        account = await now(town, name)
        assert account.suspended_at is not None, name
        assert account.suspended_by_rule, name
    for name in ("good@not-evil.test", "fine@evil.test.good.test"):
        assert (await now(town, name)).suspended_at is None, name


async def test_a_rule_finds_people_by_the_host_of_their_id_too(town: Town) -> None:
    """Their handles may live under another domain."""
    eve = await town.one("eve@handles.test")
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == eve.id).values(iri="https://Evil.test/u/eve"))
    await rules.suspend(town.server, "evil.test")
    assert (await now(town, "eve@handles.test")).suspended_at is not None


async def test_a_rule_finds_people_whose_id_is_in_another_script(town: Town) -> None:
    eve = await town.one("eve@handles.test")
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == eve.id).values(iri="https://bücher.test/u/eve"))
    await rules.suspend(town.server, "xn--bcher-kva.test")
    assert (await now(town, "eve@handles.test")).suspended_at is not None


async def test_taking_it_back_gives_back_what_it_took_and_no_more(town: Town) -> None:
    await town.one("eve@evil.test")
    mal = await town.one("mal@evil.test")
    async with town.server.ctx.db.write() as tx:
        by_hand = update(Account).where(Account.id == mal.id)
        await tx.execute(by_hand.values(suspended_at=town.server.clock(), silenced_at=town.server.clock()))
    await rules.suspend(town.server, "evil.test")
    await rules.limit(town.server, "evil.test")
    assert (await now(town, "eve@evil.test")).suspended_at is None
    assert (await now(town, "eve@evil.test")).silenced_at is not None
    await rules.remove(town.server, "evil.test")
    assert (await now(town, "eve@evil.test")).silenced_at is None
    for column in ("suspended_at", "silenced_at"):
        assert getattr(await now(town, "mal@evil.test"), column) is not None


async def test_while_another_rule_holds_they_stay_suspended(town: Town) -> None:
    await town.one("mal@sub.evil.test")
    await rules.suspend(town.server, "evil.test")
    await rules.limit(town.server, "sub.evil.test")
    assert (await now(town, "mal@sub.evil.test")).suspended_at is not None
    await rules.remove(town.server, "evil.test")
    account = await now(town, "mal@sub.evil.test")
    assert account.suspended_at is None
    assert account.silenced_at is not None


async def test_follows_end_both_ways_and_nobody_is_told(town: Town) -> None:
    await town.follows("alice", "eve@evil.test")
    await town.follows("eve@evil.test", "alice")
    await town.follows("alice", "bob@far.test")
    async with town.server.ctx.db.write() as tx:
        for who, field in (("alice", "following_count"), ("alice", "followers_count")):
            known = await town.one(who)
            await tx.execute(update(Account).where(Account.id == known.id).values({field: 2}))
    await rules.suspend(town.server, "evil.test")
    async with town.server.ctx.db.read() as tx:
        left = list((await tx.execute(select(Follow))).scalars())
    bob = await town.one("bob@far.test")
    assert [follow.target_id for follow in left] == [bob.id]
    assert (await now(town, "alice")).following_count == 1
    assert (await now(town, "alice")).followers_count == 1
    assert await town.outgoing() == []


async def test_many_follows_end_in_pieces(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_rules, "FOLLOWS_AT_ONCE", 2)
    for number in range(5):
        await town.follows("alice", f"eve{number}@evil.test", FollowState.PENDING)
    await rules.suspend(town.server, "evil.test")
    async with town.server.ctx.db.read() as tx:
        assert (await tx.execute(select(Follow))).first() is None


async def test_pictures_are_withheld_and_shown_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_rules, "ROWS_AT_ONCE", 1)
    await picture_of(town, "eve@evil.test", "https://files.example/1.jpg")
    await picture_of(town, "bob@far.test", "https://CDN.evil.test/2.jpg")
    await picture_of(town, "bob@far.test", "https://far.test/evil.test.jpg")
    await rules.rule(town.server, "evil.test", reject_media=True)
    withheld, ready = AttachmentState.WITHHELD, AttachmentState.READY
    assert await states(town.server) == [withheld, withheld, ready]
    await rules.remove(town.server, "evil.test")
    assert await states(town.server) == [ready, ready, ready]


async def test_the_rest_is_done_by_the_rules_of_this_moment(town: Town) -> None:
    """The job may run in another process than the one that made the rule."""
    await picture_of(town, "eve@evil.test", "https://files.example/1.jpg")
    await town.server.ctx.rules.now()
    async with town.server.ctx.db.write() as tx:
        made = DomainRule(
            id=1,
            domain="evil.test",
            severity=Severity.NOOP,
            reject_media=True,
            created_at=town.server.clock(),
        )
        tx.add(made)
        job = queue.NewJob(queue="default", kind="rule", payload={"domain": "evil.test"})
        await queue.enqueue(tx, town.server.ctx.wake, [job], now=town.server.clock())
    await town.server.work("default")
    assert await states(town.server) == [AttachmentState.WITHHELD]


async def test_pictures_of_profiles_go_and_are_read_again_later(town: Town) -> None:
    eve = await town.one("eve@evil.test")
    async with town.server.ctx.db.write() as tx:
        shown = {"avatar_url": "https://files.test/a.png", "header_url": "https://cdn.evil.test/h.png"}
        at = town.server.clock()
        await tx.execute(update(Account).where(Account.id == eve.id).values(fetched_at=at, **shown))
    await rules.rule(town.server, "evil.test", reject_media=True)
    account = await now(town, "eve@evil.test")
    assert (account.avatar_url, account.header_url) == (None, None)
    assert account.fetched_at is not None
    await rules.remove(town.server, "evil.test")
    assert (await now(town, "eve@evil.test")).fetched_at is None


async def test_what_is_not_wished_for_stays(town: Town) -> None:
    await rules.rule(town.server, "evil.test", severity=Severity.SUSPEND, public_comment="bad")
    await rules.rule(town.server, "evil.test", reject_reports=True)
    async with town.server.ctx.db.read() as tx:
        rule = await find.find_rule(tx, "evil.test")
    assert rule is not None
    assert (rule.severity, rule.reject_reports, rule.public_comment) == (Severity.SUSPEND, True, "bad")


@pytest.mark.parametrize("domain", ["fedi.test", "FEDI.test.", "test", "foo bar", ""])
async def test_what_cannot_be_ruled_about(server: Server, domain: str) -> None:
    async with server.ctx.db.write() as tx:
        with pytest.raises(Refused):
            await domain_rules.wish(server.ctx, tx, domain=domain, wanted=Wish(severity=Severity.SUSPEND))
    assert await looking.count(server, DomainRule) == 0


async def test_a_list_makes_nothing_milder(server: Server) -> None:
    await rules.suspend(server, "evil.test")
    async with server.ctx.db.write() as tx:
        wanted = Wish(severity=Severity.SILENCE, reject_media=True)
        done = await domain_rules.wish(server.ctx, tx, domain="evil.test", wanted=wanted, milder=False)
        assert done == ("evil.test", True)
        again = await domain_rules.wish(server.ctx, tx, domain="evil.test", wanted=wanted, milder=False)
        assert again == ("evil.test", False)
    async with server.ctx.db.read() as tx:
        rule = await find.find_rule(tx, "evil.test")
    assert rule is not None
    assert (rule.severity, rule.reject_media) == (Severity.SUSPEND, True)


async def test_every_act_is_written_down(server: Server) -> None:
    admin = await server.person("root_of_all")
    async with server.ctx.db.write() as tx:
        await domain_rules.wish(
            server.ctx,
            tx,
            domain="evil.test",
            wanted=Wish(severity=Severity.SUSPEND),
            by=admin,
            reason="spam",
        )
        await domain_rules.remove(server.ctx, tx, domain="evil.test", reason="they mended it")
        await domain_rules.allow(server.ctx, tx, domain="good.test")
        await domain_rules.disallow(server.ctx, tx, domain="good.test")
    async with server.ctx.db.read() as tx:
        rows = (await tx.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars().all()
    assert [(row.actor, row.action, row.target, row.reason) for row in rows] == [
        ("root_of_all", "domain.suspend", "evil.test", "spam"),
        ("cli", "domain.remove", "evil.test", "they mended it"),
        ("cli", "domain.allow", "good.test", ""),
        ("cli", "domain.disallow", "good.test", ""),
    ]
    assert rows[0].account_id == admin.id


@pytest.mark.parametrize("verb", [domain_rules.remove, domain_rules.disallow])
async def test_what_is_not_there_cannot_be_taken_back(server: Server, verb) -> None:
    async with server.ctx.db.write() as tx:
        with pytest.raises(Refused) as refusal:
            await verb(server.ctx, tx, domain="evil.test")
    assert refusal.value.status == 404


async def test_off_the_list_means_suspended_and_on_it_again_not(make_server: MakeServer) -> None:
    town = Town(await make_server("https://closed.test", federation_mode="allowlist"))
    await town.one("bob@far.test")
    await rules.allow(town.server, "far.test")
    assert (await now(town, "bob@far.test")).suspended_at is None
    async with town.server.ctx.db.write() as tx:
        await domain_rules.disallow(town.server.ctx, tx, domain="far.test")
    assert (await now(town, "bob@far.test")).suspended_by_rule
    await rules.allow(town.server, "far.test")
    assert (await now(town, "bob@far.test")).suspended_at is None


async def test_all_are_brought_in_line_when_the_mode_was_changed(make_server: MakeServer) -> None:
    town = Town(await make_server("https://closed.test", federation_mode="allowlist"))
    await town.one("bob@far.test")
    await town.one("alice")
    async with town.server.ctx.db.write() as tx:
        counts = await domain_rules.bring_in_line(town.server.ctx, tx, None)
    assert counts == {"suspend": 1, "unsuspend": 0, "limit": 0, "unlimit": 0}
    assert (await now(town, "alice")).suspended_at is None


# --- limited people -------------------------------------------------------------------------------------------


async def test_new_people_of_a_limited_server_are_limited(server: Server, bob: RemoteActor) -> None:
    await rules.limit(server, "remote.test")
    account = await resolve.actor(server.ctx, bob.iri)
    assert account.silenced_at is not None
    assert account.silenced_by_rule


async def test_new_people_are_limited_without_waiting_for_the_rules_to_be_read_anew(
    server: Server, bob: RemoteActor
) -> None:
    await server.ctx.rules.now()
    async with server.ctx.db.write() as tx:  # as another process does it
        tx.add(DomainRule(id=1, domain="remote.test", severity=Severity.SILENCE, created_at=server.clock()))
    assert (await resolve.actor(server.ctx, bob.iri)).silenced_at is not None


async def test_nobody_of_a_server_that_was_just_suspended_is_kept(server: Server, bob: RemoteActor) -> None:
    """What is written for good does not go by rules of some seconds ago."""
    await server.ctx.rules.now()
    async with server.ctx.db.write() as tx:
        tx.add(DomainRule(id=1, domain="remote.test", severity=Severity.SUSPEND, created_at=server.clock()))
    with pytest.raises(ForbiddenError):
        await resolve.actor(server.ctx, bob.iri)
    assert await looking.find_account(server, bob.iri) is None


async def test_new_people_of_a_server_without_media_have_no_pictures(server: Server) -> None:
    await rules.rule(server, "remote.test", reject_media=True)
    icon = {"type": "Image", "url": "https://files.test/a.png"}
    emoji = {"type": "Emoji", "name": ":x:", "icon": {"type": "Image", "url": "https://files.test/x.png"}}
    bob = RemoteServer(server.network).person("bob", icon=icon, image=icon, tag=[emoji])
    account = await resolve.actor(server.ctx, bob.iri)
    assert (account.avatar_url, account.header_url, account.emojis) == (None, None, [])


async def test_a_picture_on_a_rejected_server_is_not_shown_whoever_names_it(server: Server) -> None:
    await rules.rule(server, "files.test", reject_media=True)
    icon = {"type": "Image", "url": "https://cdn.files.test/a.png"}
    image = {"type": "Image", "url": "https://remote.test/h.png"}
    bob = RemoteServer(server.network).person("bob", icon=icon, image=image)
    account = await resolve.actor(server.ctx, bob.iri)
    assert (account.avatar_url, account.header_url) == (None, "https://remote.test/h.png")


@pytest.mark.parametrize("domain", ["remote.test", "files.test"])
async def test_new_posts_come_without_rejected_pictures(
    server: Server, bob: RemoteActor, alice: Account, domain: str
) -> None:
    await looking.follow(server, alice, bob)
    await rules.rule(server, domain, reject_media=True)
    emoji = {"type": "Emoji", "name": ":x:", "icon": {"type": "Image", "url": "https://files.test/x.png"}}
    picture = {"type": "Document", "mediaType": "image/png", "url": "https://files.test/1.png"}
    note = bob.note(attachment=[picture], tag=[emoji])
    await looking.verdict(server, bob, bob.creates(note))
    assert await states(server) == [AttachmentState.WITHHELD]
    assert (await looking.get_post(server, note["id"])).emojis == []


async def test_who_is_limited_is_met_by_followers_only(town: Town) -> None:
    await town.follows("alice", "loud@far.test")
    await town.one("zoe")
    post = await town.keeps("loud@far.test")
    await rules.limit(town.server, "far.test")
    async with town.server.ctx.db.read() as tx:
        page = Page(limit=20)
        for name, expected in (("alice", [post.id]), ("zoe", []), ("loud@far.test", [post.id])):
            viewer = await town.one(name)
            assert (await timelines.public(tx, viewer.id, page)).rows == expected, name
        assert (await timelines.public(tx, None, page)).rows == []


async def test_who_is_limited_is_found_by_followers_only(town: Town) -> None:
    await town.follows("alice", "loud@far.test")
    loud = await town.one("loud@far.test")
    await rules.limit(town.server, "far.test")
    alice, zoe = await town.one("alice"), await town.one("zoe")
    async with town.server.ctx.db.read() as tx:
        for viewer_id, expected in ((alice.id, [loud.id]), (zoe.id, []), (None, [])):
            found = await search.accounts(tx, "lou", viewer_id=viewer_id, limit=5)
            assert [account.id for account in found] == expected


async def test_hashtags_of_who_is_limited_are_not_suggested(town: Town) -> None:
    post = await town.keeps("loud@far.test")
    async with town.server.ctx.db.write() as tx:
        tx.add(PostTag(post_id=post.id, name="noise"))
    async with town.server.ctx.db.read() as tx:
        assert await search.hashtags(tx, "noi", limit=5) == ["noise"]
    await rules.limit(town.server, "far.test")
    async with town.server.ctx.db.read() as tx:
        assert await search.hashtags(tx, "noi", limit=5) == []


async def test_answers_of_who_is_limited_are_shown_to_followers_only(town: Town) -> None:
    await town.follows("alice", "loud@far.test")
    post = await town.posts("alice")
    answer = await town.keeps("loud@far.test", in_reply_to_id=post.id, in_reply_to_account_id=post.account_id)
    await rules.limit(town.server, "far.test")
    alice, zoe = await town.one("alice"), await town.one("zoe")
    async with town.server.ctx.db.read() as tx:
        assert await threads.descendants(tx, alice.id, post) == [answer.id]
        assert await threads.descendants(tx, zoe.id, post) == []


async def test_who_is_limited_is_heard_by_followers_only(town: Town) -> None:
    await town.follows("alice", "loud@far.test")
    loud = await town.one("loud@far.test")
    await rules.limit(town.server, "far.test")
    for name in ("alice", "zoe"):
        told = await town.one(name)
        async with town.server.ctx.db.write() as tx:
            await notifying.notify(
                town.server.ctx, tx, account_id=told.id, from_account_id=loud.id, kind="mention"
            )
    assert await looking.told(town.server, await town.one("alice")) == ["mention"]
    zoe = await town.one("zoe")
    async with town.server.ctx.db.read() as tx:
        shown = await notifications.page_of(tx, zoe.id, Page(limit=5))
        waiting = (
            await tx.execute(select(Notification.filtered).where(Notification.account_id == zoe.id))
        ).all()
    assert list(shown.rows) == []
    assert [row.filtered for row in waiting] == [True], "it waits until she lets them in"


async def test_who_is_limited_is_asked_about(town: Town) -> None:
    loud, alice = await town.one("loud@far.test"), await town.one("alice")
    await rules.limit(town.server, "far.test")
    async with town.server.ctx.db.write() as tx:
        asking = await tx.get_one(Account, loud.id)
        target = await tx.get_one(Account, alice.id)
        relation = await following.receive_follow(
            town.server.ctx, tx, follower=asking, target=target, iri="https://far.test/f/1"
        )
    assert relation is not None
    assert relation.state == FollowState.PENDING
