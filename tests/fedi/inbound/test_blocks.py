"""Block and its Undo as they come from another server, and what they keep away."""

from typing import Any

import pytest

from fedi.models import Account, ActivityState, Block, DomainBlock, Follow, HomeEntry, Post, Tombstone
from fedi.outbound import resolve
from fedi.services import blocking, posting
from tests.conftest import MakeServer
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def publish(server: Server, author: Account, text: str = "hello", **more: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": text, "visibility": "public"} | more)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def blocks(server: Server, who: Account, whom: RemoteActor) -> None:
    """Have somebody here block somebody elsewhere."""
    target = await resolve.actor(server.ctx, whom.iri)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await blocking.block(server.ctx, tx, account=me, target=await tx.get_one(Account, target.id))
    await server.work()


# --- Block ----------------------------------------------------------------------------------------------------


async def test_a_block_ends_the_follows_and_takes_posts_and_news_away(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await verdict(server, bob, bob.does("Follow", alice.iri))
    await verdict(server, bob, bob.creates(bob.note()))
    assert len(await looking.home(server, alice)) == 1
    await server.work()
    bob.home.received.clear()

    assert await verdict(server, bob, bob.does("Block", alice.iri)) == ActivityState.DONE
    assert await looking.count(server, Follow) == 0
    assert await looking.count(server, HomeEntry) == 0
    assert await looking.told(server, alice) == [], "not even of the block"
    for iri in (alice.iri, bob.iri):
        account = await looking.get_account(server, iri)
        assert (account.followers_count, account.following_count) == (0, 0)
    assert bob.home.received == [], "who blocks us wants to hear nothing"


async def test_who_blocks_somebody_sees_and_does_nothing_of_theirs(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await publish(server, alice)
    await verdict(server, bob, bob.does("Block", alice.iri))
    assert await verdict(server, bob, bob.does("Like", post.iri)) == ActivityState.IGNORED
    assert await verdict(server, bob, bob.does("Announce", post.iri)) == ActivityState.IGNORED
    found = await looking.get_post(server, post.iri)
    assert (found.favourites_count, found.reblogs_count) == (0, 0)
    assert await looking.told(server, alice) == []


@pytest.mark.parametrize("object_", ["https://fedi.test/users/nobody", "https://fedi.test/actor", "other"])
async def test_only_people_here_can_be_blocked(
    server: Server, bob: RemoteActor, remote: RemoteServer, object_: str
) -> None:
    other = remote.person("carol")
    await looking.meet(server, other)
    named = other.iri if object_ == "other" else object_
    assert await verdict(server, bob, bob.does("Block", named)) == ActivityState.IGNORED
    assert await looking.count(server, Block) == 0


async def test_a_block_with_an_id_that_no_index_holds_is_refused(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    block = bob.does("Block", alice.iri, id=f"{bob.iri}/acts/{'ä' * 1100}")
    assert await verdict(server, bob, block) == ActivityState.REFUSED
    assert await looking.count(server, Block) == 0


@pytest.mark.parametrize("shape", ["embedded", "id", "embedded without id", "embedded with another id"])
async def test_an_undo_ends_the_block_however_it_names_it(
    server: Server, bob: RemoteActor, alice: Account, shape: str
) -> None:
    block = bob.does("Block", alice.iri)
    await verdict(server, bob, block)
    without = {key: value for key, value in block.items() if key != "id"}
    named: dict[str, Any] = {
        "embedded": block,
        "id": block["id"],
        "embedded without id": without,
        "embedded with another id": block | {"id": f"{bob.iri}/acts/other"},
    }
    assert await verdict(server, bob, bob.does("Undo", named[shape])) == ActivityState.DONE
    assert await looking.count(server, Block) == 0


async def test_nobody_else_ends_a_block(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    carol = remote.person("carol")
    block = bob.does("Block", alice.iri)
    await verdict(server, bob, block)
    await looking.meet(server, carol)
    for named in (block, block["id"], block | {"actor": carol.iri}):
        await verdict(server, carol, carol.does("Undo", named))
    assert await looking.count(server, Block) == 1


async def test_a_block_that_was_taken_back_before_it_came_is_not_begun(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    block = bob.does("Block", alice.iri)
    await verdict(server, bob, bob.does("Undo", block))
    assert await looking.count(server, Tombstone) == 1
    assert await verdict(server, bob, block) == ActivityState.IGNORED
    assert await looking.count(server, Block) == 0


async def test_a_repeated_block_is_undone_by_the_last_id(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    first, second = bob.does("Block", alice.iri), bob.does("Block", alice.iri)
    await verdict(server, bob, first)
    await verdict(server, bob, second)
    assert await looking.count(server, Block) == 1
    await verdict(server, bob, bob.does("Undo", second["id"]))
    assert await looking.count(server, Block) == 0


# --- what somebody blocked here may not do --------------------------------------------------------------------


async def test_a_follow_by_somebody_blocked_is_rejected(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await blocks(server, alice, bob)
    bob.home.received.clear()
    follow = bob.does("Follow", alice.iri)
    assert await verdict(server, bob, follow) == ActivityState.DONE
    (reject,) = bob.home.bodies
    assert (reject["type"], reject["object"]["id"]) == ("Reject", follow["id"])
    assert await looking.count(server, Follow) == 0
    assert await looking.told(server, alice) == []


@pytest.mark.parametrize("kind", ["Like", "Announce"])
async def test_a_favour_or_boost_by_somebody_blocked_has_no_effect(
    server: Server, bob: RemoteActor, alice: Account, kind: str
) -> None:
    post = await publish(server, alice)
    await blocks(server, alice, bob)
    assert await verdict(server, bob, bob.does(kind, post.iri)) == ActivityState.IGNORED
    found = await looking.get_post(server, post.iri)
    assert (found.favourites_count, found.reblogs_count) == (0, 0)
    assert await looking.told(server, alice) == []


@pytest.mark.parametrize("named", ["mention", "reply", "address"])
async def test_a_post_that_only_reaches_who_blocks_its_author_is_not_kept(
    server: Server, bob: RemoteActor, alice: Account, named: str
) -> None:
    post = await publish(server, alice)
    await blocks(server, alice, bob)
    changes: dict[str, Any] = {
        "mention": {"tag": [{"type": "Mention", "href": alice.iri}]},
        "reply": {"inReplyTo": post.iri},
        "address": {"to": [alice.iri], "cc": []},
    }
    note = bob.note(**changes[named])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.IGNORED
    assert await looking.find_post(server, note["id"]) is None
    assert await looking.told(server, alice) == []


async def test_a_post_that_reaches_others_is_kept_without_telling_who_blocks(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    carol = await server.person("carol")
    await looking.follow(server, carol, bob)
    await blocks(server, alice, bob)
    note = bob.note(tag=[{"type": "Mention", "href": alice.iri}, {"type": "Mention", "href": carol.iri}])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    assert await looking.told(server, alice) == []
    assert await looking.told(server, carol) == ["mention"]


async def test_a_post_from_a_blocked_domain_reaches_nobody_who_blocks_it(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    async with server.ctx.db.write() as tx:
        tx.add(DomainBlock(id=1, account_id=alice.id, domain="test", created_at=server.clock()))
    note = bob.note(tag=[{"type": "Mention", "href": alice.iri}])
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.IGNORED
    assert await looking.find_account(server, bob.iri) is None, "nothing was fetched for it"


# --- reading --------------------------------------------------------------------------------------------------


async def reads(server: Server, who: RemoteActor, url: str, **signing: Any) -> int:
    """Have somebody fetch an address of ours, signed, and return the status."""
    headers = who.signed("GET", url, server.clock(), **signing) | {"accept": "application/activity+json"}
    answer = await server.client.get(url.removeprefix(server.settings.origin), headers=headers)
    return answer.status_code


@pytest.fixture(params=[False, True], ids=["open", "authorized fetch"])
async def either_way(request: pytest.FixtureRequest, make_server: MakeServer) -> Server:
    """A server that is read freely, and one that wants every read signed."""
    return await make_server(authorized_fetch=request.param)


async def test_a_signed_read_by_somebody_blocked_finds_nothing(either_way: Server) -> None:
    remote = RemoteServer(either_way.network)
    bob, carol, alice = remote.person("bob"), remote.person("carol"), await either_way.person("alice")
    post = await publish(either_way, alice)
    urls = [post.iri, f"{post.iri}/activity", f"{post.iri}/replies"]
    urls += [f"{alice.iri}/{name}" for name in ("outbox", "followers", "following", "collections/featured")]
    for url in urls:
        assert await reads(either_way, bob, url) == 200, url
    await blocks(either_way, alice, bob)
    for url in urls:
        assert await reads(either_way, bob, url) == 404, url
        assert await reads(either_way, carol, url) == 200, url
    assert await reads(either_way, bob, alice.iri) == 200, "with the key that the Block is signed with"
    assert await reads(either_way, bob, f"{either_way.settings.origin}/actor") == 200


async def test_a_signed_read_by_who_blocks_finds_nothing(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await publish(server, alice)
    await verdict(server, bob, bob.does("Block", alice.iri))
    assert await reads(server, bob, post.iri) == 404


async def test_a_signed_read_from_a_blocked_server_finds_nothing_whoever_it_is(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await publish(server, alice)
    async with server.ctx.db.write() as tx:
        await blocking.block_domain(
            server.ctx, tx, account=await tx.get_one(Account, alice.id), domain="remote.test"
        )
    assert await looking.find_account(server, bob.iri) is None
    assert await reads(server, bob, post.iri) == 404


async def test_what_is_public_needs_no_good_signature(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    post = await publish(server, alice)
    await blocks(server, alice, bob)
    assert await reads(server, bob, post.iri, key=remote.person("carol").key) == 404, "taken at their word"
    carol = remote.person("carol")
    assert await reads(server, carol, post.iri, key=bob.key) == 200
