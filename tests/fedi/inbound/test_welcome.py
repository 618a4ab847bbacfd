"""What suspended servers are told, and what is done for them: nothing."""

import httpx
import pytest

from activitypub.vocab import PUBLIC
from fedi.models import Account, Activity, ActivityState, Follow, Post
from fedi.services import posting
from fedi.services.posting import NewPost
from tests.conftest import MakeServer
from tests.fedi import looking, rules
from tests.fedi.looking import verdict
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def read(server: Server, bob: RemoteActor | None, url: str) -> httpx.Response:
    """Read a document, signed by somebody or by nobody."""
    signed = bob.signed("GET", url, server.clock()) if bob else {}
    return await server.client.get(url, headers={"accept": ACTIVITY_JSON, **signed})


async def post_of(server: Server, account: Account, visibility: str = "public") -> Post:
    async with server.ctx.db.write() as tx:
        author = await tx.get_one(Account, account.id)
        return await posting.publish(
            server.ctx, tx, author=author, new=NewPost(text="hello", visibility=visibility)
        )


@pytest.mark.parametrize("domain", ["remote.test", "REMOTE.test.", "https://remote.test:8443/about"])
async def test_an_activity_of_a_suspended_server_is_refused_before_its_key_is_fetched(
    server: Server, bob: RemoteActor, alice: Account, domain: str
) -> None:
    await rules.suspend(server, domain)
    answer = await bob.sends(server, bob.does("Follow", alice.iri))
    assert answer.status_code == 403
    assert bob.home.asked == []
    assert await looking.count(server, Activity) == 0


async def test_a_rule_holds_for_subdomains(server: Server, alice: Account) -> None:
    await rules.suspend(server, "evil.test")
    eve = RemoteServer(server.network, "deep.down.evil.test").person("eve")
    assert (await eve.sends(server, eve.does("Follow", alice.iri))).status_code == 403
    good = RemoteServer(server.network, "not-evil.test").person("good")
    assert (await good.sends(server, good.does("Follow", alice.iri))).status_code == 202


async def test_a_rule_holds_for_names_in_other_scripts(server: Server, alice: Account) -> None:
    await rules.suspend(server, "bücher.test")
    eve = RemoteServer(server.network, "xn--bcher-kva.test").person("eve")
    assert (await eve.sends(server, eve.does("Follow", alice.iri))).status_code == 403


async def test_a_delete_by_somebody_unknown_there_is_refused_too(server: Server, bob: RemoteActor) -> None:
    await rules.suspend(server, "remote.test")
    assert (await bob.sends(server, bob.does("Delete", bob.iri))).status_code == 403


