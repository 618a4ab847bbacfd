"""The header that says whom we think to follow somebody here, and the list behind it."""

import hashlib
import json
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from activitypub.vocab import PUBLIC
from fedi.models import Account, Follow, Post
from fedi.outbound import resolve, synchronise
from fedi.outbound.synchronise import HEADER, Claim, digest, read
from fedi.services import following, posting
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

ALICE = "https://fedi.test/users/alice"
URL = f"{ALICE}/followers_synchronization"
CLAIM = Claim(collection=f"{ALICE}/followers", url=URL, digest="ab" * 32)


# --- The header -----------------------------------------------------------------------------------------------


def test_a_digest_is_the_exclusive_or_of_the_hashes_of_the_ids() -> None:
    one, two = (hashlib.sha256(name).digest() for name in (b"https://a.test/1", b"https://a.test/2"))
    both = bytes(x ^ y for x, y in zip(one, two, strict=True)).hex()
    assert digest(["https://a.test/1", "https://a.test/2"]) == both
    assert digest(["https://a.test/2", "https://a.test/1"]) == both
    assert digest([]) == "00" * 32


def test_a_header_is_read_as_it_was_written() -> None:
    assert read(str(CLAIM)) == CLAIM
    assert read(str(CLAIM).replace(", ", ",").replace("ab", "AB", 1)) == CLAIM


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        str(CLAIM).replace("digest", "other"),
        str(CLAIM).replace("ab" * 32, "ab" * 31),
        str(CLAIM).replace("ab" * 32, "zz" * 32),
        f'{CLAIM}, url="https://evil.test"',
        str(CLAIM) + " " * 9000,
        str(CLAIM).replace('"', "'"),
    ],
)  # fmt: skip
def test_what_is_no_such_header_is_none(value: str) -> None:
    assert read(value) is None


@pytest.mark.parametrize(
    ("to", "cc", "expected"),
    [
        (["F"], [], True), (["F"], ["someone"], True), (["someone"], ["F"], True), ([PUBLIC], ["F"], False),
        (["F"], [PUBLIC], False), (["someone"], [], False), ([], [], False),
    ],
)  # fmt: skip
def test_what_is_for_followers_only(to: list[str], cc: list[str], *, expected: bool) -> None:
    assert synchronise.for_followers_only({"to": to, "cc": cc}, "F") is expected


# --- Out ------------------------------------------------------------------------------------------------------


async def publish(server: Server, author: Account, visibility: str) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(text="hello", visibility=visibility)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def befriend(server: Server, *fans: RemoteActor, target: Account) -> None:
    for fan in fans:
        assert await looking.verdict(server, fan, fan.does("Follow", target.iri)) == "done"
        fan.home.received.clear()


