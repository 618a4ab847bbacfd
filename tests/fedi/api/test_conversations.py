"""Conversations through the API."""

from typing import Any

import pytest

from tests.fedi.api.conftest import Enter, Person

pytestmark = pytest.mark.anyio

PATH = "/api/v1/conversations"


async def listed(person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = await person.http.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def befriend(*people: Person) -> None:
    """Let them all follow one another, so that nobody is a stranger."""
    for one in people:
        for other in people:
            if one is not other:
                await one.http.post(f"/api/v1/accounts/{other.account.id}/follow")


async def test_a_message_is_unread_for_who_gets_it_and_read_for_who_wrote_it(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await befriend(anna, ben)
    first = await anna.post("@ben psst", visibility="direct")
    await anna.post("@ben for all to see")
    (mine,), (theirs,) = await listed(anna), await listed(ben)
    assert set(mine) == {"id", "unread", "accounts", "last_status"}
    assert (mine["unread"], theirs["unread"]) == (False, True)
    assert [entry["id"] for entry in mine["accounts"]] == [str(ben.account.id)]
    assert [entry["id"] for entry in theirs["accounts"]] == [str(anna.account.id)]
    assert mine["last_status"]["id"] == theirs["last_status"]["id"] == first["id"]
    answer = await ben.post("@anna yes?", visibility="direct", in_reply_to_id=first["id"])
    (mine,), (theirs,) = await listed(anna), await listed(ben)
    assert (mine["unread"], theirs["unread"]) == (True, False), "an answer is read by who gives it"
    assert mine["last_status"]["id"] == answer["id"]


async def test_it_is_read_unread_and_taken_away_by_its_owner_only(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await befriend(anna, ben)
    first = await anna.post("@ben psst", visibility="direct")
    (theirs,) = await listed(ben)
    path = f"{PATH}/{theirs['id']}"
    for verb in ("read", "unread"):
        assert (await anna.http.post(f"{path}/{verb}")).status_code == 404
    assert (await anna.http.delete(path)).status_code == 404
    for verb, unread in (("read", False), ("unread", True)):
        answer = await ben.http.post(f"{path}/{verb}")
        assert answer.json() == {**theirs, "unread": unread}
        assert await listed(ben) == [answer.json()]
    assert (await ben.http.delete(path)).json() == {}
    assert await listed(ben) == []
    assert len(await listed(anna)) == 1
    await anna.post("@ben again", visibility="direct", in_reply_to_id=first["id"])
    assert len(await listed(ben)) == 1, "a new message brings it back"


async def test_when_the_last_message_goes_the_one_before_takes_its_place(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await befriend(anna, ben)
    first = await anna.post("@ben one", visibility="direct")
    second = await anna.post("@ben two", visibility="direct", in_reply_to_id=first["id"])
    await anna.http.delete(f"/api/v1/statuses/{second['id']}")
    for person in (anna, ben):
        assert [row["last_status"]["id"] for row in await listed(person)] == [first["id"]]
    await anna.http.delete(f"/api/v1/statuses/{first['id']}")
    for person in (anna, ben):
        assert await listed(person) == []


async def test_who_is_named_by_an_edit_only_has_it_from_then_on(enter: Enter) -> None:
    anna, ben, cara = await enter("anna"), await enter("ben"), await enter("cara")
    await befriend(anna, ben, cara)
    post = await anna.post("@ben psst", visibility="direct")
    path = f"/api/v1/statuses/{post['id']}"
    assert (await anna.http.put(path, json={"status": "@ben @cara psst"})).status_code == 200
    assert [row["unread"] for row in await listed(cara)] == [True]
    (mine,) = await listed(anna)
    assert {entry["acct"] for entry in mine["accounts"]} == {"ben", "cara"}


async def test_a_message_to_nobody_is_with_oneself(enter: Enter) -> None:
    anna = await enter("anna")
    await anna.post("a note", visibility="direct")
    (mine,) = await listed(anna)
    assert ([entry["acct"] for entry in mine["accounts"]], mine["unread"]) == (["anna"], False)


async def test_what_a_stranger_says_waits_until_they_are_let_in(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.post("@ben psst", visibility="direct")
    assert await listed(ben) == []
    (request,) = (await ben.http.get("/api/v1/notifications/requests")).json()
    await ben.http.post(f"/api/v1/notifications/requests/{request['id']}/accept")
    assert [row["unread"] for row in await listed(ben)] == [True]


async def test_of_who_is_blocked_or_muted_there_is_none(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await befriend(anna, ben)
    await anna.post("@ben psst", visibility="direct")
    for verb in ("mute", "block"):
        await ben.http.post(f"/api/v1/accounts/{anna.account.id}/{verb}")
        assert await listed(ben) == []
        await ben.http.post(f"/api/v1/accounts/{anna.account.id}/un{verb}")
    assert len(await listed(ben)) == 1


async def test_old_clients_read_the_messages_themselves(enter: Enter) -> None:
    anna, ben, cara = await enter("anna"), await enter("ben"), await enter("cara")
    sent = await anna.post("@ben psst", visibility="direct")
    await cara.post("@cara mine", visibility="direct")
    await anna.post("@ben aloud")
    for person in (anna, ben):
        found = (await person.http.get("/api/v1/timelines/direct")).json()
        assert [entry["id"] for entry in found] == [sent["id"]]


async def test_a_token_without_the_scope_is_refused(enter: Enter) -> None:
    anna = await enter("anna", "read:accounts", "write:statuses")
    assert (await anna.http.get(PATH)).status_code == 403
    assert (await anna.http.get("/api/v1/timelines/direct")).status_code == 403
    assert (await anna.http.post(f"{PATH}/1/read")).status_code == 403
    assert (await anna.http.delete(f"{PATH}/1")).status_code == 403


async def test_who_got_a_message_keeps_it_when_an_edit_names_them_no_longer(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await befriend(anna, ben)
    post = await anna.post("@ben psst", visibility="direct")
    await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "psst"})
    assert [row["last_status"]["id"] for row in await listed(ben)] == [post["id"]]