async def test_without_a_rule_anymore_they_are_heard_again(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await rules.suspend(server, "remote.test")
    await rules.remove(server, "remote.test")
    assert await verdict(server, bob, bob.does("Follow", alice.iri)) == ActivityState.DONE


async def test_what_a_good_server_passes_on_of_a_suspended_one_is_dropped(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await rules.suspend(server, "evil.test")
    evil = RemoteServer(server.network, "evil.test")
    eve = evil.person("eve")
    answer = await bob.sends(server, eve.creates(eve.note(to=[alice.iri, PUBLIC])))
    assert answer.status_code == 202
    assert await looking.count(server, Activity) == 0
    assert evil.asked == []


async def test_what_was_accepted_before_the_rule_has_no_effect(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await bob.sends(server, bob.does("Follow", alice.iri))
    await rules.suspend(server, "remote.test")
    await server.work()
    assert (await looking.last_activity(server)).state == ActivityState.IGNORED
    assert await looking.count(server, Follow) == 0


async def test_a_boost_of_a_suspended_servers_post_is_not_taken(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    evil = RemoteServer(server.network, "evil.test")
    note = evil.person("eve").note()
    await rules.suspend(server, "evil.test")
    announce = bob.does("Announce", note["id"], to=[PUBLIC])
    assert await verdict(server, bob, announce) == ActivityState.IGNORED
    assert evil.asked == []
    assert await looking.find_post(server, note["id"]) is None


async def test_a_boost_does_not_bring_back_a_post_that_was_known(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    evil = RemoteServer(server.network, "evil.test")
    eve = evil.person("eve")
    await looking.follow(server, alice, eve)
    await looking.follow(server, alice, bob)
    note = eve.note()
    assert await verdict(server, eve, eve.creates(note)) == ActivityState.DONE
    await rules.suspend(server, "evil.test")
    before = await looking.count(server, Post)
    announce = bob.does("Announce", note["id"], to=[PUBLIC])
    assert await verdict(server, bob, announce) == ActivityState.IGNORED
    assert await looking.count(server, Post) == before


async def test_a_post_that_is_said_to_be_a_suspended_servers_is_not_taken(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await rules.suspend(server, "evil.test")
    note = bob.note(attributedTo=[bob.iri, "https://evil.test/users/eve"])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.IGNORED


# --- reading --------------------------------------------------------------------------------------------------


async def test_a_signed_read_of_a_suspended_server_is_refused_even_of_what_is_public(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await post_of(server, alice)
    await rules.suspend(server, "remote.test")
    for url in (alice.iri, post.iri, f"{alice.iri}/outbox", f"{alice.iri}/followers?page=true"):
        assert (await read(server, bob, url)).status_code == 403, url
    assert bob.home.asked == []


async def test_a_stranger_still_reads_what_is_public(server: Server, alice: Account) -> None:
    await rules.suspend(server, "remote.test")
    assert (await read(server, None, alice.iri)).status_code == 200


async def test_a_signed_read_of_others_is_answered(server: Server, bob: RemoteActor, alice: Account) -> None:
    await rules.suspend(server, "evil.test")
    assert (await read(server, bob, alice.iri)).status_code == 200


async def test_a_signed_read_of_a_suspended_account_is_refused(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    carol = bob.home.person("carol")
    for person in (bob, carol):
        await looking.meet(server, person)
    async with server.ctx.db.write() as tx:
        account = await tx.get_one(Account, (await looking.get_account(server, bob.iri)).id)
        account.suspended_at = server.clock()
    assert (await read(server, bob, alice.iri)).status_code == 403
    assert (await read(server, carol, alice.iri)).status_code == 200


async def test_the_servers_own_actor_is_there_for_everyone(server: Server, bob: RemoteActor) -> None:
    await rules.suspend(server, "remote.test")
    assert (await read(server, bob, f"{server.settings.origin}/actor")).status_code == 200


async def test_a_signature_that_cannot_be_read_is_nobodys(server: Server, alice: Account) -> None:
    await rules.suspend(server, "remote.test")
    answer = await server.client.get(alice.iri, headers={"accept": ACTIVITY_JSON, "signature": "nonsense"})
    assert answer.status_code == 200


# --- the list of those that are talked to ---------------------------------------------------------------------


@pytest.fixture
async def closed(make_server: MakeServer) -> Server:
    """A server that talks to chosen ones only."""
    return await make_server("https://closed.test", federation_mode="allowlist")


async def test_whoever_is_not_on_the_list_is_refused(closed: Server) -> None:
    alice = await closed.person("alice")
    bob = RemoteServer(closed.network).person("bob")
    assert (await bob.sends(closed, bob.does("Follow", alice.iri))).status_code == 403
    assert bob.home.asked == []


async def test_whoever_is_on_the_list_is_heard(closed: Server) -> None:
    alice = await closed.person("alice")
    bob = RemoteServer(closed.network, "sub.remote.test").person("bob")
    await rules.allow(closed, "Remote.test")
    assert await verdict(closed, bob, bob.does("Follow", alice.iri)) == ActivityState.DONE
    assert [body["type"] for body in bob.home.bodies] == ["Accept"]


async def test_a_rule_counts_for_those_on_the_list_as_well(closed: Server) -> None:
    alice = await closed.person("alice")
    bob = RemoteServer(closed.network).person("bob")
    await rules.allow(closed, "remote.test")
    await rules.suspend(closed, "remote.test")
    assert (await bob.sends(closed, bob.does("Follow", alice.iri))).status_code == 403
