"""How much one message from a stranger may make us ask: forty requests, whatever it names; and lists end."""

import json
import re
from typing import Any

import httpx
import pytest

from fedi.models import Account
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.api.conftest import http_client, token_for
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor, RemoteServer
from tests.hostile.bodies import SENT, golden
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FETCHES_MAX = 40
CROWD = 600


class Crowd(RemoteServer):
    """A server on which everybody and everything exists, and lists have no end."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make up whatever is asked for."""
        known = await super().handle_async_request(request)
        if known.status_code != 404 or request.method == "POST":
            return known
        url = str(request.url)
        return httpx.Response(
            200, content=json.dumps(self.made_up(url)), headers={"content-type": ACTIVITY_JSON}
        )

    def made_up(self, url: str) -> dict[str, Any]:
        """Return a document for an address."""
        if "webfinger" in url:
            name = url.rpartition("acct:")[2].partition("@")[0]
            link = {"rel": "self", "type": ACTIVITY_JSON, "href": f"{self.origin}/users/{name}"}
            return {"subject": f"acct:{name}@{self.host}", "links": [link]}
        if found := re.search(
            r"/(?:lists|replies|context|likes|shares|featured)(?:/\w+)*(?:\?page=(\d+))?$", url
        ):
            page = int(found[1] or 0)
            base = url.partition("?")[0]
            items = [f"{self.origin}/users/u{page}x{number}/notes/1" for number in range(20)]
            return {"id": url, "type": "CollectionPage" if found[1] else "Collection", "partOf": base, "items": items,
                    "first": f"{base}?page=1", "next": f"{base}?page={page + 1}"}  # fmt: skip
        actor = url.partition("/notes/")[0]
        if "/notes/" in url:
            above = f"{actor}y/notes/1"  # every post answers another, by somebody else
            return {"id": url, "type": "Note", "attributedTo": actor, "content": "x", "inReplyTo": above,
                    "quote": f"{actor}q/notes/1", "to": ["as:Public"], "replies": f"{url}/replies",
                    "tag": [{"type": "Mention", "href": f"{actor}m{number}"} for number in range(CROWD)]}  # fmt: skip
        return {"id": url, "type": "Person", "preferredUsername": url.rpartition("/")[2], "inbox": f"{url}/inbox",
                "featured": f"{url}/featured", "followers": f"{url}/followers"}  # fmt: skip


@pytest.fixture
def bob(server: Server) -> RemoteActor:
    """Somebody among them."""
    return Crowd(server.network).person("bob")


@pytest.fixture
async def post(server: Server, alice: Account) -> str:
    """The id of a post of alice's."""
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="hello", visibility="public")
        return (await posting.publish(server.ctx, tx, author=me, new=new)).iri


@pytest.mark.parametrize("name", SENT)
async def test_a_message_that_names_a_crowd_makes_few_requests(
    server: Server, alice: Account, bob: RemoteActor, *, post: str, mistakes: list[str], name: str
) -> None:
    await looking.follow(server, alice, bob)
    await server.work()
    doc = golden(name, 1, post)
    crowd = [f"https://remote.test/users/p{number}" for number in range(CROWD)]
    posts = [f"{iri}/notes/1" for iri in crowd]
    wide = {"to": [*crowd, alice.iri], "cc": crowd, "audience": crowd, "bto": crowd, "instrument": posts[0],
            "tag": [{"type": "Mention", "href": iri} for iri in crowd], "inReplyTo": posts[1], "quote": posts[2],
            "replies": f"{bob.iri}/lists/replies", "context": f"{bob.iri}/lists/context"}  # fmt: skip
    inner = doc.get("object")
    for spread in (doc, inner if isinstance(inner, dict) else {}):
        spread |= {key: value for key, value in wide.items() if key not in {"id", "type", "actor"}}
    if name in {"announce", "add-pin", "like", "flag"}:
        doc["object"] = posts
    asked = len(server.network.requests)
    assert (await bob.sends(server, doc)).status_code < 500
    await server.work("inbox")
    fetched = [request for request in server.network.requests[asked:] if request.method == "GET"]
    assert len(fetched) <= FETCHES_MAX, [str(request.url) for request in fetched[:50]]
    assert not mistakes, mistakes[0]


@pytest.mark.parametrize("about", ["replies", "context"])
async def test_a_thread_without_end_is_read_for_a_while(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str], about: str
) -> None:
    token = await token_for(server, alice, "read", "write")
    client = http_client(server, authorization=f"Bearer {token}")
    note = bob.note(**{about: f"{bob.iri}/lists/{about}"})
    found = (await client.get("/api/v2/search", params={"q": note["id"], "resolve": "true"})).json()[
        "statuses"
    ]
    server.clock.advance(3600)
    asked = len(server.network.requests)
    assert (await client.get(f"/api/v1/statuses/{found[0]['id']}/context")).status_code == 200
    await server.work("default")
    assert len(server.network.requests) - asked <= 2_100  # the caps of `backfilling`
    assert not mistakes, mistakes[0]
    assert (await client.get(f"/api/v1/statuses/{found[0]['id']}/context")).status_code == 200


async def test_a_page_that_is_its_own_next_is_read_once(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str]
) -> None:
    token = await token_for(server, alice, "read", "write")
    client = http_client(server, authorization=f"Bearer {token}")
    loop = f"{bob.iri}/loop"
    note = bob.note(replies=loop)
    bob.home.serve(
        loop, {"id": loop, "type": "Collection", "first": loop, "next": loop, "items": [note["id"], loop]}
    )
    found = (await client.get("/api/v2/search", params={"q": note["id"], "resolve": "true"})).json()[
        "statuses"
    ]
    server.clock.advance(3600)
    asked = len(bob.home.asked)
    assert (await client.get(f"/api/v1/statuses/{found[0]['id']}/context")).status_code == 200
    await server.work("default")
    assert bob.home.asked[asked:].count(loop) <= 3
    assert not mistakes, mistakes[0]
