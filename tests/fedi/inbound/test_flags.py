"""Flag: what other servers complain about."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from activitypub.activities import FLAG_CONTENT_CHARS_MAX
from fedi.models import Account, ActivityState, Post, Report
from fedi.services import posting, reporting
from fedi.services.posting import NewPost
from tests.fedi import looking, rules
from tests.fedi.looking import verdict
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(server: Server, alice: Account) -> Post:
    """Something that alice wrote."""
    return await said(server, alice)


async def said(server: Server, account: Account, text: str = "hello") -> Post:
    async with server.ctx.db.write() as tx:
        author = await tx.get_one(Account, account.id)
        return await posting.publish(
            server.ctx, tx, author=author, new=NewPost(text=text, visibility="public")
        )


async def reports(server: Server) -> list[Report]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Report).order_by(Report.id))).scalars())


def flag(bob: RemoteActor, *objects: str, **more: object) -> dict[str, object]:
    return bob.does("Flag", list(objects), **{"content": "bad", **more})


async def test_a_report_with_posts_goes_into_the_queue(
    server: Server, bob: RemoteActor, alice: Account, post: Post
) -> None:
    sent = flag(bob, alice.iri, post.iri)
    assert await verdict(server, bob, sent) == ActivityState.DONE
    (report,) = await reports(server)
    assert (report.target_id, report.post_ids, report.comment) == (alice.id, [post.id], "bad")
    assert (report.origin, report.iri, report.resolved_at) == ("remote.test", sent["id"], None)
    assert await looking.told(server, alice) == []


async def test_one_object_may_come_without_a_list(server: Server, bob: RemoteActor, alice: Account) -> None:
    assert await verdict(server, bob, bob.does("Flag", alice.iri)) == ActivityState.DONE
    (report,) = await reports(server)
    assert (report.target_id, report.comment) == (alice.id, "")


async def test_a_post_alone_is_about_its_author(
    server: Server, bob: RemoteActor, alice: Account, post: Post
) -> None:
    assert await verdict(server, bob, flag(bob, post.iri)) == ActivityState.DONE
    (report,) = await reports(server)
    assert (report.target_id, report.post_ids) == (alice.id, [post.id])


async def test_the_servers_own_actor_may_send_it_and_is_not_looked_up(
    server: Server, remote: RemoteServer, alice: Account
) -> None:
    actor = remote.person("actor", found=False, type="Application")
    assert await verdict(server, actor, flag(actor, alice.iri)) == ActivityState.DONE
    (report,) = await reports(server)
    assert (report.account_id, report.origin) == (None, "remote.test")
    assert await looking.find_account(server, actor.iri) is None


async def test_each_person_gets_a_report_with_their_own_posts(
    server: Server, bob: RemoteActor, alice: Account, post: Post
) -> None:
    carol = await server.person("carol")
    hers = await said(server, carol)
    assert await verdict(server, bob, flag(bob, alice.iri, carol.iri, hers.iri)) == ActivityState.DONE
    assert [(one.target_id, one.post_ids) for one in await reports(server)] == [
        (alice.id, []),
        (carol.id, [hers.id]),
    ]


async def test_what_is_not_ours_is_passed_over(server: Server, bob: RemoteActor, alice: Account) -> None:
    await looking.meet(server, bob)
    note = bob.note()
    assert await verdict(server, bob, flag(bob, bob.iri, note["id"], alice.iri)) == ActivityState.DONE
    (report,) = await reports(server)
    assert (report.target_id, report.post_ids) == (alice.id, [])


@pytest.mark.parametrize(
    "objects",
    [["https://remote.test/users/bob"], ["https://fedi.test/users/nobody"], ["https://fedi.test/actor"]],
)
async def test_what_is_about_nobody_here_is_ignored(
    server: Server, bob: RemoteActor, alice: Account, objects: list[str]
) -> None:
    assert await verdict(server, bob, flag(bob, *objects)) == ActivityState.IGNORED
    assert await reports(server) == []


async def test_a_draft_is_nothing_that_others_know(server: Server, bob: RemoteActor, alice: Account) -> None:
    post = await said(server, alice)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Post, post.id)).state = "draft"
    await verdict(server, bob, flag(bob, alice.iri, post.iri))
    assert [report.post_ids for report in await reports(server)] == [[]]


async def test_somebody_elses_report_is_forged(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    carol = remote.person("carol")
    answer = await bob.sends(server, flag(carol, alice.iri))
    assert answer.status_code == 202
    await server.work()
    assert await reports(server) == []


async def test_a_long_complaint_is_cut(server: Server, bob: RemoteActor, alice: Account) -> None:
    await verdict(server, bob, flag(bob, alice.iri, content="x" * (FLAG_CONTENT_CHARS_MAX + 1)))
    assert [len(report.comment) for report in await reports(server)] == [FLAG_CONTENT_CHARS_MAX]


async def test_a_report_with_an_id_that_no_index_holds_is_refused(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    long = f"{bob.iri}/" + "\u00fc" * 1100  # 2200 bytes
    assert await verdict(server, bob, flag(bob, alice.iri, id=long)) == ActivityState.REFUSED
    assert await reports(server) == []


async def test_a_report_that_comes_twice_is_one(server: Server, bob: RemoteActor, alice: Account) -> None:
    sent = flag(bob, alice.iri)
    for _ in range(2):
        await bob.sends(server, sent)
        await server.work()
    assert len(await reports(server)) == 1


async def test_a_server_whose_reports_are_rejected_is_not_heard(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await rules.rule(server, "remote.test", reject_reports=True)
    assert await verdict(server, bob, flag(bob, alice.iri)) == ActivityState.IGNORED
    assert await reports(server) == []


async def test_a_raid_of_one_server_ends(
    server: Server, bob: RemoteActor, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "PER_SERVER_MAX", 2)
    states = [await verdict(server, bob, flag(bob, alice.iri)) for _ in range(3)]
    assert states == [ActivityState.DONE, ActivityState.DONE, ActivityState.IGNORED]
    other = RemoteServer(server.network, "other.test").person("carol")
    assert await verdict(server, other, flag(other, alice.iri)) == ActivityState.DONE
    server.clock.advance(reporting.PER_SERVER_WINDOW / timedelta(seconds=1) + 1)
    assert await verdict(server, bob, flag(bob, alice.iri)) == ActivityState.DONE


async def test_a_raid_of_many_servers_ends(
    server: Server, bob: RemoteActor, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "WAITING_MAX", 1)
    assert await verdict(server, bob, flag(bob, alice.iri)) == ActivityState.DONE
    other = RemoteServer(server.network, "other.test").person("carol")
    assert await verdict(server, other, flag(other, alice.iri)) == ActivityState.IGNORED


async def test_a_report_about_many_is_about_a_few(
    server: Server, bob: RemoteActor, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "TARGETS_MAX", 1)
    carol = await server.person("carol")
    await verdict(server, bob, flag(bob, alice.iri, carol.iri))
    assert len(await reports(server)) == 1


async def test_nobody_can_read_a_report(server: Server, bob: RemoteActor, alice: Account, post: Post) -> None:
    await verdict(server, bob, flag(bob, alice.iri, post.iri, content="a secret"))
    (report,) = await reports(server)
    for path in (f"/reports/{report.id}", "/users/alice", "/users/alice/outbox?page=true"):
        answer = await server.client.get(path, headers={"accept": ACTIVITY_JSON})
        assert "a secret" not in answer.text
        assert answer.status_code == (404 if path.startswith("/reports") else 200)
    assert "a secret" not in str(bob.home.bodies)
