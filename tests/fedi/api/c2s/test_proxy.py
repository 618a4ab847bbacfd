"""proxyUrl: documents of other servers for somebody's client."""

from typing import TYPE_CHECKING

import httpx
import pytest

from fedi.api import limits
from tests.fedi.api.c2s.conftest import ACTIVITY_JSON, C2S
from tests.fedi.api.conftest import Enter, token_for
from tests.fedi.remote import RemoteActor
from tests.servers import Network

if TYPE_CHECKING:
    from tests.conftest import MakeServer
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PROXY = "/api/c2s/proxy"


async def ask(who: C2S, iri: str) -> httpx.Response:
    return await who.http.post(PROXY, data={"id": iri})


async def test_a_document_comes_as_its_server_told_it(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    note = bob.note(strange={"a": [1]})
    answer = await ask(alice, note["id"])
    assert (answer.status_code, answer.json()) == (200, note)
    assert answer.headers["content-type"].startswith(ACTIVITY_JSON)
    assert answer.headers["x-content-type-options"] == "nosniff"
    request = server.network.requests[-1]
    assert 'keyId="https://fedi.test/actor#main-key"' in request.headers["signature"]


async def test_it_is_for_people_with_a_token(server: "Server", enter: Enter, bob: RemoteActor) -> None:
    assert (await server.client.post(PROXY, data={"id": bob.iri})).status_code == 401
    person = await enter("dora", "write")
    assert (await ask(C2S(account=person.account, http=person.http), bob.iri)).status_code == 403
    app = await token_for(server, None, "read")
    answer = await server.client.post(PROXY, data={"id": bob.iri}, headers={"authorization": f"Bearer {app}"})
    assert answer.status_code == 403
    assert bob.home.asked == []


@pytest.mark.parametrize(
    "iri",
    ["http://127.0.0.1/x", "https://127.0.0.1/x", "https://[::1]/x", "https://localhost/x", "https://10.0.0.1/x",
     "https://169.254.169.254/latest/meta-data", "https://2130706433/x", "https://[::ffff:127.0.0.1]/x",
     "https://remote.test:22/x", "http://remote.test/x"],
)  # fmt: skip
async def test_addresses_inside_are_403(server: "Server", alice: C2S, iri: str) -> None:
    asked = len(server.network.requests)
    answer = await ask(alice, iri)
    assert answer.status_code == 403, answer.text
    assert len(server.network.requests) == asked


@pytest.mark.parametrize("iri", ["", "x", "file:///etc/passwd", "javascript:1", "https://u:p@remote.test/x"])
async def test_what_is_no_address_is_400(alice: C2S, iri: str) -> None:
    assert (await ask(alice, iri)).status_code == 400


async def test_our_own_documents_are_asked_for_where_they_are(server: "Server", alice: C2S) -> None:
    assert (await ask(alice, alice.me)).status_code == 422


async def test_trouble_is_told_with_its_cause_and_never_ours(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    home = bob.home
    home.serve("https://remote.test/gone", b"", status=410)
    home.serve("https://remote.test/ill", b"", status=503)
    home.serve("https://remote.test/page", b"<p>", content_type="text/html")
    home.serve("https://remote.test/upload", bob.note("2"), content_type="application/json")
    home.serve("https://remote.test/bad", b"{")
    told = {
        "none": 404, "gone": 410, "ill": 424, "page": 422, "upload": 422, "bad": 422,
    }  # fmt: skip
    for path, status in told.items():
        answer = await ask(alice, f"https://remote.test/{path}")
        assert (path, answer.status_code) == (path, status), answer.text
        assert f"https://remote.test/{path}" in answer.json()["error"]
    assert (await ask(alice, "https://nowhere.test/x")).status_code == 424


async def test_redirects_do_not_lead_inside(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    answer = httpx.Response(302, headers={"location": "https://127.0.0.1/secret"})
    bob.home.documents["https://remote.test/hop"] = answer
    asked = len(server.network.requests)
    assert (await ask(alice, "https://remote.test/hop")).status_code in {403, 422, 424}
    assert {request.url.host for request in server.network.requests[asked:]} == {"remote.test"}


async def test_it_is_limited(make_server: "MakeServer") -> None:
    server = await make_server(rate_limits=True)
    person = await server.person("alice")
    token = await token_for(server, person, "read")
    assert isinstance(server.network, Network)
    headers = {"authorization": f"Bearer {token}"}
    for _ in range(limits.PROXY.most):
        answer = await server.client.post(PROXY, data={"id": "x"}, headers=headers)
        assert answer.status_code == 400
    answer = await server.client.post(PROXY, data={"id": "x"}, headers=headers)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
