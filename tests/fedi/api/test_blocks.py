"""Blocks, mutes and blocked servers, as clients ask for them."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from fedi.models import Account, Login
from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person
from tests.fedi.remote import RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def does(person: Person, verb: str, whom: Account, **how: Any) -> dict[str, Any]:
    """Do something to an account, and return how the two stand then."""
    answer = await person.http.post(f"/api/v1/accounts/{whom.id}/{verb}", json=how)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def seen(person: Person, path: str) -> list[str]:
    """Return the ids in a list."""
    answer = await person.http.get(path)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()]


async def test_a_block_and_its_end_are_told_in_the_relation(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await does(anna, "follow", ben.account)
    await does(ben, "follow", anna.account)
    relation = await does(anna, "block", ben.account)
    assert (relation["blocking"], relation["blocked_by"]) == (True, False)
    assert not (relation["following"])
    assert not (relation["followed_by"])
    (other,) = (await ben.http.get("/api/v1/accounts/relationships", params={"id": anna.account.id})).json()
    assert (other["blocking"], other["blocked_by"]) == (False, True)
    assert (await does(anna, "block", ben.account))["blocking"], "a second time is no error"
    assert await seen(anna, "/api/v1/blocks") == [str(ben.account.id)]
    assert not (await does(anna, "unblock", ben.account))["blocking"]
    assert not (await does(anna, "unblock", ben.account))["blocking"]
    assert await seen(anna, "/api/v1/blocks") == []


async def test_who_is_blocked_cannot_read_answer_favour_boost_or_follow(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("hello")
    await does(anna, "block", ben.account)
    path = f"/api/v1/statuses/{post['id']}"
    assert (await ben.http.get(path)).status_code == 404
    assert (await ben.http.get(f"{path}/context")).status_code == 404
    for verb in ("favourite", "reblog"):
        assert (await ben.http.post(f"{path}/{verb}")).status_code == 404
    answer = {"status": "but", "in_reply_to_id": post["id"]}
    assert (await ben.http.post("/api/v1/statuses", json=answer)).status_code == 404
    follow = await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    assert (follow.status_code, follow.json()) == (403, {"error": "This action is not allowed"})
    assert await seen(ben, f"/api/v1/accounts/{anna.account.id}/statuses") == []
    assert await seen(ben, f"/api/v1/accounts/{anna.account.id}/followers") == []
    assert (await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")).status_code == 403


async def test_lists_and_searches_show_neither_to_the_other(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    for person in (anna, ben):
        await does(person, "follow", eve.account)
        await does(eve, "follow", person.account)
    await does(anna, "block", ben.account)
    for me, other in ((anna, ben), (ben, anna)):
        for path in ("followers", "following"):
            shown = await seen(me, f"/api/v1/accounts/{eve.account.id}/{path}")
            assert shown == [str(me.account.id)]
        for query in ("/api/v1/accounts/search?q=", "/api/v2/search?type=accounts&q="):
            found = (await me.http.get(query + other.account.username[:2])).json()
            assert (found if isinstance(found, list) else found["accounts"]) == []


async def test_who_is_blocked_is_not_heard(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await does(anna, "follow", eve.account)
    await ben.post("hello @anna")
    assert len(await seen(anna, "/api/v1/notifications")) == 1
    await does(anna, "block", ben.account)
    assert await seen(anna, "/api/v1/notifications") == []
    late = await ben.post("hello again @anna")
    await eve.http.post(f"/api/v1/statuses/{late['id']}/reblog")
    assert await seen(anna, "/api/v1/notifications") == []
    assert await seen(anna, "/api/v1/timelines/home") == [], "nor through a boost"
    assert late["id"] in await seen(eve, "/api/v1/timelines/public")
    assert late["id"] not in await seen(anna, "/api/v1/timelines/public")
    assert late["id"] not in await seen(anna, f"/api/v1/accounts/{ben.account.id}/statuses")
    await does(anna, "unblock", ben.account)
    assert await seen(anna, "/api/v1/notifications") == [], "what was not told stays so"


async def test_nobody_blocks_or_mutes_themselves_or_nobody(enter: Enter) -> None:
    anna = await enter("anna")
    for verb in ("block", "mute"):
        assert (await anna.http.post(f"/api/v1/accounts/{anna.account.id}/{verb}")).status_code == 403
        assert (await anna.http.post(f"/api/v1/accounts/1/{verb}")).status_code == 404


async def test_a_mute_hides_posts_and_news_but_not_the_profile(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await does(anna, "follow", ben.account)
    post = await ben.post("hello @anna #art")
    relation = await does(anna, "mute", ben.account)
    assert relation["muting"]
    assert relation["muting_notifications"]
    assert relation["muting_expires_at"] is None
    assert relation["following"]
    for path in ("timelines/home", "timelines/public", "timelines/tag/art", "notifications"):
        assert await seen(anna, f"/api/v1/{path}") == [], path
    assert await seen(anna, f"/api/v1/accounts/{ben.account.id}/statuses") == [post["id"]]
    assert (await anna.http.get(f"/api/v1/statuses/{post['id']}")).status_code == 200
    await ben.post("are you there, @anna?")
    relation = await does(anna, "unmute", ben.account)
    assert not relation["muting"]
    assert len(await seen(anna, "/api/v1/timelines/home")) == 2
    assert len(await seen(anna, "/api/v1/notifications")) == 1, "what was not told stays so"


async def test_a_mute_may_leave_notifications_alone(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    assert (await does(anna, "mute", ben.account))["muting_notifications"]
    assert not (await does(anna, "mute", ben.account, notifications=False))["muting_notifications"]
    await ben.post("hello @anna")
    assert len(await seen(anna, "/api/v1/notifications")) == 1
    assert await seen(anna, "/api/v1/timelines/public") == []


async def test_a_mute_ends_when_its_time_is_over(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await ben.post("hello")
    relation = await does(anna, "mute", ben.account, duration=3600)
    (listed,) = (await anna.http.get("/api/v1/mutes")).json()
    assert listed["mute_expires_at"] == relation["muting_expires_at"] is not None
    assert listed["acct"] == "ben"
    await does(anna, "mute", ben.account, duration=7200)
    server.clock.advance(3700)
    await server.work()
    assert await seen(anna, "/api/v1/mutes") == [str(ben.account.id)], "it was made longer"
    server.clock.advance(3600)
    await server.work()
    assert await seen(anna, "/api/v1/mutes") == []
    assert await seen(anna, "/api/v1/timelines/public") == [post["id"]]


@pytest.mark.parametrize("duration", ["-1", str(10**11), "soon"])
async def test_a_duration_is_a_number_of_seconds(enter: Enter, duration: str) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    answer = await anna.http.post(f"/api/v1/accounts/{ben.account.id}/mute", data={"duration": duration})
    assert answer.status_code == 422


async def test_a_server_is_blocked_with_everyone_there(
    server: "Server", enter: Enter, remote: RemoteServer
) -> None:
    anna, bob = await enter("anna"), remote.person("bob")
    await looking.follow(server, anna.account, bob)
    await bob.sends(server, bob.does("Follow", anna.account.iri))
    await bob.sends(server, bob.creates(bob.note(tag=[{"type": "Mention", "href": anna.account.iri}])))
    await server.work()
    assert len(await seen(anna, "/api/v1/notifications")) == 2
    known = await looking.get_account(server, bob.iri)
    bob.home.received.clear()

    answer = await anna.http.post("/api/v1/domain_blocks", data={"domain": "REMOTE.test."})
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await anna.http.get("/api/v1/domain_blocks")).json() == ["remote.test"]
    for path in ("timelines/home", "timelines/public", f"accounts/{known.id}/statuses"):
        assert await seen(anna, f"/api/v1/{path}") == [], path
    [told] = (await anna.http.get("/api/v1/notifications")).json()
    assert (told["type"], told["event"]["target_name"]) == ("severed_relationships", "remote.test")
    await server.work()
    assert sorted(body["type"] for body in bob.home.bodies) == ["Reject", "Undo"]
    (relation,) = (await anna.http.get("/api/v1/accounts/relationships", params={"id": known.id})).json()
    assert relation["domain_blocking"]
    assert not (relation["following"])
    assert not (relation["followed_by"])
    assert not (relation["blocking"])
    assert (await anna.http.post(f"/api/v1/accounts/{known.id}/follow")).status_code == 403

    answer = await anna.http.request("DELETE", "/api/v1/domain_blocks", json={"domain": "remote.test"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await anna.http.get("/api/v1/domain_blocks")).json() == []
    assert len(await seen(anna, "/api/v1/timelines/public")) == 1


@pytest.mark.parametrize("domain", ["", "two words", "fedi.test", "test"])
async def test_only_other_servers_can_be_blocked(enter: Enter, domain: str) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/domain_blocks", data={"domain": domain})
    assert answer.status_code == 422
    assert (await anna.http.get("/api/v1/domain_blocks")).json() == []


async def test_the_lists_are_paged(enter: Enter) -> None:
    anna = await enter("anna")
    others = [await enter(f"other{number}") for number in range(3)]
    for other in others:
        await does(anna, "block", other.account)
        await does(anna, "mute", other.account)
    for domain in ("a.test", "b.test", "c.test"):
        await anna.http.post("/api/v1/domain_blocks", data={"domain": domain})
    for path, last in (
        ("/api/v1/blocks", str(others[0].account.id)),
        ("/api/v1/mutes", str(others[0].account.id)),
        ("/api/v1/domain_blocks", "a.test"),
    ):
        first = await anna.http.get(path, params={"limit": 2})
        assert len(first.json()) == 2
        second = await anna.http.get(first.links["next"]["url"])
        assert [row if isinstance(row, str) else row["id"] for row in second.json()] == [last]
        assert "next" not in second.links


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/blocks", "read:blocks"),
        ("GET", "/api/v1/domain_blocks", "read:blocks"),
        ("GET", "/api/v1/mutes", "read:mutes"),
        ("POST", "/api/v1/accounts/{id}/block", "write:blocks"),
        ("POST", "/api/v1/accounts/{id}/unblock", "write:blocks"),
        ("POST", "/api/v1/accounts/{id}/mute", "write:mutes"),
        ("POST", "/api/v1/accounts/{id}/unmute", "write:mutes"),
        ("POST", "/api/v1/domain_blocks", "write:blocks"),
        ("DELETE", "/api/v1/domain_blocks", "write:blocks"),
    ],
)
async def test_each_needs_its_scope(
    server: "Server", enter: Enter, method: str, path: str, scope: str
) -> None:
    eve = await server.person("eve")
    path, given = path.format(id=eve.id), {"domain": "far.test"}
    anna = await enter("anna", "read:accounts", "write:accounts")
    assert (await anna.http.request(method, path, json=given)).status_code == 403
    ben = await enter("ben", scope)
    assert (await ben.http.request(method, path, json=given)).status_code == 200


@pytest.mark.parametrize("tells", [True, False])
async def test_whether_the_other_server_hears_of_a_block_is_the_blockers_choice(
    server: "Server", enter: Enter, remote: RemoteServer, *, tells: bool
) -> None:
    anna, bob = await enter("anna", password="correct horse"), remote.person("bob")
    await looking.meet(server, bob)
    async with server.ctx.db.write() as tx:
        await tx.execute(
            update(Login).where(Login.account_id == anna.account.id).values(tells_of_blocks=tells)
        )
    known = await looking.get_account(server, bob.iri)
    await does(anna, "block", known)
    await server.work()
    await does(anna, "unblock", known)
    await server.work()
    assert [body["type"] for body in bob.home.bodies] == (["Block", "Undo"] if tells else [])
    if tells:
        block, undo = bob.home.bodies
        assert (block["actor"], block["object"]) == (anna.account.iri, bob.iri)
        assert undo["object"] == {key: block[key] for key in ("id", "type", "actor", "object")}
