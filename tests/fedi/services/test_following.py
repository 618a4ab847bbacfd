"""Following between people here, and what goes out when the other lives elsewhere."""

from typing import Any

import pytest

from fedi.errors import Refused
from fedi.models import Account, Follow, FollowState, Job, Post
from fedi.services import following, posting
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def carol(server: Server) -> Account:
    """Somebody else here."""
    return await server.person("carol")


async def do(server: Server, verb: Any, follower: Account, target: Account, **more: Any) -> Any:
    async with server.ctx.db.write() as tx:
        one, other = await tx.get_one(Account, follower.id), await tx.get_one(Account, target.id)
        return await verb(server.ctx, tx, follower=one, target=other, **more)


async def lock(server: Server, account: Account) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, account.id)).locked = True


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def counts(server: Server, account: Account) -> tuple[int, int]:
    found = await looking.get_account(server, account.iri)
    return found.followers_count, found.following_count


async def test_people_here_follow_one_another_at_once_and_without_a_network(either_server: Server) -> None:
    server = either_server
    alice, carol = await server.person("alice"), await server.person("carol")
    relation = await do(server, following.follow, alice, carol)
    assert relation.state == FollowState.ACCEPTED
    assert await counts(server, carol) == (1, 0)
    assert await counts(server, alice) == (0, 1)
    assert await looking.told(server, carol) == ["follow"]
    await do(server, following.unfollow, alice, carol)
    assert await counts(server, carol) == (0, 0)
    assert await looking.told(server, carol) == []
    assert await looking.count(server, Job) == 0
    assert server.network.requests == []


async def test_following_again_changes_only_the_wishes(
    server: Server, alice: Account, carol: Account
) -> None:
    await do(server, following.follow, alice, carol)
    relation = await do(server, following.follow, alice, carol, show_reblogs=False, notify_posts=True)
    assert (relation.show_reblogs, relation.notify) == (False, True)
    relation = await do(server, following.follow, alice, carol)
    assert (relation.show_reblogs, relation.notify) == (False, True)
    assert await counts(server, carol) == (1, 0)


async def test_earlier_posts_come_home_with_a_follow_and_go_with_its_end(
    server: Server, alice: Account, carol: Account
) -> None:
    first = await write(server, carol)
    second = await write(server, carol, visibility="private")
    await write(server, carol, visibility="direct")
    own = await write(server, carol, in_reply_to_id=first.id)
    hers = await write(server, alice)
    await write(server, carol, in_reply_to_id=hers.id)
    await do(server, following.follow, alice, carol)
    assert await looking.home(server, alice) == [hers.iri, own.iri, second.iri, first.iri]
    await do(server, following.unfollow, alice, carol)
    assert await looking.home(server, alice) == [hers.iri]


async def test_nobody_follows_themselves_the_server_or_a_suspended_account(
    server: Server, alice: Account, carol: Account
) -> None:
    actor = await looking.get_account(server, "https://fedi.test/actor")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, carol.id)).suspended_at = server.clock()
    for target in (alice, actor, carol):
        with pytest.raises(Refused) as refusal:
            await do(server, following.follow, alice, target)
        assert refusal.value.status == 403
    assert await looking.count(server, Follow) == 0


async def test_a_locked_account_here_is_asked(server: Server, alice: Account, carol: Account) -> None:
    await lock(server, carol)
    relation = await do(server, following.follow, alice, carol)
    assert relation.state == FollowState.PENDING
    assert await looking.told(server, carol) == ["follow_request"]
    assert await counts(server, carol) == (0, 0)
    await do(server, following.accept_request, alice, carol)
    assert await counts(server, carol) == (1, 0)
    assert await looking.told(server, carol) == []


async def test_a_request_can_be_declined(server: Server, alice: Account, carol: Account) -> None:
    await lock(server, carol)
    await do(server, following.follow, alice, carol)
    await do(server, following.reject_request, alice, carol)
    assert await looking.count(server, Follow) == 0
    assert await counts(server, carol) == (0, 0)


async def test_only_a_request_can_be_answered(server: Server, alice: Account, carol: Account) -> None:
    for verb in (following.accept_request, following.reject_request):
        with pytest.raises(Refused) as refusal:
            await do(server, verb, alice, carol)
        assert refusal.value.status == 404
    await do(server, following.follow, alice, carol)
    with pytest.raises(Refused):
        await do(server, following.reject_request, alice, carol)
    assert await counts(server, carol) == (1, 0)


async def test_a_follower_can_be_removed(server: Server, alice: Account, carol: Account) -> None:
    await do(server, following.follow, alice, carol)
    await do(server, following.remove_follower, alice, carol)
    assert await counts(server, carol) == (0, 0)
    await do(server, following.remove_follower, alice, carol)


async def test_ending_what_was_not_there_is_no_mistake(
    server: Server, alice: Account, carol: Account
) -> None:
    await do(server, following.unfollow, alice, carol)
    assert await counts(server, carol) == (0, 0)


async def test_somebody_elsewhere_is_asked_and_told_of_the_end(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    await server.work()
    target = await looking.get_account(server, bob.iri)
    await do(server, following.unfollow, alice, target)
    await server.work()
    ask, undo = bob.home.bodies
    assert (ask["type"], ask["actor"], ask["object"]) == ("Follow", alice.iri, bob.iri)
    assert (undo["type"], undo["object"]["id"]) == ("Undo", ask["id"])
    assert str(bob.home.received[0].url) == f"{bob.iri}/inbox"


async def test_each_wish_to_follow_has_an_id_of_its_own(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    for _ in range(2):
        await looking.follow(server, alice, bob, accepted=False)
        await do(server, following.unfollow, alice, await looking.get_account(server, bob.iri))
    await server.work()
    ids = {body["id"] for body in bob.home.bodies}
    assert len(ids) == 4


async def test_of_somebodys_posts_only_the_wanted_languages_come_home(either_server: Server) -> None:
    server = either_server
    alice, carol = await server.person("alice"), await server.person("carol")
    early = [await write(server, carol, language=code) for code in ("de", "fr")]
    relation = await do(server, following.follow, alice, carol, languages=["DE", "en-US", "x|y", "de"])
    assert following.wanted_languages(relation) == ["de", "en"]
    later = [await write(server, carol, language=code) for code in ("fr", "de-CH", "en", "deu")]
    assert await looking.home(server, alice) == [later[2].iri, later[1].iri, early[0].iri]
    # What has no language may be in any, and no wish is a wish for all.
    await do(server, following.follow, alice, carol, show_reblogs=False)
    assert following.wanted_languages(await do(server, following.follow, alice, carol)) == ["de", "en"]
    await do(server, following.follow, alice, carol, languages=[])
    last = await write(server, carol, language="fr")
    assert (await looking.home(server, alice))[0] == last.iri