async def test_a_post_for_followers_tells_a_server_which_of_its_people_these_are(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    other = RemoteServer(server.network, host="other.test").person("olga")
    carol = remote.person("carol")
    await befriend(server, bob, carol, other, target=alice)
    await publish(server, alice, "private")
    await server.work()
    expected = Claim(
        collection=f"{alice.iri}/followers",
        url=f"{alice.iri}/followers_synchronization",
        digest=digest([bob.iri, carol.iri]),
    )
    (request,) = remote.received
    assert read(request.headers[HEADER]) == expected
    assert "collection-synchronization" in request.headers["signature"], "it is covered by the signature"
    there = read(other.home.received[0].headers[HEADER])
    assert there is not None
    assert there.digest == digest([other.iri])


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
async def test_a_post_for_everyone_tells_nothing(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account, visibility: str
) -> None:
    await befriend(server, bob, target=alice)
    await publish(server, alice, visibility)
    await server.work()
    assert HEADER not in remote.received[0].headers


async def test_who_has_too_many_followers_compares_nothing(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synchronise, "FOLLOWERS_MAX", 1)
    await befriend(server, bob, target=alice)
    await publish(server, alice, "private")
    await server.work()
    assert HEADER not in remote.received[0].headers


async def test_the_second_knock_covers_the_header_too(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await befriend(server, bob, target=alice)
    remote.answers = [httpx.Response(401)]
    await publish(server, alice, "private")
    await server.work()
    assert '"collection-synchronization"' in remote.received[-1].headers["signature-input"]


async def asks(server: Server, who: RemoteActor | None, url: str = URL) -> httpx.Response:
    signed: dict[str, Any] = who.signed("GET", url, server.clock()) if who else {}
    return await server.client.get(url, headers=signed)


async def test_a_server_gets_the_list_of_its_own_people_and_of_no_others(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    other = RemoteServer(server.network, host="other.test").person("olga")
    lookalike = RemoteServer(server.network, host="remote.test.evil.test").person("eve")
    await befriend(server, bob, other, lookalike, target=alice)
    answer = await asks(server, remote.person("anyone"))
    assert answer.status_code == 200
    assert answer.json()["orderedItems"] == [bob.iri]
    assert answer.json()["id"] == URL
    assert "no-store" in answer.headers["cache-control"]
    assert (await asks(server, other)).json()["orderedItems"] == [other.iri]


async def test_who_does_not_sign_gets_no_list(server: Server, bob: RemoteActor, alice: Account) -> None:
    await befriend(server, bob, target=alice)
    answer = await asks(server, None)
    assert answer.status_code == 401
    assert answer.headers["accept-signature"]


async def test_nobody_has_no_list(server: Server, bob: RemoteActor) -> None:
    assert (
        await asks(server, bob, "https://fedi.test/users/none/followers_synchronization")
    ).status_code == 404


# --- In -------------------------------------------------------------------------------------------------------


async def told(server: Server, bob: RemoteActor, listed: list[str], **changes: str) -> None:
    """Have bob send something with a header about who follows him here, and serve the list."""
    url = f"{bob.iri}/sync"
    bob.home.serve(url, {"id": url, "type": "OrderedCollection", "orderedItems": listed})
    claim = {"collection": f"{bob.iri}/followers", "url": url, "digest": digest(listed)} | changes
    await said(server, bob, Claim(**claim))


async def said(server: Server, bob: RemoteActor, claim: Claim) -> None:
    body = json.dumps(bob.does("Like", "https://fedi.test/users/x/statuses/1")).encode()
    await bob.posts(server, body, headers={HEADER: str(claim)})
    await server.work()


async def follows(server: Server, who: Account) -> bool:
    return await looking.count(server, Follow, Follow.account_id == who.id) == 1


async def test_who_is_not_listed_there_follows_no_more(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    carol = await server.person("carol")
    for person in (alice, carol):
        await looking.follow(server, person, bob)
    await told(server, bob, [carol.iri])
    assert (await follows(server, alice), await follows(server, carol)) == (False, True)
    assert (await looking.get_account(server, bob.iri)).followers_count == 1


async def test_a_list_that_is_not_the_one_that_was_announced_ends_no_follow(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await told(server, bob, [], digest="cd" * 32)
    assert await follows(server, alice)


async def test_who_is_listed_there_and_does_not_follow_takes_it_back_once_more(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.meet(server, bob)
    await told(server, bob, [alice.iri])
    (undo,) = (body for body in remote.bodies if body["type"] == "Undo")
    assert undo["actor"] == alice.iri
    assert (undo["object"]["type"], undo["object"]["object"]) == ("Follow", bob.iri)


async def test_who_waits_for_an_answer_and_is_listed_there_was_accepted(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob, accepted=False)
    await told(server, bob, [alice.iri])
    assert (await looking.get_account(server, bob.iri)).followers_count == 1


async def test_ids_of_others_on_the_list_are_passed_over(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    remote.received.clear()
    await told(server, bob, [alice.iri, "https://else.test/users/x"])
    assert await follows(server, alice)
    assert {body["type"] for body in remote.bodies} == {"Follow"}


async def test_what_agrees_is_not_asked_for(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    await told(server, bob, [alice.iri])
    assert f"{bob.iri}/sync" not in remote.asked


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://other.test/sync"},
        {"url": "nonsense"},
        {"collection": "https://other.test/followers"},
        {"collection": "https://remote.test/users/carol/followers"},
        {"url": "https://fedi.test/users/alice/followers_synchronization"},
    ],
)
async def test_a_header_about_other_places_is_passed_over(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account, changes: dict[str, str]
) -> None:
    other = RemoteServer(server.network, host="other.test")
    await looking.follow(server, alice, bob)
    await told(server, bob, [], **changes)
    assert await follows(server, alice)
    assert (other.asked, f"{bob.iri}/sync" in remote.asked) == ([], False)


async def test_a_list_is_read_for_ten_pages_at_most_and_no_page_twice(
    server: Server, remote: RemoteServer, bob: RemoteActor, alice: Account
) -> None:
    await looking.follow(server, alice, bob)
    url = f"{bob.iri}/sync"

    def serve(number: int, after: int) -> None:
        iri, kind = f"{url}?{number}", "OrderedCollectionPage"
        remote.serve(iri, {"id": iri, "type": kind, "orderedItems": [], "next": f"{url}?{after}"})

    async def pages_asked() -> int:
        remote.asked.clear()
        server.clock.advance(120)
        await said(server, bob, Claim(collection=f"{bob.iri}/followers", url=url, digest="cd" * 32))
        return len([asked for asked in remote.asked if asked.startswith(f"{url}?")])

    remote.serve(url, {"id": url, "type": "OrderedCollection", "first": f"{url}?1"})
    for number in range(1, 20):
        serve(number, number + 1)
    assert await pages_asked() == 10
    serve(1, 1)
    assert await pages_asked() == 1


async def test_two_servers_agree(make_server: Any) -> None:
    here, there = await make_server(), await make_server("https://there.test")
    alice, bob = await here.person("alice"), await there.person("bob")

    async def work() -> None:
        for _ in range(4):
            await here.work()
            await there.work()

    target = await resolve.actor(there.ctx, alice.iri)
    async with there.ctx.db.write() as tx:
        me = await tx.get_one(Account, bob.id)
        await following.follow(there.ctx, tx, follower=me, target=target)
    await work()
    assert (await looking.get_account(here, alice.iri)).followers_count == 1
    # Bob's server is set back to before the Follow; it is told and takes it back.
    async with there.ctx.db.write() as tx:
        await tx.execute(delete(Follow))
    await publish(here, alice, "private")
    await work()
    assert (await looking.get_account(here, alice.iri)).followers_count == 0
