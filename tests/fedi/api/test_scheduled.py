"""Posts that come out later, as clients make and see them."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Attachment
from fedi.services import scheduling
from fedi.services.attaching import UNPOSTED_S
from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/scheduled_statuses"
PARAMS = {
    "text", "media_ids", "sensitive", "spoiler_text", "visibility", "language", "scheduled_at", "poll",
    "idempotency", "with_rate_limit", "in_reply_to_id", "application_id", "quoted_status_id",
    "quote_approval_policy",
}  # fmt: skip


def later(server: "Server", **ahead: float) -> str:
    """Return a moment as clients write it."""
    return (server.clock() + timedelta(**(ahead or {"hours": 1}))).isoformat()


async def schedule(server: "Server", person: Person, text: str = "later", **more: Any) -> dict[str, Any]:
    return await person.post(text, scheduled_at=more.pop("at", None) or later(server), **more)


async def texts(server: "Server", name: str = "anna") -> list[str]:
    """Return what somebody has published, oldest first."""
    account = (await http_client(server).get("/api/v1/accounts/lookup", params={"acct": name})).json()
    found = (await http_client(server).get(f"/api/v1/accounts/{account['id']}/statuses")).json()
    return [re.sub("<[^>]+>", "", post["content"]) for post in reversed(found)]


async def test_a_scheduled_post_comes_out_when_its_time_comes(
    server: "Server", enter: Enter, picture: bytes
) -> None:
    anna = await enter("anna", password="long enough")
    media = (await anna.http.post("/api/v2/media", files={"file": picture})).json()
    made = await schedule(
        server, anna, "in an hour", media_ids=[media["id"]], visibility="unlisted", spoiler_text="soon"
    )
    assert made.keys() == {"id", "scheduled_at", "params", "media_attachments", "fedi"}
    assert made["params"].keys() == PARAMS
    assert made["params"]["text"] == "in an hour"
    assert (made["params"]["visibility"], made["params"]["media_ids"]) == ("unlisted", [media["id"]])
    assert (made["params"]["scheduled_at"], made["params"]["quote_approval_policy"]) == (None, "public")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made["scheduled_at"])
    assert [one["id"] for one in made["media_attachments"]] == [media["id"]]
    assert (await anna.http.get(PATH)).json() == [made]
    assert (await anna.http.get(f"{PATH}/{made['id']}")).json() == made
    server.clock.advance(3500)
    await server.work()
    assert await texts(server) == []
    server.clock.advance(200)
    await server.work()
    assert (await anna.http.get(PATH)).json() == []
    assert (await anna.http.get(f"{PATH}/{made['id']}")).status_code == 404
    [post] = (await anna.http.get(f"/api/v1/accounts/{anna.account.id}/statuses")).json()
    assert (post["visibility"], post["spoiler_text"]) == ("unlisted", "soon")
    assert post["application"]["name"] == "Test client"
    assert [one["id"] for one in post["media_attachments"]] == [media["id"]]


async def test_a_poll_an_answer_and_a_quote_come_out_as_they_were_asked(
    server: "Server", enter: Enter
) -> None:
    anna = await enter("anna")
    first = await anna.post("first")
    poll = {"options": ["red", "blue"], "expires_in": 600, "multiple": True}
    made = await schedule(server, anna, "which?", poll=poll, in_reply_to_id=first["id"], language="de")
    assert made["params"]["poll"] == poll | {"hide_totals": False}
    assert made["params"]["in_reply_to_id"] == int(first["id"])
    quote = await schedule(server, anna, "see", quoted_status_id=first["id"], quote_approval_policy="nobody")
    assert quote["params"]["quoted_status_id"] == first["id"]
    server.clock.advance(3601)
    await server.work()
    found = (await anna.http.get(f"/api/v1/accounts/{anna.account.id}/statuses")).json()
    by_text = {re.sub("<[^>]+>", "", post["content"]): post for post in found}
    asked = by_text["which?"]
    assert (asked["in_reply_to_id"], asked["language"]) == (first["id"], "de")
    assert (asked["poll"]["multiple"], len(asked["poll"]["options"])) == (True, 2)
    [quoting] = [post for post in found if post["quote"]]
    assert quoting["quote"]["quoted_status"]["id"] == first["id"]
    assert quoting["quote_approval"]["automatic"] == []


@pytest.mark.parametrize(
    "at", ["in 4 minutes", "an hour ago", "tomorrow", "2026-99-01", "9999-12-31T23:59-12:00"]
)
async def test_what_is_too_soon_or_no_moment_is_refused_and_nothing_is_posted(
    server: "Server", enter: Enter, at: str
) -> None:
    anna = await enter("anna")
    moments = {"in 4 minutes": later(server, minutes=4), "an hour ago": later(server, hours=-1)}
    answer = await anna.http.post(
        "/api/v1/statuses", json={"status": "x", "scheduled_at": moments.get(at, at)}
    )
    assert answer.status_code == 422
    assert (await anna.http.get(PATH)).json() == []
    assert await texts(server) == []


async def test_a_client_that_names_no_time_posts_at_once(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    posted = await anna.post("now", scheduled_at=None)
    assert "content" in posted
    assert "content" in await anna.post("and now", scheduled_at="")
    assert await texts(server) == ["now", "and now"]


async def test_another_time_is_the_only_time(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    made = await schedule(server, anna)
    path = f"{PATH}/{made['id']}"
    moved = (await anna.http.put(path, data={"scheduled_at": later(server, hours=3)})).json()
    assert moved["id"] == made["id"]
    assert moved["scheduled_at"] > made["scheduled_at"]
    for refused in ({}, {"scheduled_at": later(server, minutes=1)}):
        assert (await anna.http.put(path, json=refused)).status_code == 422
    server.clock.advance(2 * 3600)
    await server.work()
    assert await texts(server) == []
    earlier = (await anna.http.patch(path, json={"scheduled_at": later(server, minutes=10)})).json()
    assert earlier["scheduled_at"] < moved["scheduled_at"]
    server.clock.advance(601)
    await server.work()
    assert await texts(server) == ["later"]
    server.clock.advance(3 * 3600)
    await server.work()
    assert await texts(server) == ["later"], "the job of the later time finds nothing"


async def test_pictures_wait_with_their_post_and_are_let_go_with_it(
    server: "Server", enter: Enter, picture: bytes
) -> None:
    anna = await enter("anna")
    media = (await anna.http.post("/api/v2/media", files={"file": picture})).json()
    made = await schedule(server, anna, media_ids=[media["id"]], at=later(server, days=5))
    again = {"status": "x", "media_ids": [media["id"]]}
    assert (await anna.http.post("/api/v1/statuses", json=again)).status_code == 422
    assert (await anna.http.put(f"/api/v1/media/{media['id']}", json={"description": "x"})).status_code == 404
    assert (await anna.http.delete(f"/api/v1/media/{media['id']}")).status_code == 422
    server.clock.advance(UNPOSTED_S + 1)
    await server.work()
    assert await looking.count(server, Attachment) == 1, "it would have been erased by now"
    assert (await anna.http.delete(f"{PATH}/{made['id']}")).json() == {}
    assert (await anna.http.get(f"{PATH}/{made['id']}")).status_code == 404
    server.clock.advance(5 * 24 * 3600)
    await server.work()
    assert await texts(server) == []
    assert await looking.count(server, Attachment) == 0


async def test_the_same_key_schedules_once(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    body = {"status": "once", "scheduled_at": later(server)}
    headers = {"idempotency-key": "k1"}
    first = (await anna.http.post("/api/v1/statuses", json=body, headers=headers)).json()
    again = (await anna.http.post("/api/v1/statuses", json=body, headers=headers)).json()
    assert again == first
    assert first["params"]["idempotency"] == "k1"
    assert len((await anna.http.get(PATH)).json()) == 1
    server.clock.advance(3601)
    await server.work()
    late = await anna.http.post("/api/v1/statuses", json=body, headers=headers)
    assert late.status_code == 404
    assert await texts(server) == ["once"]


async def test_a_list_is_paged_and_everybody_sees_only_their_own(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    made = [await schedule(server, anna, f"number {n}") for n in range(3)]
    page = await anna.http.get(PATH, params={"limit": 2})
    assert [one["id"] for one in page.json()] == [made[2]["id"], made[1]["id"]]
    rest = await anna.http.get(page.links["next"]["url"])
    assert [one["id"] for one in rest.json()] == [made[0]["id"]]
    assert (await ben.http.get(PATH)).json() == []
    path = f"{PATH}/{made[0]['id']}"
    for question in (
        ben.http.get(path),
        ben.http.delete(path),
        ben.http.put(path, json={"scheduled_at": later(server)}),
    ):
        assert (await question).status_code == 404
    assert len((await anna.http.get(PATH)).json()) == 3
    token = await token_for(server, anna.account, "read")
    reader = http_client(server, authorization=f"Bearer {token}")
    assert (await reader.get(path)).status_code == 200
    assert (await reader.delete(path)).status_code == 403
    assert (await reader.put(path, json={"scheduled_at": later(server)})).status_code == 403
    assert (await http_client(server).get(PATH)).status_code == 401


async def test_nobody_schedules_more_than_fits(
    server: "Server", enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await enter("anna")
    assert (scheduling.DAILY_MAX, scheduling.TOTAL_MAX) == (25, 300)
    monkeypatch.setattr(scheduling, "DAILY_MAX", 2)
    monkeypatch.setattr(scheduling, "TOTAL_MAX", 3)
    noon = (server.clock() + timedelta(days=2)).astimezone(UTC).replace(hour=12)
    days = [noon + timedelta(days=n) for n in range(3)]

    async def at(moment: datetime) -> int:
        body = {"status": "x", "scheduled_at": moment.isoformat()}
        return (await anna.http.post("/api/v1/statuses", json=body)).status_code

    assert [await at(days[0]), await at(days[0]), await at(days[0])] == [200, 200, 422]
    assert [await at(days[1]), await at(days[2])] == [200, 422]
    [other, *_] = (await anna.http.get(PATH)).json()
    moved = await anna.http.put(f"{PATH}/{other['id']}", json={"scheduled_at": days[0].isoformat()})
    assert moved.status_code == 422


async def test_what_cannot_come_out_stays_with_the_reason(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    parent = await ben.post("here today")
    made = await schedule(server, anna, "an answer", in_reply_to_id=parent["id"])
    await ben.http.delete(f"/api/v1/statuses/{parent['id']}")
    server.clock.advance(3601)
    await server.work()
    [kept] = (await anna.http.get(PATH)).json()
    assert kept["id"] == made["id"]
    assert kept["fedi"]["error"]
    assert await texts(server) == []
    # Another time is another try, and gets the same answer.
    again = (await anna.http.put(f"{PATH}/{made['id']}", json={"scheduled_at": later(server)})).json()
    assert again["fedi"]["error"] is None
    server.clock.advance(3601)
    await server.work()
    assert (await anna.http.get(f"{PATH}/{made['id']}")).json()["fedi"]["error"]


async def test_what_cannot_be_posted_is_not_scheduled(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    for given in ({"status": "x" * 5000}, {"status": "x", "media_ids": ["1"]}, {"status": ""}):
        answer = await anna.http.post("/api/v1/statuses", json={**given, "scheduled_at": later(server)})
        assert answer.status_code == 422, given
    assert (await anna.http.get(PATH)).json() == []


async def test_a_picture_can_be_asked_for_later(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    await schedule(server, anna, "/imagine a red boat")
    server.clock.advance(3601)
    await server.work("default")
    [draft] = (await anna.http.get(f"/api/v1/accounts/{anna.account.id}/statuses")).json() or [None]
    assert draft is not None
    assert "a red boat" in draft["content"]
