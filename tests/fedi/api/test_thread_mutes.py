"""Threads of which somebody wants to hear no more, through the API."""

from typing import Any

import pytest

from tests.fedi.api.conftest import Enter, Person

pytestmark = pytest.mark.anyio


async def told(person: Person) -> list[str]:
    answer = await person.http.get("/api/v1/notifications")
    return [entry["type"] for entry in answer.json()]


async def mute(person: Person, post: dict[str, Any], verb: str = "mute", status: int = 200) -> dict[str, Any]:
    answer = await person.http.post(f"/api/v1/statuses/{post['id']}/{verb}")
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def muted(person: Person) -> dict[str, bool]:
    answer = await person.http.get("/api/v1/timelines/home")
    return {entry["id"]: entry["muted"] for entry in answer.json()}


async def test_a_muted_thread_is_silent_until_it_is_not(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post, other = await anna.post("a thread"), await anna.post("another")
    answer = await anna.post("of mine", in_reply_to_id=post["id"])
    assert (await mute(anna, answer))["muted"] is True
    assert await muted(anna) == {post["id"]: True, answer["id"]: True, other["id"]: False}
    await ben.post("@anna what?", in_reply_to_id=post["id"])
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    assert await told(anna) == []
    await ben.post("@anna what?", in_reply_to_id=other["id"])
    assert await told(anna) == ["mention"]
    await mute(anna, answer)  # a second time changes nothing
    assert (await mute(anna, post, "unmute"))["muted"] is False
    assert set((await muted(anna)).values()) == {False}
    await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    assert await told(anna) == ["reblog", "mention"]
    shown = (await ben.http.get(f"/api/v1/statuses/{post['id']}")).json()
    assert shown["muted"] is False, "it is hers alone"


async def test_of_a_boost_the_thread_of_the_boosted_is_meant(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await ben.post("a thread")
    boost = (await anna.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    assert (await mute(anna, boost))["id"] == post["id"]
    wrapper = (await anna.http.get(f"/api/v1/statuses/{boost['id']}")).json()
    assert (wrapper["muted"], wrapper["reblog"]["muted"]) == (True, True)


async def test_what_one_may_not_see_cannot_be_muted(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await ben.post("for me", visibility="direct")
    for verb in ("mute", "unmute"):
        await mute(anna, post, verb, 404)


async def test_a_token_without_the_scope_is_refused(enter: Enter) -> None:
    anna = await enter("anna", "read", "write:statuses")
    post = await anna.post("x")
    for verb in ("mute", "unmute"):
        await mute(anna, post, verb, 403)
