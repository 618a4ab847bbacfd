"""What is told about other servers, and to whom."""

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from fedi.models import Account, Severity
from fedi.outbound import resolve
from tests.conftest import MakeServer
from tests.fedi import looking, rules
from tests.fedi.api.conftest import Enter, http_client, token_for
from tests.fedi.remote import RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

BLOCKS, PEERS = "/api/v1/instance/domain_blocks", "/api/v1/instance/peers"


async def ruled(make_server: MakeServer, **settings: Any) -> "Server":
    server = await make_server(**settings)
    await rules.rule(server, "evil.example", severity=Severity.SUSPEND, public_comment="spam")
    await rules.rule(server, "loud.example", severity=Severity.SILENCE, obfuscate=True, private_comment="x")
    await rules.rule(server, "pics.example", reject_media=True)
    return server


async def test_blocks_are_shown_to_nobody_unless_the_operator_wants_it(make_server: MakeServer) -> None:
    server = await ruled(make_server)
    assert (await http_client(server).get(BLOCKS)).status_code == 404


async def test_to_everyone_they_are_shown_with_what_is_meant_for_them(make_server: MakeServer) -> None:
    server = await ruled(make_server, show_domain_blocks="everyone")
    answer = await http_client(server).get(BLOCKS)
    assert answer.status_code == 200
    assert answer.json() == [
        {
            "domain": "evil.example",
            "digest": hashlib.sha256(b"evil.example").hexdigest(),
            "severity": "suspend",
            "comment": "spam",
        },
        {
            "domain": "lou*.****ple",
            "digest": hashlib.sha256(b"loud.example").hexdigest(),
            "severity": "silence",
            "comment": "",
        },
    ]


async def test_to_users_they_are_shown_when_they_are_signed_in_and_not_suspended(
    make_server: MakeServer,
) -> None:
    server = await ruled(make_server, show_domain_blocks="users")
    assert (await http_client(server).get(BLOCKS)).status_code == 401
    anna = await server.person("anna")
    token = await token_for(server, anna, "read")
    client = http_client(server, authorization=f"Bearer {token}")
    assert len((await client.get(BLOCKS)).json()) == 2
    app = http_client(server, authorization=f"Bearer {await token_for(server, None, 'read')}")
    assert (await app.get(BLOCKS)).status_code == 403
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Account).where(Account.id == anna.id).values(suspended_at=server.clock()))
    assert (await client.get(BLOCKS)).status_code == 403


async def test_peers_are_those_that_are_known_and_not_suspended(server: "Server", enter: Enter) -> None:
    for host in ("b.test", "a.test", "evil.test"):
        await looking.meet(server, RemoteServer(server.network, host).person("x"))
    await enter("anna")
    await rules.suspend(server, "evil.test")
    assert (await http_client(server).get(PEERS)).json() == ["a.test", "b.test"]


async def test_a_server_that_talks_to_chosen_ones_tells_only_its_people(make_server: MakeServer) -> None:
    server = await make_server("https://closed.test", federation_mode="allowlist")
    assert (await http_client(server).get(PEERS)).status_code == 401
    token = await token_for(server, await server.person("anna"), "read")
    client = http_client(server, authorization=f"Bearer {token}")
    assert (await client.get(PEERS)).json() == []
    about = (await client.get("/api/v2/instance")).json()
    assert about["configuration"]["limited_federation"] is True


async def test_nothing_of_a_suspended_server_is_found_known_or_not(server: "Server", enter: Enter) -> None:
    evil = RemoteServer(server.network, "evil.test")
    eve, unknown = evil.person("eve"), evil.person("unknown")
    await looking.meet(server, eve)
    anna = await enter("anna")
    await rules.suspend(server, "evil.test")
    asked = list(evil.asked)
    for words in ("@eve@evil.test", eve.iri, "@unknown@evil.test", unknown.iri, eve.note()["id"], "eve"):
        answer = await anna.http.get("/api/v2/search", params={"q": words, "resolve": "true"})
        assert answer.status_code == 200
        assert answer.json() == {"accounts": [], "statuses": [], "hashtags": []}, words
    known = await looking.get_account(server, eve.iri)
    assert (await anna.http.get("/api/v1/accounts/lookup?acct=eve@evil.test")).status_code == 404
    assert (await anna.http.post(f"/api/v1/accounts/{known.id}/follow")).status_code in {403, 404}
    assert evil.asked == asked


async def test_who_is_limited_is_found_by_the_whole_handle(server: "Server", enter: Enter) -> None:
    loud = RemoteServer(server.network, "loud.test").person("loud")
    await rules.limit(server, "loud.test")
    anna = await enter("anna")
    answer = await anna.http.get("/api/v2/search", params={"q": "@loud@loud.test", "resolve": "true"})
    (found,) = answer.json()["accounts"]
    assert (found["uri"], found["limited"]) == (loud.iri, True)
    assert (await anna.http.get("/api/v2/search", params={"q": "lou"})).json()["accounts"] == []


async def test_servers_are_found_by_how_their_names_begin(server: "Server") -> None:
    bob = RemoteServer(server.network).person("bob")
    await resolve.actor(server.ctx, bob.iri)
    search = "/api/v1/peers/search"
    assert (await server.client.get(search, params={"q": "REM"})).json() == ["remote.test"]
    assert (await server.client.get(search, params={"q": "mote"})).json() == []
    assert (await server.client.get(search)).json() == []
