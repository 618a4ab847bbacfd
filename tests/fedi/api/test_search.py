"""Search through the API, here and on other servers."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.fedi.api.conftest import Enter, Person, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

MakeServer = Callable[..., Awaitable["Server"]]
PATH = "/api/v2/search"


async def enter_at(server: "Server", name: str) -> Person:
    account = await server.person(name)
    token = await token_for(server, account, "read", "write", "follow")
    return Person(account=account, token=token, http=http_client(server, authorization=f"Bearer {token}"))


async def search(http: httpx.AsyncClient, words: str, **query: Any) -> dict[str, Any]:
    answer = await http.get(PATH, params={"q": words, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"accounts", "statuses", "hashtags"}
    return found


async def test_all_three_lists_are_there_and_can_be_narrowed(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("about #annals")
    found = await search(anna.http, "anna")
    assert [account["username"] for account in found["accounts"]] == ["anna"]
    [tag] = found["hashtags"]
    assert (tag["name"], tag["url"]) == ("annals", "https://fedi.test/tags/annals")
    assert {"history", "following"} <= set(tag)
    assert found["statuses"] == []
    assert (await search(anna.http, "anna", type="hashtags"))["accounts"] == []
    assert (await search(anna.http, "anna", type="accounts"))["hashtags"] == []
    by_address = await search(server.client, post["url"])
    assert [status["id"] for status in by_address["statuses"]] == [post["id"]]
    assert (await search(server.client, post["uri"], type="accounts"))["statuses"] == []
    assert len((await search(server.client, "https://fedi.test/@anna"))["accounts"]) == 1
    assert len((await search(server.client, "https://fedi.test/users/anna"))["accounts"]) == 1
    assert len((await search(server.client, "@anna@fedi.test"))["accounts"]) == 1
    assert (await search(anna.http, "anna", offset=1))["accounts"] == []


async def test_words_find_posts_as_they_are_written_changed_and_deleted(
    server: "Server", enter: Enter
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("a red boat")
    letter = await ben.post("@anna a boat for you", visibility="direct")
    found = [status["id"] for status in (await search(anna.http, "boat"))["statuses"]]
    assert found == [letter["id"], post["id"]]
    assert (await search(ben.http, "red boat"))["statuses"] == []
    assert (await search(server.client, "boat"))["statuses"] == [], "strangers had to do with nothing"
    assert (await search(anna.http, "boat", type="accounts"))["statuses"] == []
    older = await search(anna.http, "boat", max_id=letter["id"], exclude_unreviewed="true")
    assert [status["id"] for status in older["statuses"]] == [post["id"]]
    assert len((await search(anna.http, "boat", account_id=anna.account.id))["statuses"]) == 1
    assert len((await search(anna.http, "boat", limit=1, offset=1, type="statuses"))["statuses"]) == 1
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    assert [one["id"] for one in (await search(ben.http, "red boat"))["statuses"]] == [post["id"]]
    await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "a blue ship"})
    assert (await search(anna.http, "red"))["statuses"] == []
    assert len((await search(anna.http, "ship"))["statuses"]) == 1
    await anna.http.patch("/api/v1/profile", json={"indexable": True})
    carol = await enter("carol")
    assert len((await search(carol.http, "ship"))["statuses"]) == 1
    assert (await search(server.client, "ship"))["statuses"] == [], "not for strangers"
    await anna.http.delete(f"/api/v1/statuses/{post['id']}")
    assert (await search(anna.http, "ship"))["statuses"] == []


async def test_the_older_search_names_hashtags_only(enter: Enter) -> None:
    anna = await enter("anna")
    await anna.post("about #annals")
    found = (await anna.http.get("/api/v1/search", params={"q": "anna"})).json()
    assert found["hashtags"] == ["annals"]
    assert [account["username"] for account in found["accounts"]] == ["anna"]


async def test_strangers_may_not_make_the_server_ask_others(server: "Server") -> None:
    for query in ({"resolve": "true"}, {"offset": "1"}):
        answer = await server.client.get(PATH, params={"q": "@ben@elsewhere.test", **query})
        assert answer.status_code == 401
    await search(server.client, "@ben@elsewhere.test")
    await search(server.client, "https://elsewhere.test/@ben")
    assert server.network.requests == []


@pytest.mark.parametrize(
    "query",
    [{}, {"q": ""}, {"q": "x", "limit": "0"}, {"q": "x", "offset": "-1"}, {"q": "x", "offset": "1001"}],
)
async def test_a_search_that_makes_no_sense_is_refused(enter: Enter, query: dict[str, str]) -> None:
    anna = await enter("anna")
    for path in (PATH, "/api/v1/accounts/search"):
        assert (await anna.http.get(path, params=query)).status_code == 422


async def test_somebody_elsewhere_is_found_by_handle_and_address(make_server: MakeServer) -> None:
    here, there = await make_server("https://a.test"), await make_server("https://b.test")
    anna, ben = await enter_at(here, "anna"), await enter_at(there, "ben")
    assert (await search(anna.http, "@ben@b.test"))["accounts"] == []
    (account,) = (await search(anna.http, "@ben@b.test", resolve="true", type="accounts"))["accounts"]
    assert (account["acct"], account["url"]) == ("ben@b.test", "https://b.test/@ben")
    assert account["uri"] == ben.account.iri
    for words in ("ben@b.test", ben.account.iri, "ben"):
        found = (
            await anna.http.get("/api/v1/accounts/search", params={"q": words, "resolve": "true"})
        ).json()
        assert [one["id"] for one in found] == [account["id"]], words
    known = await search(anna.http, "@ben@b.test")
    assert [one["id"] for one in known["accounts"]] == [account["id"]]


async def test_a_post_elsewhere_is_found_by_its_address(make_server: MakeServer) -> None:
    here, there = await make_server("https://a.test"), await make_server("https://b.test")
    anna, ben = await enter_at(here, "anna"), await enter_at(there, "ben")
    post = await ben.post("Hello from afar")
    secret = await ben.post("secret", visibility="private")
    for address in (post["uri"], post["url"]):
        (found,) = (await search(anna.http, address, resolve="true"))["statuses"]
        assert (found["content"], found["account"]["acct"]) == ("<p>Hello from afar</p>", "ben@b.test")
    assert (await search(anna.http, secret["uri"], resolve="true"))["statuses"] == []


@pytest.mark.parametrize(
    "words",
    [
        "@nobody@fedi.test", "@ben@nowhere.test", "https://nowhere.test/x", "https://fedi.test/nothing",
        "https://127.0.0.1/x", "https://[::1]/", "http://", "https://", "@a@b@c", "@ben@localhost", "@ben@",
        "ftp://x", "\x00", "@\x00@x.test", "https://fedi.test/@anna/99999999999999999999", "x" * 5000,
    ],
)  # fmt: skip
async def test_what_cannot_be_found_is_an_empty_answer(enter: Enter, words: str) -> None:
    anna = await enter("anna")
    answer = await anna.http.get(PATH, params={"q": words, "resolve": "true"})
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        assert answer.json() == {"accounts": [], "statuses": [], "hashtags": []}


async def test_only_whom_one_follows_also_by_their_whole_handle(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    for path in ("/api/v1/accounts/search", "/api/v2/search"):
        for followed in (False, True):
            verb = "follow" if followed else "unfollow"
            await anna.http.post(f"/api/v1/accounts/{ben.account.id}/{verb}")
            for words in ("ben", "@ben@fedi.test", "https://fedi.test/users/ben"):
                answer = (await anna.http.get(path, params={"q": words, "following": "true"})).json()
                people = answer["accounts"] if isinstance(answer, dict) else answer
                assert [one["username"] for one in people] == (["ben"] if followed else []), (path, words)
