"""Posts through the API."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Account, Follow, FollowState, Post
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

MISSING = {"error": "Record not found"}


async def follow(server: "Server", follower: Person, target: Person) -> None:
    answer = await follower.http.post(f"/api/v1/accounts/{target.account.id}/follow")
    assert answer.json()["following"] is True


@pytest.mark.parametrize("kind", ["data", "json", "files", "params"])
async def test_a_post_may_be_sent_in_any_way(enter: Enter, kind: str) -> None:
    anna = await enter("anna")
    body: dict[str, Any] = {
        "status": "Hello",
        "visibility": "unlisted",
        "sensitive": "True",
        "language": "de",
    }
    if kind == "files":
        body = {name: (None, value) for name, value in body.items()}
    post = (await anna.http.post("/api/v1/statuses", **{kind: body})).json()
    assert post["content"] == "<p>Hello</p>"
    assert (post["visibility"], post["sensitive"], post["language"]) == ("unlisted", True, "de")
    assert post["application"] == {"name": "Test client", "website": None}
    assert post["url"] == f"https://fedi.test/@anna/{post['id']}"


async def test_defaults_come_from_the_authors_login(server: "Server", enter: Enter) -> None:
    bot = await enter("bot", bot=True, password="long enough")
    assert (await bot.post("x"))["visibility"] == "unlisted"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "   "},
        {"status": "x" * 2001},
        {"status": "x", "visibility": "secret"},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x", "media_ids": ["nonsense"]},
        {"status": "x", "poll": {"options": ["a"], "expires_in": 300}},
        {"status": {"a": "b"}},
    ],
)
async def test_what_cannot_be_posted_is_refused_with_a_sentence(enter: Enter, body: dict[str, Any]) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/statuses", json=body)
    assert answer.status_code == 422
    assert len(answer.json()["error"]) > 10
    assert (await anna.http.get("/api/v1/timelines/home")).json() == []


@pytest.mark.parametrize("parent", ["1", "nonsense", "99999999999999999999"])
async def test_an_answer_to_nothing_is_refused(enter: Enter, parent: str) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v1/statuses", json={"status": "x", "in_reply_to_id": parent})
    assert answer.status_code == 404


async def test_the_same_key_makes_the_same_post(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.http.post("/api/v1/statuses", json={"status": "x"}, headers={"idempotency-key": "k"})
    again = await anna.http.post("/api/v1/statuses", json={"status": "x"}, headers={"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = await ben.http.post("/api/v1/statuses", json={"status": "x"}, headers={"idempotency-key": "k"})
    assert other.json()["id"] != first.json()["id"]
    too_long = await anna.http.post(
        "/api/v1/statuses", json={"status": "x"}, headers={"idempotency-key": "k" * 999}
    )
    assert too_long.status_code == 422


async def test_html_is_text_and_links_are_links(enter: Enter) -> None:
    anna = await enter("anna")
    content = (await anna.post("<script>alert(1)</script> https://example.com/a #Tag @anna"))["content"]
    assert "<script" not in content
    assert '<a href="https://example.com/a"' in content
    assert '<a href="https://fedi.test/tags/tag" class="mention hashtag"' in content
    assert '<a href="https://fedi.test/@anna" class="u-url mention"' in content


async def test_hostile_html_from_elsewhere_is_cleaned_on_the_way_out(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("x")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Post, int(post["id"]))).content = '<p onclick="x">a<img src=x onerror=y></p>'
    seen = (await anna.http.get(f"/api/v1/statuses/{post['id']}")).json()
    assert seen["content"] == "<p>a</p>"


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_who_may_not_see_a_post_cannot_tell_that_it_exists(
    server: "Server", enter: Enter, visibility: str
) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await follow(server, ben, anna)
    post = await anna.post("for @ben", visibility=visibility)
    path = f"/api/v1/statuses/{post['id']}"
    assert (await ben.http.get(path)).status_code == 200
    for stranger in (eve.http, server.client):
        for tail in ("", "/context"):
            answer = await stranger.get(path + tail)
            assert (answer.status_code, answer.json()) == (404, MISSING)
    for verb in ("favourite", "unfavourite", "reblog", "unreblog"):
        assert (await eve.http.post(f"{path}/{verb}")).status_code == 404
    answer = await eve.http.post("/api/v1/statuses", json={"status": "x", "in_reply_to_id": post["id"]})
    assert answer.status_code == 404
    for found in (
        (await eve.http.get(f"/api/v1/accounts/{anna.account.id}/statuses")).json(),
        (await server.client.get("/api/v1/timelines/public")).json(),
        (await eve.http.get("/api/v2/search", params={"q": post["uri"], "resolve": "true"})).json()[
            "statuses"
        ],
    ):
        assert found == []


async def test_only_the_author_deletes_and_reads_the_source(server: "Server", enter: Enter) -> None:
    anna, eve = await enter("anna"), await enter("eve")
    post = await anna.post("*hello*", spoiler_text="cw")
    path = f"/api/v1/statuses/{post['id']}"
    assert (await eve.http.delete(path)).status_code == 404
    assert (await eve.http.get(f"{path}/source")).status_code == 404
    source = (await anna.http.get(f"{path}/source")).json()
    assert source == {"id": post["id"], "text": "*hello*", "spoiler_text": "cw"}
    assert (await anna.http.delete(path)).status_code == 200
    assert (await anna.http.get(path)).status_code == 404
    assert (await anna.http.delete(path)).status_code == 404


async def test_a_deleted_post_can_be_written_again_with_its_picture(enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    media = (await anna.http.post("/api/v2/media", files={"file": ("a.jpg", picture)})).json()
    post = await anna.post("one", media_ids=[media["id"]])
    gone = (await anna.http.delete(f"/api/v1/statuses/{post['id']}")).json()
    again = await anna.post(gone["text"] + "!", media_ids=[gone["media_attachments"][0]["id"]])
    assert again["media_attachments"][0]["id"] == media["id"]


async def test_likes_are_counted_and_taken_back(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    path = f"/api/v1/statuses/{post['id']}"
    for _ in range(2):
        liked = (await ben.http.post(f"{path}/favourite")).json()
        assert (liked["favourited"], liked["favourites_count"]) == (True, 1)
    assert (await anna.http.get(path)).json()["favourited"] is False
    assert [found["id"] for found in (await ben.http.get("/api/v1/favourites")).json()] == [post["id"]]
    for _ in range(2):
        unliked = (await ben.http.post(f"{path}/unfavourite")).json()
        assert (unliked["id"], unliked["favourited"], unliked["favourites_count"]) == (post["id"], False, 0)


async def test_boosts_are_wrapped_counted_and_taken_back(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    assert (boost["reblog"]["id"], boost["reblog"]["reblogged"]) == (post["id"], True)
    assert (boost["account"]["username"], boost["reblog"]["account"]["username"]) == ("ben", "anna")
    again = (await ben.http.post(f"/api/v1/statuses/{boost['id']}/reblog")).json()
    assert again["id"] == boost["id"]
    liked = (await ben.http.post(f"/api/v1/statuses/{boost['id']}/favourite")).json()
    assert (liked["id"], liked["favourited"]) == (post["id"], True)
    undone = (await ben.http.post(f"/api/v1/statuses/{boost['id']}/unreblog")).json()
    assert (undone["id"], undone["reblogged"], undone["reblogs_count"]) == (post["id"], False, 0)


async def test_deleting_a_boost_takes_it_back(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    assert (await anna.http.delete(f"/api/v1/statuses/{boost['id']}")).status_code == 404
    assert (await ben.http.delete(f"/api/v1/statuses/{boost['id']}")).status_code == 200
    assert (await anna.http.get(f"/api/v1/statuses/{post['id']}")).json()["reblogs_count"] == 0


async def test_what_is_not_for_passing_on_is_not_boosted(enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("@anna x", visibility="direct")
    assert (await anna.http.post(f"/api/v1/statuses/{post['id']}/reblog")).status_code == 422
    public = await anna.post("x")
    answer = await anna.http.post(f"/api/v1/statuses/{public['id']}/reblog", json={"visibility": "direct"})
    assert answer.status_code == 422


async def test_a_boost_does_not_bring_back_a_suspended_persons_post(server: "Server", enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    post = await anna.post("x")
    boost = (await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")).json()
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, anna.account.id)).suspended_at = server.clock()
    for identifier in (post["id"], boost["id"]):
        assert (await eve.http.get(f"/api/v1/statuses/{identifier}")).status_code == 404
    assert (await ben.http.get("/api/v1/timelines/home")).json() == []


async def test_the_thread_is_shown_around_a_post(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first = await anna.post("1")
    second = await ben.post("2", in_reply_to_id=first["id"])
    third = await anna.post("3", in_reply_to_id=second["id"])
    sibling = await anna.post("2b", in_reply_to_id=first["id"])
    answer = await anna.post("2.1", in_reply_to_id=second["id"])
    around = (await anna.http.get(f"/api/v1/statuses/{second['id']}/context")).json()
    assert [post["id"] for post in around["ancestors"]] == [first["id"]]
    assert [post["id"] for post in around["descendants"]] == [third["id"], answer["id"]]
    top = (await anna.http.get(f"/api/v1/statuses/{first['id']}/context")).json()
    assert [post["id"] for post in top["descendants"]] == [
        second["id"],
        third["id"],
        answer["id"],
        sibling["id"],
    ]
    assert second["in_reply_to_account_id"] == str(anna.account.id)
    assert (await anna.http.get(f"/api/v1/statuses/{first['id']}")).json()["replies_count"] == 2


async def test_being_mentioned_opens_nothing_above(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    secret = await anna.post("@ben secret", visibility="direct")
    answer = await ben.post("@anna @eve look", visibility="direct", in_reply_to_id=secret["id"])
    around = (await eve.http.get(f"/api/v1/statuses/{answer['id']}/context")).json()
    assert around == {"ancestors": [], "descendants": []}


async def test_a_picture_that_is_wished_for_is_a_draft_at_once_and_a_post_later(
    server: "Server", enter: Enter
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await follow(server, ben, anna)
    draft = await anna.post("/imagine a fox in the snow", visibility="public")
    assert "a fox in the snow" in draft["content"]
    assert draft["media_attachments"] == [], "an attachment without an address breaks clients"
    assert [post["id"] for post in (await anna.http.get("/api/v1/timelines/home")).json()] == [draft["id"]]
    assert (await ben.http.get(f"/api/v1/statuses/{draft['id']}")).status_code == 404
    assert (await ben.http.get("/api/v1/timelines/home")).json() == []

    await server.work()

    finished = (await anna.http.get(f"/api/v1/statuses/{draft['id']}")).json()
    assert int(finished["id"]) > int(draft["id"])
    assert finished["visibility"] == "public"
    assert finished["fedi"]["generated"] is True
    assert finished["fedi"]["prompt"] == "a fox in the snow"
    (media,) = finished["media_attachments"]
    assert media["description"]
    assert media["blurhash"]
    assert media["meta"]["original"]["width"] == 64
    for person in (anna, ben):
        home = (await person.http.get("/api/v1/timelines/home")).json()
        assert [post["id"] for post in home] == [finished["id"]]
    reply = await anna.post("x", in_reply_to_id=draft["id"])
    assert reply["in_reply_to_id"] == finished["id"]
    gone = await anna.http.delete(f"/api/v1/statuses/{draft['id']}")
    assert gone.json()["id"] == finished["id"]
    assert (await anna.http.get(f"/api/v1/statuses/{draft['id']}")).status_code == 404


async def test_a_draft_can_be_deleted_before_it_is_drawn(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    draft = await anna.post("/imagine a fox")
    assert (await anna.http.delete(f"/api/v1/statuses/{draft['id']}")).status_code == 200
    await server.work()
    assert (await anna.http.get("/api/v1/timelines/home")).json() == []


async def test_two_slashes_write_about_the_command(enter: Enter) -> None:
    anna = await enter("anna")
    assert (await anna.post("//imagine is a command"))["content"] == "<p>/imagine is a command</p>"


async def test_a_pending_follow_opens_nothing(server: "Server", enter: Enter) -> None:
    anna, eve = await enter("anna"), await enter("eve")
    post = await anna.post("x", visibility="private")
    async with server.ctx.db.write() as tx:
        tx.add(
            Follow(
                id=1,
                account_id=eve.account.id,
                target_id=anna.account.id,
                state=FollowState.PENDING,
                iri="https://x/",
                created_at=server.clock(),
            )
        )
    assert (await eve.http.get(f"/api/v1/statuses/{post['id']}")).status_code == 404
