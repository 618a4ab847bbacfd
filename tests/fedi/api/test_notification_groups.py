"""Grouped notifications through the API."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

ONE, MANY = "/api/v1/notifications", "/api/v2/notifications"


async def get(person: Person, path: str, **query: Any) -> Any:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def liked(enter: Enter) -> tuple[Person, Person, Person, dict[str, Any]]:
    """Anna's post, favoured by two, boosted by one, and answered to by one; one follows her."""
    anna, ben, cara = await enter("anna"), await enter("ben"), await enter("cara")
    post = await anna.post("x")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await ben.post("@anna hello", in_reply_to_id=post["id"])
    await cara.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    await cara.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    return anna, ben, cara, post


async def test_what_is_alike_is_one(liked: tuple[Person, Person, Person, dict[str, Any]]) -> None:
    anna, ben, cara, post = liked
    found = await get(anna, MANY)
    groups = found["notification_groups"]
    assert [group["type"] for group in groups] == ["follow", "reblog", "favourite", "mention"]
    favours = groups[2]
    singles = await get(anna, ONE)
    favoured = [single for single in singles if single["type"] == "favourite"]
    assert [single["group_key"] for single in favoured] == [favours["group_key"]] * 2
    assert favours["notifications_count"] == 2
    assert favours["sample_account_ids"] == [str(cara.account.id), str(ben.account.id)]
    assert favours["status_id"] == post["id"]
    assert favours["most_recent_notification_id"] == int(favoured[0]["id"])
    assert (favours["page_max_id"], favours["page_min_id"]) == (favoured[0]["id"], favoured[1]["id"])
    assert favours["latest_page_notification_at"] == favoured[0]["created_at"]
    assert groups[3]["group_key"] == f"ungrouped-{groups[3]['page_max_id']}"
    assert {entry["id"] for entry in found["accounts"]} == {str(ben.account.id), str(cara.account.id)}
    assert {entry["id"] for entry in found["statuses"]} >= {post["id"]}
    assert "partial_accounts" not in found


async def test_a_client_says_what_it_can_group(liked: tuple[Person, Person, Person, dict[str, Any]]) -> None:
    anna, _, _, _ = liked
    found = await get(anna, MANY, **{"grouped_types[]": ["follow", "unheard_of"]})
    kinds = [group["type"] for group in found["notification_groups"]]
    assert kinds == ["follow", "reblog", "favourite", "mention", "favourite"]
    alone = [group for group in found["notification_groups"] if group["type"] == "favourite"]
    assert {group["group_key"] for group in alone} == {f"ungrouped-{group['page_max_id']}" for group in alone}
    narrowed = await get(anna, MANY, **{"types[]": ["favourite", "unheard_of"], "limit": 1})
    assert [group["notifications_count"] for group in narrowed["notification_groups"]] == [2]


async def test_faces_are_enough(liked: tuple[Person, Person, Person, dict[str, Any]]) -> None:
    anna, ben, cara, post = liked
    await ben.http.post(f"/api/v1/statuses/{post['id']}/unfavourite")
    dora = cara  # the newest of the favours is hers
    query = {"expand_accounts": "partial_avatars", "types[]": ["favourite"]}
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    found = await get(anna, MANY, **query)
    assert [entry["id"] for entry in found["accounts"]] == [str(ben.account.id)]
    (face,) = found["partial_accounts"]
    assert set(face) == {"id", "acct", "url", "avatar", "avatar_static", "locked", "bot"}
    assert face["id"] == str(dora.account.id)
    assert (await anna.http.get(MANY, params={"expand_accounts": "none"})).status_code == 400


async def test_one_group_is_shown_told_and_put_away(
    liked: tuple[Person, Person, Person, dict[str, Any]],
) -> None:
    anna, ben, cara, _ = liked
    groups = {group["type"]: group for group in (await get(anna, MANY))["notification_groups"]}
    for kind, people in (("favourite", [cara, ben]), ("mention", [ben])):
        key = groups[kind]["group_key"]
        shown = await get(anna, f"{MANY}/{key}")
        assert shown["notification_groups"] == [groups[kind]]
        named = await get(anna, f"{MANY}/{key}/accounts")
        assert [entry["id"] for entry in named] == [str(person.account.id) for person in people]
        assert (await ben.http.get(f"{MANY}/{key}")).status_code == 404
        assert (await ben.http.get(f"{MANY}/{key}/accounts")).json() == []
        assert (await ben.http.post(f"{MANY}/{key}/dismiss")).json() == {}
        assert await get(anna, f"{MANY}/{key}") == shown, "only the owner puts it away"
        assert (await anna.http.post(f"{MANY}/{key}/dismiss")).json() == {}
        assert (await anna.http.get(f"{MANY}/{key}")).status_code == 404
    assert [single["type"] for single in await get(anna, ONE)] == ["follow", "reblog"]
    assert (await anna.http.post(f"{MANY}/clear")).json() == {}
    assert (await get(anna, MANY))["notification_groups"] == []


async def test_both_versions_count_what_they_show_above_the_marker(
    liked: tuple[Person, Person, Person, dict[str, Any]],
) -> None:
    anna, ben, cara, post = liked
    assert await get(anna, f"{ONE}/unread_count") == {"count": 5}
    assert await get(anna, f"{MANY}/unread_count") == {"count": 4}
    assert await get(anna, f"{ONE}/unread_count", limit=2) == {"count": 2}
    assert await get(anna, f"{MANY}/unread_count", **{"types[]": "favourite"}) == {"count": 1}
    newest = (await get(anna, ONE))[0]["id"]
    await anna.http.post("/api/v1/markers", json={"notifications": {"last_read_id": newest}})
    for path in (ONE, MANY):
        assert await get(anna, f"{path}/unread_count") == {"count": 0}
    await anna.http.post(f"/api/v1/accounts/{cara.account.id}/mute")
    assert {entry["account"]["acct"] for entry in await get(anna, ONE)} == {"ben"}
    assert {entry["acct"] for entry in (await get(anna, MANY))["accounts"]} == {"ben"}
    await cara.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    for path in (ONE, MANY):
        assert await get(anna, f"{path}/unread_count") == {"count": 1}, "of whom she mutes she is not told"


async def test_a_group_spans_half_a_day(enter: Enter, server: "Server") -> None:
    anna = await enter("anna")
    post = await anna.post("x")
    for hours, name in ((0, "ben"), (6, "cara"), (7, "dora")):
        server.clock.advance(hours * 3600)
        await (await enter(name)).http.post(f"/api/v1/statuses/{post['id']}/favourite")
    groups = (await get(anna, MANY))["notification_groups"]
    assert [group["notifications_count"] for group in groups] == [1, 2]


async def test_a_token_without_the_scope_is_refused(enter: Enter) -> None:
    anna = await enter("anna", "read:statuses", "write:statuses")
    for path in (MANY, f"{MANY}/x", f"{MANY}/x/accounts", f"{MANY}/unread_count", f"{ONE}/unread_count"):
        assert (await anna.http.get(path)).status_code == 403, path
    for path in (f"{MANY}/x/dismiss", f"{MANY}/clear", f"{ONE}/dismiss"):
        assert (await anna.http.post(path)).status_code == 403, path
    assert (await anna.http.delete(f"{ONE}/1")).status_code == 403
