"""What is not for everyone is not found by anybody else, at no address of the server.

Somebody has one of everything that is hers or for few: posts, pictures, lists, filters, drafts of the future, notes,
letters. Strangers and people from here then go to every address with every id, and nothing of it may come back;
they write to every address with every id, and nothing of it may change.

Source: OWASP API1:2023 (broken object level authorization); Pixelfed CVE-2024-25108; Mastodon GHSA-7gwh-mw97-qjgp.
"""

from typing import Any

import httpx
import pytest

from tests.fedi.api.conftest import http_client, picture, token_for
from tests.fedi.remote import RemoteServer
from tests.hostile.walking import ACTIVITY_JSON, SECRET, TAG, Belongings, Call, calls, collect
from tests.servers import Server

__all__ = ["picture"]

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]  # thousands of requests

KEPT = (
    "/api/v1/lists", "/api/v2/filters", "/api/v1/scheduled_statuses", "/api/v1/preferences", "/api/v1/bookmarks",
    "/api/v1/blocks", "/api/v1/mutes", "/api/v1/domain_blocks", "/api/v1/followed_tags", "/api/v1/featured_tags",
    "/api/fedi/v1/generations", "/api/v1/profile", "/api/v1/endorsements", "/api/v1/markers",
)  # fmt: skip
"""What nobody but its owner changes."""

OTHERS_ADD_TO = {"conversations": "/api/v1/conversations", "notifications": "/api/v1/notifications"}
"""What others may add to, and take nothing from."""

BODY: dict[str, Any] = {
    "title": "x", "status": "x", "comment": "x", "phrase": "x", "keyword": "x", "description": "x", "context": ["home"],
    "visibility": "public", "scheduled_at": "2098-01-01T00:00:00Z", "prompt": "x", "name": "x", "choices": [0],
    "quote_approval_policy": "public",
}  # fmt: skip


async def signed_in(server: Server, name: str) -> tuple[str, httpx.AsyncClient]:
    account = await server.person(name)
    token = await token_for(server, account, "read", "write", "follow", "push")
    return str(account.id), http_client(server, authorization=f"Bearer {token}")


async def town(
    server: Server, picture: bytes
) -> tuple[httpx.AsyncClient, httpx.AsyncClient, httpx.AsyncClient, Belongings]:
    """Return alice, carol who follows her, eve who does not, and what alice has."""
    alice_id, alice = await signed_in(server, "alice")
    _, carol = await signed_in(server, "carol")
    eve_id, eve = await signed_in(server, "eve")
    assert (await carol.post(f"/api/v1/accounts/{alice_id}/follow")).status_code == 200
    return alice, carol, eve, await collect(alice, "alice", eve_id, picture)


async def finds(client: httpx.AsyncClient, call: Call, **headers: str) -> bool:
    answer = await client.request(call.method, call.path, headers={"accept": call.accept, **headers})
    assert answer.status_code < 500, (call, answer.text)
    if SECRET not in answer.text:
        return False
    kept = answer.headers.get("cache-control", "")
    assert "no-store" in kept or "private" in kept, (call, "a cache that others use may keep it")
    return True


def questions(of: Belongings) -> list[Call]:
    """Return what is asked with parameters."""
    posts = [of.ids[what] for what in ("public post", "private post", "letter", "poll post")]
    asked = [
        *(f"/api/{version}/search?q={TAG}&type={kind}" for version in ("v1", "v2") for kind in ("statuses", "hashtags", "accounts")),
        *(f"/api/v1/accounts/{of.ids['account']}/statuses?{how}=true" for how in ("only_media", "pinned", "exclude_reblogs")),
        f"/api/v1/accounts/{of.ids['account']}/statuses?tagged={TAG}",
        "/api/v1/statuses?" + "&".join(f"id[]={one}" for one in posts),
        *(f"/api/oembed?url=https://fedi.test/@alice/{one}" for one in posts),
        *(f"/api/v2/search?q=https://fedi.test/@alice/{one}&resolve=true" for one in posts),
        f"/api/v1/accounts/relationships?id[]={of.ids['account']}",
        f"/api/v1/accounts/familiar_followers?id[]={of.ids['account']}",
        "/users/alice/outbox?page=true",
        *(f"/users/alice/statuses/{one}/replies?page=true" for one in posts),
        "/api/v1/timelines/public?only_media=true",
    ]  # fmt: skip
    return [
        Call(method="GET", path=path, accept=accept) for path in asked for accept in ("*/*", ACTIVITY_JSON)
    ]


async def test_what_is_for_few_is_found_at_no_address_by_others(server: Server, picture: bytes) -> None:
    alice, carol, eve, belongings = await town(server, picture)
    every = [*calls(belongings, reading=True), *questions(belongings)]
    owners = {call.path for call in every if await finds(alice, call)}
    friends = {call.path for call in every if await finds(carol, call)}
    private, letter = belongings.ids["private post"], belongings.ids["letter"]
    assert {f"/api/v1/statuses/{private}/source", "/api/v1/lists", "/api/v2/filters"} <= owners - friends
    assert {f"/api/v1/statuses/{private}", f"/api/v1/statuses/{letter}", "/api/v1/timelines/home"} <= friends
    assert len(owners) >= 30
    for who in (server.client, eve):
        assert [call for call in every if await finds(who, call)] == []
    otto = RemoteServer(server.network).person("otto")
    for call in every:
        if call.accept == ACTIVITY_JSON:
            signed = otto.signed("GET", f"{server.settings.origin}{call.path}", server.clock())
            assert not await finds(server.client, call, **signed), call


async def test_nobody_changes_what_is_somebody_elses(server: Server, picture: bytes) -> None:
    alice, _, eve, belongings = await town(server, picture)
    mine = [
        *KEPT,
        f"/api/v1/statuses/{belongings.ids['private post']}/source",
        f"/api/v1/statuses/{belongings.ids['public post']}/source",
        f"/api/v1/media/{belongings.ids['picture']}",
        f"/api/v1/polls/{belongings.ids['poll']}",
    ]
    before = {path: (await alice.get(path)).text for path in mine}
    held = {what: (await alice.get(path)).json() for what, path in OTHERS_ADD_TO.items()}
    for who in (server.client, eve):
        for call in calls(belongings, reading=False):
            answer = await who.request(call.method, call.path, json=BODY)
            assert answer.status_code < 500, (call, answer.text)
            assert SECRET not in answer.text, call
    assert {path: (await alice.get(path)).text for path in mine} == before
    for what, path in OTHERS_ADD_TO.items():
        now = {one["id"] for one in (await alice.get(path)).json()}
        assert {one["id"] for one in held[what]} <= now, what
