"""Clients that register themselves."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.api.apps import is_redirect_uri, is_web_address
from tests.fedi.api.conftest import Enter, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", ["data", "json"])
async def test_registering_answers_with_everything(server: "Server", kind: str) -> None:
    request = {
        "client_name": "A client",
        "redirect_uris": "urn:ietf:wg:oauth:2.0:oob\nicecubesapp://",
        "scopes": "read write",
        "website": "https://client.example",
        "unknown": "ignored",
    }
    answer = await server.client.post("/api/v1/apps", **{kind: request})
    assert answer.status_code == 200
    found = answer.json()
    assert found["id"].isdigit()
    assert len(found["client_id"]) >= 32
    assert len(found["client_secret"]) >= 32
    assert found.pop("vapid_key")
    del found["id"], found["client_id"], found["client_secret"]
    assert found == {
        "name": "A client",
        "website": "https://client.example",
        "scopes": ["read", "write"],
        "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob", "icecubesapp://"],
        "redirect_uri": "urn:ietf:wg:oauth:2.0:oob\nicecubesapp://",
        "client_secret_expires_at": 0,
    }


async def test_redirect_uris_may_be_a_list_and_scopes_default_to_read(server: "Server") -> None:
    uris = ["https://a.example/b", "com.tapbots.Ivory.10217:/request_token"]
    answer = await server.client.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": uris})
    assert answer.json()["redirect_uris"] == uris
    assert answer.json()["scopes"] == ["read"]
    assert answer.json()["website"] is None


async def test_the_secret_is_not_kept(server: "Server") -> None:
    request = {"client_name": "x", "redirect_uris": "a://b"}
    secret = (await server.client.post("/api/v1/apps", json=request)).json()["client_secret"]
    async with server.ctx.db.read() as tx:
        connection = await tx.connection()
        rows = (await connection.exec_driver_sql("SELECT * FROM oauth_app")).all()
    assert secret not in str(rows)


@pytest.mark.parametrize(
    "request_",
    [
        {"redirect_uris": "a://b"},
        {"client_name": "", "redirect_uris": "a://b"},
        {"client_name": "x" * 201, "redirect_uris": "a://b"},
        {"client_name": "x"},
        {"client_name": "x", "redirect_uris": "not a uri"},
        {"client_name": "x", "redirect_uris": "javascript:alert(1)"},
        {"client_name": "x", "redirect_uris": ["a://b"] * 21},
        {"client_name": "x", "redirect_uris": "a://b", "scopes": "admin:everything"},
        {"client_name": "x", "redirect_uris": "a://b", "website": "javascript:alert(1)"},
    ],
)
async def test_what_makes_no_sense_is_refused(server: "Server", request_: dict[str, Any]) -> None:
    answer = await server.client.post("/api/v1/apps", json=request_)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed: ")


@pytest.mark.parametrize(
    "uri",
    [
        "urn:ietf:wg:oauth:2.0:oob",
        "icecubesapp://",
        "com.tapbots.Ivory.10217:/request_token",
        "tuba://auth_code",
        "mastodon://joinmastodon.org/oauth",
        "oauth2redirect://com.keylesspalace.tusky/",
        "http://localhost:8080/callback",
        "https://elk.example/api/fedi.example/oauth/https%3A%2F%2Felk.example?x=1",
    ],
)
def test_uris_that_clients_use_are_taken(uri: str) -> None:
    assert is_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "", "x", "/relative", "//host/path", "https://", "https:///path", "http:/x", "https://user@host/",
        "https://a.example/#fragment", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "blob:x",
        "a://b\r\nSet-Cookie:x", 'a://b"', "a://<b>", "a:", "1a://b", "https://a.example/" + "x" * 2000, "á://b",
    ],
)  # fmt: skip
def test_uris_that_could_do_harm_are_not(uri: str) -> None:
    assert not is_redirect_uri(uri)


def test_a_website_is_http_or_https() -> None:
    assert is_web_address("https://a.example")
    assert not is_web_address("gopher://a.example")
    assert not is_web_address("https://a b.example")


async def test_an_application_can_ask_about_itself_without_a_person(server: "Server") -> None:
    token = await token_for(server, None, "read")
    answer = await http_client(server, authorization=f"Bearer {token}").get("/api/v1/apps/verify_credentials")
    assert answer.json()["name"] == "Test client"
    assert "client_secret" not in answer.json()


async def test_so_can_one_with_a_person_and_few_rights(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", "profile")
    assert (await anna.http.get("/api/v1/apps/verify_credentials")).status_code == 200


async def test_nobody_else_can(server: "Server") -> None:
    assert (await server.client.get("/api/v1/apps/verify_credentials")).status_code == 401
