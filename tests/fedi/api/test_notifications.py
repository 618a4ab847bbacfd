"""Notifications through the API."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account, Login, Role
from fedi.services import moderating
from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person
from tests.fedi.remote import RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/notifications"


@pytest.fixture
async def told(enter: Enter) -> tuple[Person, Person]:
    """Somebody with four notifications, and who caused them."""
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    await ben.post("@anna hello")
    return anna, ben


async def kinds(person: Person, **query: Any) -> list[str]:
    answer = await person.http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return [entry["type"] for entry in answer.json()]


async def test_they_come_newest_first_and_can_be_narrowed(told: tuple[Person, Person]) -> None:
    anna, ben = told
    assert await kinds(anna) == ["mention", "reblog", "favourite", "follow"]
    assert await kinds(ben) == []
    assert await kinds(anna, **{"types[]": ["mention", "reaction"]}) == ["mention"]
    assert await kinds(anna, **{"types[]": ["reaction"]}) == []
    assert await kinds(anna, **{"exclude_types[]": ["mention", "follow", "reaction"]}) == [
        "reblog",
        "favourite",
    ]
    assert await kinds(anna, account_id=str(ben.account.id), limit=1) == ["mention"]
    assert await kinds(anna, account_id=str(anna.account.id)) == []


async def test_they_are_paged(told: tuple[Person, Person]) -> None:
    anna, _ = told
    first = await anna.http.get(PATH, params={"limit": 3, "exclude_types[]": "poll"})
    assert "exclude_types" in first.links["next"]["url"]
    second = await anna.http.get(first.links["next"]["url"])
    assert [entry["type"] for entry in second.json()] == ["follow"]
    assert set(second.links) == {"prev"}


async def test_one_can_be_read_and_put_away(told: tuple[Person, Person]) -> None:
    anna, ben = told
    newest = (await anna.http.get(PATH)).json()[0]
    path = f"{PATH}/{newest['id']}"
    assert (await anna.http.get(path)).json() == newest
    assert (await ben.http.get(path)).status_code == 404
    assert (await ben.http.post(f"{path}/dismiss")).json() == {}
    assert len(await kinds(anna)) == 4, "only the owner puts it away"
    for _ in range(2):
        answer = await anna.http.post(f"{path}/dismiss")
        assert (answer.status_code, answer.json()) == (200, {})
    assert await kinds(anna) == ["reblog", "favourite", "follow"]
    assert (await anna.http.get(path)).status_code == 404


async def test_all_can_be_put_away(told: tuple[Person, Person]) -> None:
    anna, _ = told
    assert (await anna.http.post(f"{PATH}/clear")).json() == {}
    answer = await anna.http.get(PATH)
    assert (answer.json(), answer.links) == ([], {})


async def test_what_a_suspended_person_caused_is_left_out(
    server: "Server", told: tuple[Person, Person]
) -> None:
    anna, ben = told
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, ben.account.id)).suspended_at = server.clock()
    assert await kinds(anna) == []


async def test_a_deleted_post_takes_its_notification_along(told: tuple[Person, Person]) -> None:
    anna, ben = told
    mention = (await anna.http.get(PATH)).json()[0]["status"]
    await ben.http.delete(f"/api/v1/statuses/{mention['id']}")
    assert await kinds(anna) == ["reblog", "favourite", "follow"]


async def test_they_are_put_away_in_every_way_there_ever_was(told: tuple[Person, Person]) -> None:
    anna, ben = told
    mention, reblog, favourite, follow = [entry["id"] for entry in (await anna.http.get(PATH)).json()]
    assert (await ben.http.delete(f"{PATH}/{mention}")).json() == {}
    assert (await ben.http.delete(f"{PATH}/destroy_multiple", params={"ids[]": [mention]})).json() == {}
    assert (await ben.http.post(f"{PATH}/dismiss", data={"id": mention})).json() == {}
    assert len(await kinds(anna)) == 4, "only the owner puts them away"
    assert (await anna.http.delete(f"{PATH}/{mention}")).json() == {}
    assert await kinds(anna) == ["reblog", "favourite", "follow"]
    assert (await anna.http.post(f"{PATH}/dismiss", data={"id": reblog})).json() == {}
    assert await kinds(anna) == ["favourite", "follow"]
    several = {"ids[]": [favourite, follow]}
    assert (await anna.http.delete(f"{PATH}/destroy_multiple", params=several)).json() == {}
    assert await kinds(anna) == []
    assert (await anna.http.post(f"{PATH}/dismiss")).status_code == 404, "nothing is named"


async def test_every_key_is_always_there(told: tuple[Person, Person]) -> None:
    anna, _ = told
    for entry in (await anna.http.get(PATH)).json():
        assert set(entry) == {
            "id", "type", "group_key", "created_at", "account", "status", "report", "event", "moderation_warning",
        }  # fmt: skip
        assert (entry["report"], entry["event"], entry["moderation_warning"]) == (None, None, None)
        assert (entry["status"] is None) == (entry["type"] == "follow")


async def test_an_answer_that_names_nobody_tells_nobody(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    await ben.post("hello", in_reply_to_id=post["id"])
    assert await kinds(anna) == []


async def test_a_moderator_is_told_of_reports_and_nobody_else(enter: Enter, server: "Server") -> None:
    mod = await enter("mod", password="long enough", role=Role.MODERATOR)
    anna, ben = await enter("anna"), await enter("ben")
    bad = await ben.post("bad")
    await mod.http.post(f"/api/v1/accounts/{anna.account.id}/block")
    given = {"account_id": str(ben.account.id), "status_ids": [bad["id"]], "comment": "look"}
    assert (await anna.http.post("/api/v1/reports", json=given)).status_code == 200
    (told,) = [entry for entry in (await mod.http.get(PATH)).json() if entry["type"] == "admin.report"]
    assert told["account"]["acct"] == "anna"
    assert told["report"]["target_account"]["acct"] == "ben"
    assert (told["report"]["comment"], told["report"]["status_ids"]) == ("look", [bad["id"]])
    groups = (await mod.http.get("/api/v2/notifications")).json()["notification_groups"]
    assert [group["report"] for group in groups if group["type"] == "admin.report"] == [told["report"]]
    for person in (anna, ben):
        assert "admin.report" not in await kinds(person)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Login, mod.account.id)).role = Role.USER
    assert "admin.report" not in await kinds(mod), "who is no moderator any more sees no reports"


async def test_what_a_moderator_did_is_told_without_saying_who(enter: Enter, server: "Server") -> None:
    mod = await enter("mod", password="long enough", role=Role.MODERATOR)
    ben = await enter("ben", password="long enough")
    async with server.ctx.db.write() as tx:
        target, by = await tx.merge(ben.account), await tx.merge(mod.account)
        await moderating.act(server.ctx, tx, account=target, by=by, action="sensitive", text="Please mind.")
    (told,) = (await ben.http.get(PATH)).json()
    warning = told["moderation_warning"]
    assert (told["type"], told["account"]["acct"]) == ("moderation_warning", "ben")
    assert set(warning) == {
        "id", "action", "text", "status_ids", "target_account", "appeal", "created_at",
    }  # fmt: skip
    assert (warning["action"], warning["text"], warning["appeal"]) == ("sensitive", "Please mind.", None)
    assert warning["target_account"]["acct"] == "ben"


async def test_a_block_of_a_server_is_told_as_an_event(
    enter: Enter, server: "Server", remote: RemoteServer
) -> None:
    anna, bob = await enter("anna"), remote.person("bob")
    await looking.follow(server, anna.account, bob)
    await anna.http.post("/api/v1/domain_blocks", data={"domain": "remote.test"})
    (told,) = (await anna.http.get(PATH)).json()
    event = told["event"]
    assert set(event) == {
        "id", "type", "purged", "target_name", "followers_count", "following_count", "created_at",
    }  # fmt: skip
    assert (event["type"], event["target_name"], event["purged"]) == (
        "user_domain_block",
        "remote.test",
        False,
    )
    assert (event["followers_count"], event["following_count"]) == (0, 1)
