"""Accounts through the API."""

from typing import TYPE_CHECKING

import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def lock(server: "Server", account: Account) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, account.id)).locked = True


async def test_verify_credentials_tells_the_composers_defaults(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    me = (await anna.http.get("/api/v1/accounts/verify_credentials")).json()
    assert me["id"] == str(anna.account.id)
    assert (me["source"]["privacy"], me["source"]["sensitive"], me["role"]["permissions"]) == (
        "public",
        False,
        "0",
    )


async def test_lookup_finds_local_people_with_and_without_the_domain(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    for acct in ("anna", "@anna", "anna@fedi.test", "ANNA@Fedi.Test"):
        answer = await server.client.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert answer.json()["id"] == str(anna.account.id), acct
    for acct in ("ben", "anna@elsewhere.test", "", "@", "a\x00b"):
        answer = await server.client.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert answer.status_code == 404, acct


async def test_a_suspended_account_is_gone(server: "Server", enter: Enter) -> None:
    anna, eve = await enter("anna"), await enter("eve")
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, anna.account.id)).suspended_at = server.clock()
    path = f"/api/v1/accounts/{anna.account.id}"
    for tail in ("", "/statuses", "/followers", "/following"):
        assert (await eve.http.get(path + tail)).status_code == 404
    assert (await eve.http.post(f"{path}/follow")).status_code == 404
    assert (await eve.http.get("/api/v1/accounts/lookup", params={"acct": "anna"})).status_code == 404
    assert (await eve.http.get("/api/v1/accounts/search", params={"q": "anna"})).json() == []


async def test_following_and_its_wishes(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    path = f"/api/v1/accounts/{ben.account.id}"
    followed = (await anna.http.post(f"{path}/follow", json={"reblogs": False, "notify": True})).json()
    assert (followed["following"], followed["showing_reblogs"], followed["notifying"]) == (True, False, True)
    again = (await anna.http.post(f"{path}/follow", data={"reblogs": "true"})).json()
    assert (again["following"], again["showing_reblogs"], again["notifying"]) == (True, True, True)
    followers = (await ben.http.get(f"{path}/followers")).json()
    assert [one["username"] for one in followers] == ["anna"]
    following = (await ben.http.get(f"/api/v1/accounts/{anna.account.id}/following")).json()
    assert [one["username"] for one in following] == ["ben"]
    gone = (await anna.http.post(f"{path}/unfollow")).json()
    assert gone["following"] is False
    assert (await anna.http.get(path)).json()["followers_count"] == 0


async def test_nobody_follows_themselves(enter: Enter) -> None:
    anna = await enter("anna")
    answer = await anna.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    assert answer.status_code == 403


async def test_followers_can_be_sent_away(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    answer = await anna.http.post(f"/api/v1/accounts/{ben.account.id}/remove_from_followers")
    assert answer.json()["followed_by"] is False


async def test_followers_are_paged(enter: Enter) -> None:
    anna = await enter("anna")
    for name in ("b1", "b2", "b3"):
        await (await enter(name)).http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    first = await anna.http.get(f"/api/v1/accounts/{anna.account.id}/followers?limit=2")
    assert [one["username"] for one in first.json()] == ["b3", "b2"]
    second = await anna.http.get(first.links["next"]["url"])
    assert [one["username"] for one in second.json()] == ["b1"]
    assert "next" not in second.links


async def test_relationships_of_many_in_the_order_asked(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    await eve.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    wanted = [str(eve.account.id), "123", str(ben.account.id)]
    found = (await anna.http.get("/api/v1/accounts/relationships", params={"id[]": wanted})).json()
    assert [(one["id"], one["following"], one["followed_by"]) for one in found] == [
        (wanted[0], False, True),
        (wanted[2], True, False),
    ]
    assert (await anna.http.get("/api/v1/accounts/relationships")).json() == []


async def test_a_locked_account_is_asked(server: "Server", enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await lock(server, anna.account)
    for asking in (ben, eve):
        asked = (await asking.http.post(f"/api/v1/accounts/{anna.account.id}/follow")).json()
        assert (asked["following"], asked["requested"]) == (False, True)
    waiting = (await anna.http.get("/api/v1/follow_requests")).json()
    assert [one["username"] for one in waiting] == ["eve", "ben"]
    me = (await anna.http.get("/api/v1/accounts/verify_credentials")).json()
    assert me["source"]["follow_requests_count"] == 2
    yes = (await anna.http.post(f"/api/v1/follow_requests/{ben.account.id}/authorize")).json()
    assert (yes["followed_by"], yes["requested_by"]) == (True, False)
    no = (await anna.http.post(f"/api/v1/follow_requests/{eve.account.id}/reject")).json()
    assert (no["followed_by"], no["requested_by"]) == (False, False)
    for verb in ("authorize", "reject"):
        assert (await anna.http.post(f"/api/v1/follow_requests/{ben.account.id}/{verb}")).status_code == 404
    assert (await anna.http.get("/api/v1/follow_requests")).json() == []


async def test_what_an_account_posted_can_be_narrowed(enter: Enter, picture: bytes) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    media = (await anna.http.post("/api/v2/media", files={"file": ("a.jpg", picture)})).json()
    plain = (await anna.post("plain #x"))["id"]
    shown = (await anna.post("picture", media_ids=[media["id"]]))["id"]
    theirs = (await ben.post("ben"))["id"]
    answer = (await anna.post("answer", in_reply_to_id=theirs))["id"]
    boost = (await anna.http.post(f"/api/v1/statuses/{theirs}/reblog")).json()["id"]
    path = f"/api/v1/accounts/{anna.account.id}/statuses"

    async def ids(**query: str) -> list[str]:
        return [post["id"] for post in (await ben.http.get(path, params=query)).json()]

    assert await ids() == [boost, answer, shown, plain]
    assert await ids(exclude_reblogs="true") == [answer, shown, plain]
    assert await ids(exclude_replies="1") == [boost, shown, plain]
    assert await ids(only_media="true") == [shown]
    assert await ids(tagged="X") == [plain]
    assert await ids(pinned="true") == []


async def test_languages_of_a_follow_are_told_and_emptied(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    path = f"/api/v1/accounts/{ben.account.id}/follow"
    first = (await anna.http.post(path, data={"languages[]": ["de", "en"]})).json()
    assert first["languages"] == ["de", "en"]
    assert (await anna.http.post(path)).json()["languages"] == ["de", "en"]
    assert (await anna.http.post(path, json={"languages": []})).json()["languages"] == []
