"""Quotes and reactions through the API."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote as escape

import pytest

from activitypub.vocab import PUBLIC
from fedi.models import Post, Reaction
from fedi.queries.quotes import QuoteState
from tests.fedi.api.conftest import Enter, Person
from tests.fedi.services.town import Town

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def get(person: Person, path: str) -> Any:
    answer = await person.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


# --- quotes ---------------------------------------------------------------------------------------------------


async def test_a_quote_holds_the_quoted_post_and_names_what_that_quotes(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.post("one")
    second = await ben.post("two", quoted_status_id=first["id"])
    third = await anna.post("three", quoted_status_id=second["id"])
    assert third["quote"]["state"] == "accepted"
    shown = third["quote"]["quoted_status"]
    assert (shown["id"], shown["account"]["acct"]) == (second["id"], "ben")
    assert shown["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}
    assert third["content"].startswith('<p class="quote-inline">RE: <a href="https://fedi.test/@ben/')
    assert third["content"].endswith("<p>three</p>")
    assert (await get(anna, f"/api/v1/statuses/{first['id']}"))["quotes_count"] == 1


async def test_a_post_that_quotes_nothing_says_so(enter: Enter) -> None:
    post = await (await enter("anna")).post("one")
    assert (post["quote"], post["quotes_count"]) == (None, 0)


@pytest.mark.parametrize("quoted", ["1", "nonsense", "99999999999999999999"])
async def test_nothing_cannot_be_quoted(enter: Enter, quoted: str) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/statuses", json={"status": "x", "quoted_status_id": quoted})
    assert answer.status_code == 404


@pytest.mark.parametrize("state", [state for state in QuoteState if state is not QuoteState.ACCEPTED])
async def test_a_quote_without_leave_shows_nothing_of_the_quoted_post(
    server: "Server", enter: Enter, state: QuoteState
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.post("secretly")
    second = await ben.post("two", quoted_status_id=first["id"])
    third = await anna.post("three", quoted_status_id=second["id"])
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Post, int(second["id"]))).quote_state = state
    seen = await get(anna, f"/api/v1/statuses/{second['id']}")
    assert seen["quote"] == {"state": state, "quoted_status": None}
    assert "secretly" not in str(seen)
    nested = (await get(anna, f"/api/v1/statuses/{third['id']}"))["quote"]["quoted_status"]["quote"]
    assert nested == {"state": state, "quoted_status_id": None}


async def test_a_deleted_quoted_post_is_said_to_be(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.post("one")
    second = await ben.post("two", quoted_status_id=first["id"])
    await anna.http.delete(f"/api/v1/statuses/{first['id']}")
    seen = await get(ben, f"/api/v1/statuses/{second['id']}")
    assert seen["quote"] == {"state": "deleted", "quoted_status": None}


async def test_a_boost_holds_the_quote_in_the_boosted_post_only(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.post("one")
    second = await ben.post("two", quoted_status_id=first["id"])
    boost = (await anna.http.post(f"/api/v1/statuses/{second['id']}/reblog")).json()
    assert boost["quote"] is None
    assert boost["reblog"]["quote"]["quoted_status"]["id"] == first["id"]


APPROVALS = [
    ("public", "public", (["public"], "automatic", "automatic")),
    ("followers", "public", (["followers"], "denied", "automatic")),
    ("nobody", "public", ([], "denied", "automatic")),
    ("public", "private", ([], None, "automatic")),
    ("public", "direct", ([], None, "denied")),
]


@pytest.mark.parametrize(("policy", "visibility", "expected"), APPROVALS)
async def test_a_post_says_who_may_quote_it(
    server: "Server", enter: Enter, policy: str, visibility: str, expected: tuple[list[str], str | None, str]
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one", visibility=visibility, quote_approval_policy=policy)
    automatic, others, own = expected
    assert post["quote_approval"] == {"automatic": automatic, "manual": [], "current_user": own}
    if others is not None:
        path = f"/api/v1/statuses/{post['id']}"
        assert (await get(ben, path))["quote_approval"]["current_user"] == others
        assert (await server.client.get(path)).json()["quote_approval"]["current_user"] == "denied"
        await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
        expected_now = "automatic" if policy == "followers" else others
        assert (await get(ben, path))["quote_approval"]["current_user"] == expected_now


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, ([], [], "denied")),
        ({"automaticApproval": [PUBLIC]}, (["public"], [], "automatic")),
        ({"manualApproval": [PUBLIC]}, ([], ["public"], "manual")),
        ({"automaticApproval": ["https://far.test/users/bob/followers"]}, (["followers"], [], "denied")),
        ({"automaticApproval": ["https://far.test/users/bob"]}, ([], [], "denied")),
        ({"automaticApproval": ["https://far.test/users/bob/following"]}, (["unsupported_policy"], [], "unknown")),
        ({"manualApproval": ["https://far.test/users/eve"]}, ([], ["unsupported_policy"], "unknown")),
    ],
)  # fmt: skip
async def test_the_policies_of_others_are_told_in_mastodons_words(
    server: "Server", enter: Enter, policy: dict[str, list[str]] | None, expected: tuple[list[str], list[str], str]
) -> None:  # fmt: skip
    anna, town = await enter("anna"), Town(server)
    post = await town.keeps("bob@far.test", interaction_policy=policy and {"canQuote": policy})
    seen = await get(anna, f"/api/v1/statuses/{post.id}")
    automatic, manual, mine = expected
    assert seen["quote_approval"] == {"automatic": automatic, "manual": manual, "current_user": mine}


async def test_what_may_not_be_quoted_is_refused_with_a_sentence(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one", quote_approval_policy="nobody")
    answer = await ben.http.post("/api/v1/statuses", json={"status": "x", "quoted_status_id": post["id"]})
    assert answer.status_code == 422
    assert len(answer.json()["error"]) > 10


async def test_a_policy_can_be_changed(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    path = f"/api/v1/statuses/{post['id']}/interaction_policy"
    answer = await anna.http.put(path, json={"quote_approval_policy": "nobody"})
    assert answer.json()["quote_approval"]["automatic"] == []
    for body in ({}, {"quote_approval_policy": "everybody"}):
        assert (await anna.http.put(path, json=body)).status_code == 422
    assert (await ben.http.put(path, json={"quote_approval_policy": "public"})).status_code == 404
    assert (await get(ben, f"/api/v1/statuses/{post['id']}"))["quote_approval"]["current_user"] == "denied"


async def test_a_policy_can_be_changed_with_an_edit(enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("one")
    change = {"status": "two", "quote_approval_policy": "followers"}
    edited = (await anna.http.put(f"/api/v1/statuses/{post['id']}", json=change)).json()
    assert (edited["content"], edited["quote_approval"]["automatic"]) == ("<p>two</p>", ["followers"])


async def test_an_edit_leaves_the_quote(enter: Enter) -> None:
    anna = await enter("anna")
    first = await anna.post("one")
    post = await anna.post("two", quoted_status_id=first["id"])
    edited = (await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "three"})).json()
    assert edited["quote"]["quoted_status"]["id"] == first["id"]
    assert edited["content"].startswith('<p class="quote-inline">')


async def test_quotes_are_listed_in_pages(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    made = [await ben.post(str(number), quoted_status_id=post["id"]) for number in range(3)]
    hidden = await ben.post("for me", visibility="private", quoted_status_id=post["id"])
    pending = await ben.post("pending", quoted_status_id=post["id"])
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Post, int(pending["id"]))).quote_state = QuoteState.PENDING
    path = f"/api/v1/statuses/{post['id']}/quotes"
    assert [entry["id"] for entry in await get(anna, path)] == [entry["id"] for entry in reversed(made)]
    assert hidden["id"] in {entry["id"] for entry in await get(ben, path)}
    first = await anna.http.get(path, params={"limit": 2})
    assert 'rel="next"' in first.headers["link"]
    assert (await server.client.get(path)).status_code == 401
    assert (await anna.http.get("/api/v1/statuses/1/quotes")).status_code == 404


async def test_leave_is_taken_back(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    quote = await ben.post("two", quoted_status_id=post["id"])
    assert [entry["type"] for entry in await get(anna, "/api/v1/notifications")] == ["quote"]
    path = f"/api/v1/statuses/{post['id']}/quotes/{quote['id']}/revoke"
    assert (await ben.http.post(path)).status_code == 404
    answer = await anna.http.post(path)
    assert (answer.status_code, answer.json()["id"]) == (200, quote["id"])
    assert answer.json()["quote"] == {"state": "revoked", "quoted_status": None}
    assert (await anna.http.post(path)).status_code == 404
    assert (await anna.http.post(f"/api/v1/statuses/{post['id']}/quotes/1/revoke")).status_code == 404
    assert await get(anna, f"/api/v1/statuses/{post['id']}/quotes") == []
    assert (await get(anna, f"/api/v1/statuses/{post['id']}"))["quotes_count"] == 0


async def test_quotes_are_written_with_the_right_scope_only(enter: Enter) -> None:
    anna, reader = await enter("anna"), await enter("reader", "read")
    post = await anna.post("one")
    base = f"/api/v1/statuses/{post['id']}"
    assert (await reader.http.put(f"{base}/interaction_policy")).status_code == 403
    assert (await reader.http.post(f"{base}/quotes/1/revoke")).status_code == 403
    assert (await reader.http.put(f"/api/v1/pleroma/statuses/{post['id']}/reactions/x")).status_code == 403


async def test_new_kinds_of_notifications_can_be_chosen(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    quote = await ben.post("two", quoted_status_id=post["id"])
    await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "new"})
    (told,) = await get(ben, "/api/v1/notifications?types[]=quoted_update")
    assert (told["type"], told["status"]["id"]) == ("quoted_update", quote["id"])
    assert await get(ben, "/api/v1/notifications?exclude_types[]=quoted_update") == []


# --- reactions ------------------------------------------------------------------------------------------------


def path_of(post: dict[str, Any], emoji: str = "") -> str:
    tail = f"/{escape(emoji, safe='')}" if emoji else ""
    return f"/api/v1/pleroma/statuses/{post['id']}/reactions{tail}"


async def test_a_post_shows_its_reactions(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    assert post["pleroma"] == {"emoji_reactions": []}
    answer = await ben.http.put(path_of(post, "🦊"))
    assert answer.json()["pleroma"]["emoji_reactions"] == [{"name": "🦊", "count": 1, "me": True}]
    await anna.http.put(path_of(post, "🐺"))
    seen = (await get(anna, f"/api/v1/statuses/{post['id']}"))["pleroma"]["emoji_reactions"]
    assert seen == [{"name": "🦊", "count": 1, "me": False}, {"name": "🐺", "count": 1, "me": True}]
    assert [entry["type"] for entry in await get(anna, "/api/v1/notifications")] == ["favourite"]
    answer = await ben.http.delete(path_of(post, "🦊"))
    assert answer.json()["pleroma"]["emoji_reactions"] == [{"name": "🐺", "count": 1, "me": False}]


async def test_who_reacted_is_listed(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    for person, emoji in ((ben, "🦊"), (anna, "🦊"), (ben, "🐺")):
        await person.http.put(path_of(post, emoji))
    foxes, wolves = await get(ben, path_of(post))
    assert (foxes["name"], foxes["count"], foxes["me"]) == ("🦊", 2, True)
    assert [entry["acct"] for entry in foxes["accounts"]] == ["ben", "anna"]
    assert [entry["acct"] for entry in wolves["accounts"]] == ["ben"]
    assert [entry["name"] for entry in await get(ben, path_of(post, "🐺"))] == ["🐺"]
    assert await get(ben, path_of(post, "🐱")) == []
    stranger = (await server.client.get(path_of(post))).json()
    assert [entry["me"] for entry in stranger] == [False, False]


async def test_custom_emoji_have_a_picture(server: "Server", enter: Enter) -> None:
    anna, town = await enter("anna"), Town(server)
    post = await anna.post("one")
    bob = await town.one("bob@far.test")
    async with server.ctx.db.write() as tx:
        tx.add(
            Reaction(
                id=server.ctx.ids.next(), account_id=bob.id, post_id=int(post["id"]), name="fox@far.test",
                url="https://far.test/fox.png", iri="https://far.test/1", created_at=server.clock(),
            )
        )  # fmt: skip
    expected = {"name": "fox@far.test", "count": 1, "me": False, "url": "https://far.test/fox.png"}
    assert (await get(anna, f"/api/v1/statuses/{post['id']}"))["pleroma"]["emoji_reactions"] == [expected]
    answer = await anna.http.put(path_of(post, ":fox@far.test:"))
    assert answer.json()["pleroma"]["emoji_reactions"] == [expected | {"count": 2, "me": True}]
    (found,) = await get(anna, path_of(post, "fox@far.test"))
    assert [entry["acct"] for entry in found["accounts"]] == ["bob@far.test", "anna"]


@pytest.mark.parametrize("emoji", ["hello", ":fox:", "🦊🦊", "<b>", "x" * 3000])
async def test_what_is_no_emoji_is_refused(enter: Enter, emoji: str) -> None:
    anna = await enter("anna")
    post = await anna.post("one")
    assert (await anna.http.put(path_of(post, emoji))).status_code == 422
    assert (await anna.http.delete(path_of(post, emoji))).status_code == 200


async def test_reacting_to_a_boost_means_the_boosted_post(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one")
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    answer = await ben.http.put(path_of(boost, "🦊"))
    assert answer.json()["id"] == post["id"]
    seen = await get(ben, f"/api/v1/statuses/{boost['id']}")
    assert seen["pleroma"]["emoji_reactions"] == [{"name": "🦊", "count": 1, "me": True}]


async def test_what_one_cannot_see_one_cannot_react_to(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("one", visibility="private")
    for method in ("PUT", "DELETE"):
        assert (await ben.http.request(method, path_of(post, "🦊"))).status_code == 404
    assert (await ben.http.get(path_of(post))).status_code == 404
