"""A client of ActivityPub on one server, people on another: what it posts arrives, and what they do comes back."""

from typing import Any

import httpx
import pytest

from tests.fedi import looking
from tests.fedi.api.conftest import http_client, token_for
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers

AS = "https://www.w3.org/ns/activitystreams"


async def client(server: Server, name: str) -> httpx.AsyncClient:
    person = await server.person(name)
    token = await token_for(server, person, "read", "write")
    return http_client(server, authorization=f"Bearer {token}", accept="application/activity+json")


async def say(who: httpx.AsyncClient, name: str, **doc: Any) -> str:
    headers = {"content-type": "application/activity+json"}
    answer = await who.post(f"/users/{name}/outbox", json={"@context": AS, **doc}, headers=headers)
    assert answer.status_code == 201, answer.text
    where: str = answer.headers["location"]
    return where


async def inbox(who: httpx.AsyncClient, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await who.get(f"/users/{name}/inbox?page=true")).json()["orderedItems"]
    return found


async def test_a_conversation_between_two_clients(pair: Pair) -> None:
    anna, bela = await client(pair.a, "anna"), await client(pair.b, "bela")
    anna_iri = "https://a.test/users/anna"

    # Given that bela follows anna,
    follow = await say(bela, "bela", type="Follow", object=anna_iri)
    await pair.settle()
    assert [(one["type"], one["id"]) for one in await inbox(anna, "anna")] == [("Follow", follow)]
    assert [one["type"] for one in await inbox(bela, "bela")] == ["Accept"]

    # when anna posts and bela answers, likes and boosts,
    create = await say(
        anna, "anna", type="Note", content="<p>hello</p>", to=[f"{anna_iri}/followers", f"{AS}#Public"]
    )
    note = (await anna.get(create)).json()["object"]["id"]
    await pair.settle()
    reply = await say(bela, "bela", type="Note", content="<p>hi</p>", to=[anna_iri], inReplyTo=note)
    like = await say(bela, "bela", type="Like", object=note)
    boost = await say(bela, "bela", type="Announce", object=note)
    await pair.settle()

    # then each finds it in their inbox, as it was said,
    assert (await inbox(bela, "bela"))[0]["object"]["content"] == "<p>hello</p>"
    assert {one["id"] for one in await inbox(anna, "anna")} == {follow, reply, like, boost}

    # a change and an end arrive,
    await say(anna, "anna", type="Update", object={"id": note, "content": "<p>hello again</p>"})
    await pair.settle()
    assert (await looking.get_post(pair.b, note)).content == "<p>hello again</p>"
    await say(anna, "anna", type="Delete", object=note)
    await pair.settle()
    assert await looking.find_post(pair.b, note) is None
    left = [one for one in await inbox(bela, "bela") if note in str(one)]
    assert [one["type"] for one in left] == ["Delete"]


async def test_a_blind_copy_arrives_and_names_nobody(pair: Pair) -> None:
    anna, bela = await client(pair.a, "anna"), await client(pair.b, "bela")
    carl = await pair.b.person("carl")
    create = await say(
        anna, "anna", type="Create", bcc=[carl.iri],
        object={"type": "Note", "content": "psst", "to": ["https://b.test/users/bela"]},
    )  # fmt: skip
    await pair.settle()
    (got,) = await inbox(bela, "bela")
    assert got["id"] == create
    assert "carl" not in str(got)
    note = (await anna.get(create)).json()["object"]["id"]
    assert (await looking.get_post(pair.b, note)).visibility == "direct"
    posted = [str(request.url) for request in pair.a.network.requests if request.method == "POST"]
    assert f"{carl.iri}/inbox" in posted


async def test_the_proxy_reads_the_other_server(pair: Pair) -> None:
    anna = await client(pair.a, "anna")
    bela = await pair.b.person("bela")
    answer = await anna.post("/api/c2s/proxy", data={"id": bela.iri})
    assert (answer.status_code, answer.json()["id"]) == (200, bela.iri)
