"""Polls over the API: asking with a post, showing and voting, in Mastodon's shapes and words."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account, Poll
from fedi.services import polling
from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person, http_client, token_for
from tests.fedi.remote import RemoteActor

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

ASKED = {"options": ["red", "blue"], "expires_in": 3600}
KEYS = {
    "id", "expires_at", "expired", "multiple", "votes_count", "voters_count", "options", "emojis", "voted",
    "own_votes",
}  # fmt: skip


async def asks(person: Person, **more: Any) -> dict[str, Any]:
    """Publish a poll, and return its post."""
    poll: dict[str, Any] = ASKED | more.pop("poll", {})
    return await person.post("which?", poll=poll, **more)


async def vote(person: Person, poll: dict[str, Any], *choices: Any) -> Any:
    return await person.http.post(f"/api/v1/polls/{poll['id']}/votes", json={"choices": list(choices)})


async def test_a_poll_stands_in_its_post_and_alone(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    post = await asks(anna)
    poll = post["poll"]
    assert poll.keys() == KEYS
    assert poll["options"] == [{"title": "red", "votes_count": 0}, {"title": "blue", "votes_count": 0}]
    assert (poll["expired"], poll["multiple"], poll["voters_count"], poll["voted"]) == (False, False, 0, True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", poll["expires_at"])
    assert (await anna.http.get(f"/api/v1/polls/{poll['id']}")).json() == poll
    seen = (await http_client(server).get(f"/api/v1/polls/{poll['id']}")).json()
    assert seen.keys() == KEYS - {"voted", "own_votes"}
    assert (await anna.post("none"))["poll"] is None


async def test_a_boost_shows_the_poll_inside(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await asks(anna)
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    assert boost["poll"] is None
    assert boost["reblog"]["poll"]["id"] == post["poll"]["id"]


@pytest.mark.parametrize(
    ("encoded", "multiple"),
    [
        ("status=x&poll[options][]=a&poll[options][]=b&poll[expires_in]=300&poll[multiple]=true", True),
        ("status=x&poll[options][0]=a&poll[options][1]=b&poll[expires_in]=300&poll[multiple]=False", False),
    ],
)
async def test_a_poll_is_read_from_a_form_too(enter: Enter, encoded: str, multiple: bool) -> None:
    anna = await enter("anna")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await anna.http.post("/api/v1/statuses", content=encoded, headers=headers)
    poll = answer.json()["poll"]
    assert [option["title"] for option in poll["options"]] == ["a", "b"]
    assert poll["multiple"] is multiple


@pytest.mark.parametrize(
    "poll",
    [
        {"options": ["a", "b"]},
        {"options": ["a"], "expires_in": 300},
        {"options": ["a", "b"], "expires_in": "soon"},
        {"options": ["a", "b"], "expires_in": 1},
        {"options": ["a", "b"], "expires_in": 10**10},
        {"options": {"x": {}}, "expires_in": 300},
        {"expires_in": 300},
    ],
)
async def test_what_cannot_be_asked_is_refused(enter: Enter, poll: dict[str, Any]) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/statuses", json={"status": "x", "poll": poll})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed: ")


async def test_a_picture_has_no_poll(enter: Enter) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/statuses", json={"status": "/imagine a cat", "poll": ASKED})
    assert answer.status_code == 422


async def test_a_vote_is_answered_with_the_poll(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    poll = (await asks(anna, poll={"multiple": True}))["poll"]
    answer = await vote(ben, poll, "1", 0)
    assert answer.status_code == 200
    voted = answer.json()
    assert (voted["voted"], voted["own_votes"], voted["votes_count"], voted["voters_count"]) == (
        True, [0, 1], 2, 1,
    )  # fmt: skip
    home = (await ben.http.get("/api/v1/accounts/lookup?acct=anna")).json()["id"]
    (post,) = (await ben.http.get(f"/api/v1/accounts/{home}/statuses")).json()
    assert post["poll"] == voted


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ([], "does not exist"),
        ([2], "does not exist"),
        (["blue"], "does not exist"),
        ([-1], "does not exist"),
        ([10**30], "does not exist"),
        ([0, 1], "already voted"),
    ],
)
async def test_a_vote_that_cannot_be_is_refused_in_mastodons_words(
    enter: Enter, choices: list[Any], sentence: str
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    answer = await vote(ben, (await asks(anna))["poll"], *choices)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


async def test_nobody_votes_twice_or_late_or_for_themselves(server: "Server", enter: Enter) -> None:
    anna, ben, carl = await enter("anna"), await enter("ben"), await enter("carl")
    poll = (await asks(anna))["poll"]
    assert (await vote(ben, poll, 0)).status_code == 200
    assert (await vote(ben, poll, 1)).json()["error"] == (
        "Validation failed: You have already voted on this poll"
    )
    assert (await vote(anna, poll, 1)).status_code == 422
    server.clock.advance(3600)
    assert (await vote(carl, poll, 1)).json()["error"] == "Validation failed: The poll has already ended"


async def test_a_poll_that_one_may_not_see_is_not_there(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    poll = (await asks(anna, visibility="private"))["poll"]
    assert (await ben.http.get(f"/api/v1/polls/{poll['id']}")).status_code == 404
    assert (await http_client(server).get(f"/api/v1/polls/{poll['id']}")).status_code == 404
    assert (await vote(ben, poll, 0)).status_code == 404
    assert await looking.count(server, Poll, Poll.voters_count > 0) == 0


@pytest.mark.parametrize("poll_id", ["0", "x", "9" * 30])
async def test_a_poll_that_does_not_exist_is_not_found(enter: Enter, poll_id: str) -> None:
    anna = await enter("anna")
    assert (await anna.http.get(f"/api/v1/polls/{poll_id}")).status_code == 404
    assert (await vote(anna, {"id": poll_id}, 0)).status_code == 404


async def test_votes_need_the_scope_and_a_person(server: "Server", enter: Enter) -> None:
    anna, reader = await enter("anna"), await enter("reader", "read")
    poll = (await asks(anna))["poll"]
    assert (await vote(reader, poll, 0)).status_code == 403
    nobody = http_client(server)
    assert (await nobody.post(f"/api/v1/polls/{poll['id']}/votes", json={"choices": [0]})).status_code == 401
    writer = await token_for(server, anna.account, "write")
    blind = http_client(server, authorization=f"Bearer {writer}")
    assert (await blind.get(f"/api/v1/polls/{poll['id']}")).status_code == 403


async def test_hidden_totals_are_shown_at_the_end(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    poll = (await asks(anna, poll={"hide_totals": True}))["poll"]
    hidden = (await vote(ben, poll, 0)).json()
    assert [option["votes_count"] for option in hidden["options"]] == [None, None]
    server.clock.advance(3600)
    await server.work("default")
    shown = (await anna.http.get(f"/api/v1/polls/{poll['id']}")).json()
    assert shown["expired"] is True
    assert [option["votes_count"] for option in shown["options"]] == [1, 0]
    assert [entry["type"] for entry in (await ben.http.get("/api/v1/notifications")).json()] == ["poll"]


async def test_a_poll_elsewhere_is_asked_for_news_when_somebody_looks(
    server: "Server", enter: Enter, bob: RemoteActor, alice: Account
) -> None:
    anna = await enter("anna")
    await looking.follow(server, alice, bob)
    options = [{"type": "Note", "name": name, "replies": {"totalItems": 1}} for name in ("yes", "no\u202e")]
    note = bob.note(type="Question", anyOf=options)
    await looking.verdict(server, bob, bob.creates(note))
    post = await looking.get_post(server, note["id"])
    poll = (await anna.http.get(f"/api/v1/statuses/{post.id}")).json()["poll"]
    assert (poll["voters_count"], poll["expires_at"]) == (None, None)
    assert [option["title"] for option in poll["options"]] == ["yes", "no"]
    options[0]["replies"] = {"totalItems": 7}
    bob.home.serve(note["id"], note)
    server.clock.advance(60)
    assert (await http_client(server).get(f"/api/v1/polls/{poll['id']}")).json()["votes_count"] == 2
    assert (await anna.http.get(f"/api/v1/polls/{poll['id']}")).json()["votes_count"] == 8


async def test_the_limits_of_polls_are_published(enter: Enter) -> None:
    anna = await enter("anna")
    said = (await anna.http.get("/api/v2/instance")).json()["configuration"]["polls"]
    assert said == {
        "max_options": polling.OPTIONS_MAX,
        "max_characters_per_option": polling.OPTION_CHARACTERS_MAX,
        "min_expiration": polling.DURATION_S_MIN,
        "max_expiration": polling.DURATION_S_MAX,
    }
