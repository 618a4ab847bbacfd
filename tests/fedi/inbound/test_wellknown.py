"""WebFinger, host-meta and NodeInfo."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from fedi.models import Account, Tombstone
from fedi.services import posting
from tests.conftest import MakeServer
from tests.servers import Server
from webfinger.jrd import Jrd

pytestmark = pytest.mark.anyio

BLNS = Path(__file__).parents[2] / "data" / "blns.json"


async def ask(server: Server, resource: str, **more: Any) -> httpx.Response:
    return await server.client.get("/.well-known/webfinger", params={"resource": resource, **more})


@pytest.mark.parametrize(
    "query",
    [
        "resource=acct:alice@fedi.test", "resource=acct%3Aalice%40fedi.test", "resource=ACCT:Alice@FEDI.test",
        "resource=https://fedi.test/users/alice", "resource=https%3A%2F%2Ffedi.test%2F%40alice",
        "rel=x&resource=acct:alice@fedi.test", "resource=alice@fedi.test",
    ],
)  # fmt: skip
async def test_a_person_is_found_by_any_of_their_names(server: Server, alice: Account, query: str) -> None:
    answer = await server.client.get(f"/.well-known/webfinger?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/jrd+json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age" in answer.headers["cache-control"]
    assert Jrd.from_json(answer.json()).subject == "acct:alice@fedi.test"


async def test_the_answer_leads_to_actor_and_page(server: Server, alice: Account) -> None:
    found = Jrd.from_json((await ask(server, "acct:alice@fedi.test")).json())
    assert found.self_href == alice.iri
    assert found.profile_href == "https://fedi.test/@alice"
    assert set(found.aliases) == {alice.iri, "https://fedi.test/@alice"}


async def test_people_can_be_sent_home_to_act(server: Server, alice: Account) -> None:
    found = Jrd.from_json((await ask(server, "acct:alice@fedi.test")).json())
    interact = "https://fedi.test/authorize_interaction?uri="
    templates = {link.rel.rpartition("/")[2]: link.template for link in found.links if link.template}
    assert templates == {
        "subscribe": f"{interact}{{uri}}",
        "Object": f"{interact}{{object}}", "Follow": f"{interact}{{object}}", "Like": f"{interact}{{object}}",
        "Announce": f"{interact}{{object}}",
        "Create": "https://fedi.test/share?text={content}&in_reply_to={inReplyTo}",
    }  # fmt: skip
    assert found.subscribe_template == f"{interact}{{uri}}"
    # The server itself has no home to be sent to.
    server_itself = Jrd.from_json((await ask(server, "https://fedi.test/")).json())
    assert [link for link in server_itself.links if link.template] == []


async def test_relations_can_be_chosen(server: Server, alice: Account) -> None:
    found = Jrd.from_json((await ask(server, "acct:alice@fedi.test", rel="self")).json())
    assert [link.rel for link in found.links] == ["self"]


@pytest.mark.parametrize(
    "query", ["", "resource=", "resource=alice", "resource=acct:@fedi.test", "resource=x%00@y"]
)
async def test_without_a_usable_resource_it_is_400(server: Server, query: str) -> None:
    assert (await server.client.get(f"/.well-known/webfinger?{query}")).status_code == 400


@pytest.mark.parametrize(
    "resource",
    [
        "acct:nobody@fedi.test", "acct:alice@elsewhere.test", "https://elsewhere.test/users/alice",
        "https://fedi.test/users/nobody", "https://fedi.test/users/alice/statuses/1", "https://fedi.test/@",
    ],
)  # fmt: skip
async def test_nobody_here_is_404(server: Server, alice: Account, resource: str) -> None:
    answer = await ask(server, resource)
    assert answer.status_code == 404


async def test_who_is_gone_is_410(server: Server) -> None:
    iri = "https://fedi.test/users/gone"
    async with server.ctx.db.write() as tx:
        tx.add(Tombstone(iri=iri, local=True, deleted_at=server.clock()))
    assert (await ask(server, "acct:gone@fedi.test")).status_code == 410
    assert (await ask(server, iri)).status_code == 410


async def test_the_server_itself_is_found(server: Server) -> None:
    for resource in ("https://fedi.test/", "https://fedi.test", "https://fedi.test/actor"):
        found = Jrd.from_json((await ask(server, resource)).json())
        assert found.self_href == "https://fedi.test/actor"
        assert "https://www.w3.org/ns/activitystreams#Service" in [link.rel for link in found.links]
    assert (
        Jrd.from_json((await ask(server, "acct:fedi.test@fedi.test")).json()).self_href
        == "https://fedi.test/actor"
    )


async def test_naughty_resources_are_only_ever_refused(server: Server) -> None:
    for text in json.loads(BLNS.read_text()):
        answer = await server.client.get(
            f"/.well-known/webfinger?resource={quote(text.encode('utf-8', 'surrogatepass'))}"
        )
        assert answer.status_code in {400, 404}, text


async def test_handles_may_live_under_another_domain(make_server: MakeServer) -> None:
    server = await make_server("https://social.test", account_domain="example.test")
    await server.person("alice")
    for host in ("example.test", "social.test"):
        found = Jrd.from_json((await ask(server, f"acct:alice@{host}")).json())
        assert found.subject == "acct:alice@example.test"
        assert found.self_href == "https://social.test/users/alice"


async def test_the_host_header_decides_nothing(server: Server, alice: Account) -> None:
    answer = await server.client.get(
        "/.well-known/host-meta", headers={"host": "evil.test", "x-forwarded-host": "evil.test"}
    )
    assert "evil.test" not in answer.text


async def test_host_meta_leads_to_webfinger(server: Server) -> None:
    answer = await server.client.get("/.well-known/host-meta")
    assert answer.headers["content-type"].startswith("application/xrd+xml")
    template = "https://fedi.test/.well-known/webfinger?resource={uri}"
    assert template in answer.text
    links = (await server.client.get("/.well-known/host-meta.json")).json()["links"]
    assert links == [{"rel": "lrdd", "template": template}]


async def test_nodeinfo_counts_what_is_here(server: Server, alice: Account) -> None:
    await server.person("imagine", bot=True)
    await server.person("silent")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        for _ in range(3):
            new = posting.NewPost(text="hello", visibility="public")
            await posting.publish(server.ctx, tx, author=me, new=new)
    links = (await server.client.get("/.well-known/nodeinfo")).json()["links"]
    found = {link["rel"].rpartition("/")[2]: link["href"] for link in links}
    assert set(found) >= {"2.0", "2.1"}
    for version in ("2.0", "2.1"):
        answer = await server.client.get(found[version].removeprefix("https://fedi.test"))
        assert f"schema/{version}#" in answer.headers["content-type"]
        assert answer.headers["access-control-allow-origin"] == "*"
        doc = answer.json()
        assert doc["version"] == version
        assert doc["software"]["name"] == "fedi"
        assert doc["protocols"] == ["activitypub"]
        assert doc["openRegistrations"] is False
        assert doc["usage"]["users"] == {"total": 3, "activeMonth": 1, "activeHalfyear": 1}
        assert doc["usage"]["localPosts"] == 3
        assert doc["metadata"]["bots"] == 1
        assert doc["metadata"]["features"] == ["generations", "generator"]


async def test_nodeinfo_is_counted_again_after_a_while(server: Server) -> None:
    before = (await server.client.get("/nodeinfo/2.1")).json()["usage"]["users"]["total"]
    await server.person("alice")
    assert (await server.client.get("/nodeinfo/2.1")).json()["usage"]["users"]["total"] == before
    server.clock.advance(601)
    assert (await server.client.get("/nodeinfo/2.1")).json()["usage"]["users"]["total"] == before + 1
