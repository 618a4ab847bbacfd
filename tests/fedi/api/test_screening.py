"""Deciding whose notifications come at once, through the API."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

LIST, REQUESTS = "/api/v1/notifications", "/api/v1/notifications/requests"
POLICY, FLAGS = "/api/v2/notifications/policy", "/api/v1/notifications/policy"
NOTHING = {"pending_requests_count": 0, "pending_notifications_count": 0}


async def get(person: Person, path: str, **query: Any) -> Any:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(person: Person, **query: Any) -> list[str]:
    return [entry["type"] for entry in await get(person, LIST, **query)]


async def test_both_versions_of_the_policy_are_one(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    levels = {
        "for_not_following": "accept", "for_not_followers": "accept", "for_new_accounts": "accept",
        "for_private_mentions": "filter", "for_limited_accounts": "filter", "summary": NOTHING,
    }  # fmt: skip
    flags = {
        "filter_not_following": False, "filter_not_followers": False, "filter_new_accounts": False,
        "filter_private_mentions": True, "summary": NOTHING,
    }  # fmt: skip
    assert await get(anna, POLICY) == levels
    assert await get(anna, FLAGS) == flags
    answer = await anna.http.patch(POLICY, json={"for_not_following": "drop"})
    assert answer.json() == {**levels, "for_not_following": "drop"}
    assert (await get(anna, FLAGS))["filter_not_following"] is True
    answer = await anna.http.put(FLAGS, data={"filter_not_following": "0", "filter_new_accounts": "1"})
    assert answer.json() == {**flags, "filter_new_accounts": True}
    assert (await get(anna, POLICY))["for_new_accounts"] == "filter"
    assert await get(ben, POLICY) == levels
    assert (await anna.http.patch(POLICY, json={"for_new_accounts": "perhaps"})).status_code == 422


async def test_what_waits_is_asked_for_and_let_in(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.http.patch(POLICY, json={"for_not_following": "filter"})
    post = await ben.post("@anna hello")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    assert await told(anna) == []
    assert await told(anna, include_filtered="true") == ["follow", "mention"]
    assert (await get(anna, "/api/v2/notifications"))["notification_groups"] == []
    assert await get(anna, "/api/v2/notifications/unread_count") == {"count": 0}
    (request,) = await get(anna, REQUESTS)
    assert set(request) == {
        "id", "created_at", "updated_at", "notifications_count", "account", "last_status",
    }  # fmt: skip
    assert (request["notifications_count"], request["account"]["acct"]) == ("2", "ben")
    assert request["last_status"]["id"] == post["id"]
    assert (await get(anna, POLICY))["summary"] == {
        "pending_requests_count": 1,
        "pending_notifications_count": 2,
    }
    path = f"{REQUESTS}/{request['id']}"
    assert await get(anna, path) == request
    for verb in ("accept", "dismiss"):
        assert (await ben.http.post(f"{path}/{verb}")).status_code == 404
    assert (await ben.http.get(path)).status_code == 404
    assert (await anna.http.post(f"{path}/accept")).json() == {}
    assert await get(anna, f"{REQUESTS}/merged") == {"merged": True}
    assert await get(anna, REQUESTS) == []
    assert (await anna.http.post(f"{path}/accept")).status_code == 404
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/unfollow")
    await ben.post("@anna again")
    assert await told(anna) == ["mention", "mention"], "who was let in stays so"


async def test_several_are_answered_at_once(enter: Enter) -> None:
    anna = await enter("anna")
    await anna.http.patch(POLICY, json={"for_not_following": "filter"})
    people = [await enter(name) for name in ("ben", "cara", "dora")]
    for person in people:
        await person.post("@anna hello")
    ids = [request["id"] for request in await get(anna, REQUESTS)]
    assert len(ids) == 3
    ben = people[0]
    await ben.http.post(f"{REQUESTS}/accept", json={"id": ids})
    assert len(await get(anna, REQUESTS)) == 3, "only the owner lets in"
    await anna.http.post(f"{REQUESTS}/accept", params={"id[]": ids[:1]})
    await anna.http.post(f"{REQUESTS}/dismiss", json={"id": ids[1:2]})
    assert [request["id"] for request in await get(anna, REQUESTS)] == ids[2:]
    assert await told(anna, include_filtered="true") == ["mention", "mention"]
    assert await told(anna) == ["mention"]
    await people[1].post("@anna please")
    assert len(await get(anna, REQUESTS)) == 2, "who was turned away may knock again"
    assert (await anna.http.post(f"{LIST}/clear")).json() == {}
    assert await get(anna, REQUESTS) == []


async def test_a_limited_stranger_waits(enter: Enter, server: "Server") -> None:
    anna, ben = await enter("anna"), await enter("ben")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, ben.account.id)).silenced_at = server.clock()
    await ben.post("@anna hello")
    assert await told(anna) == []
    assert await told(anna, include_filtered="true") == ["mention"]


async def test_a_token_without_the_scope_is_refused(enter: Enter) -> None:
    anna = await enter("anna", "read:statuses", "write:statuses")
    for path in (POLICY, FLAGS, REQUESTS, f"{REQUESTS}/1", f"{REQUESTS}/merged"):
        assert (await anna.http.get(path)).status_code == 403, path
    for path in (POLICY, FLAGS):
        assert (await anna.http.patch(path)).status_code == 403, path
    for path in (
        f"{REQUESTS}/1/accept",
        f"{REQUESTS}/1/dismiss",
        f"{REQUESTS}/accept",
        f"{REQUESTS}/dismiss",
    ):
        assert (await anna.http.post(path)).status_code == 403, path
