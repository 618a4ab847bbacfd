"""OAuth's endpoints for machines."""

import base64
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.services import authorizing
from tests.fedi.api.conftest import Enter, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(server: "Server") -> dict[str, str]:
    """A registered client's credentials."""
    request = {"client_name": "x", "redirect_uris": "a://b", "scopes": "read write:media"}
    found = (await server.client.post("/api/v1/apps", json=request)).json()
    return {"client_id": found["client_id"], "client_secret": found["client_secret"]}


def basic(app: dict[str, str]) -> dict[str, str]:
    pair = f"{app['client_id']}:{app['client_secret']}".encode()
    return {"authorization": "Basic " + base64.b64encode(pair).decode()}


@pytest.mark.parametrize("how", ["data", "json", "params", "files"])
async def test_a_client_gets_a_token_of_its_own(server: "Server", app: dict[str, str], how: str) -> None:
    body: dict[str, Any] = {
        **app,
        "grant_type": "client_credentials",
        "scope": "read",
        "redirect_uri": "ignored",
        "x": "y",
    }
    if how == "files":
        body = {name: (None, value) for name, value in body.items()}
    answer = await server.client.post("/oauth/token", **{how: body})
    assert answer.status_code == 200
    assert answer.json()["scope"] == "read"


@pytest.mark.parametrize("also_in_body", [True, False])
async def test_credentials_may_come_in_the_header_and_in_the_body(
    server: "Server", app: dict[str, str], *, also_in_body: bool
) -> None:
    body = {"grant_type": "client_credentials", **(app if also_in_body else {})}
    answer = await server.client.post("/oauth/token", data=body, headers=basic(app))
    assert answer.status_code == 200


async def test_two_different_credentials_are_none(server: "Server", app: dict[str, str]) -> None:
    body = {"grant_type": "client_credentials", **app, "client_secret": "other"}
    answer = await server.client.post("/oauth/token", data=body, headers=basic(app))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "unknown"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "write"}, 400, "invalid_scope"),
        ({"scope": "everything"}, 400, "invalid_scope"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
    ],
)
async def test_refusals_are_in_oauths_words(
    server: "Server", app: dict[str, str], changed: dict[str, str], status: int, error: str
) -> None:
    body = {**app, "grant_type": "client_credentials", **changed}
    answer = await server.client.post("/oauth/token", data=body)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic ", "Basic " + base64.b64encode(b"\xff").decode(), "Bearer x"]
)
async def test_a_broken_header_is_no_credential(server: "Server", header: str) -> None:
    body = {"grant_type": "client_credentials"}
    answer = await server.client.post("/oauth/token", data=body, headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/accounts/verify_credentials"),
        ("GET", "/api/v1/timelines/home"),
        ("GET", "/api/v1/notifications"),
        ("POST", "/api/v1/statuses"),
        ("GET", "/oauth/userinfo"),
    ],
)
async def test_an_applications_own_token_reads_and_writes_nobodys_data(
    server: "Server", method: str, path: str
) -> None:
    token = await token_for(server, None, "read", "write")
    answer = await http_client(server, authorization=f"Bearer {token}").request(
        method, path, json={"status": "x"}
    )
    assert answer.status_code == 403
    assert answer.json()["error"] == "This method requires an authenticated user"


async def test_a_revoked_token_is_worth_nothing(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", "read")
    async with server.ctx.db.write() as tx:
        granted = await authorizing.find_granted(tx, anna.token)
        assert granted is not None
        assert await authorizing.revoke(server.ctx, tx, app=granted.app, token=anna.token)
    answer = await anna.http.get("/api/v1/timelines/home")
    assert answer.status_code == 401
    assert answer.json() == {"error": "The access token is invalid"}
    public = await anna.http.get("/api/v1/timelines/public")
    assert public.status_code == 401, "a client must notice that it was logged out"


async def test_revoking_through_the_endpoint_can_be_repeated(server: "Server", app: dict[str, str]) -> None:
    issued = await server.client.post("/oauth/token", data={**app, "grant_type": "client_credentials"})
    token = issued.json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await server.client.get("/api/v1/apps/verify_credentials", headers=headers)).status_code == 200
    for _ in range(2):
        answer = await server.client.post("/oauth/revoke", json={**app, "token": token})
        assert (answer.status_code, answer.json()) == (200, {})
    assert (await server.client.get("/api/v1/apps/verify_credentials", headers=headers)).status_code == 401


async def test_a_client_cannot_revoke_anothers_token(
    server: "Server", app: dict[str, str], enter: Enter
) -> None:
    anna = await enter("anna", "read")
    answer = await server.client.post("/oauth/revoke", data={**app, "token": anna.token})
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
    assert (await anna.http.get("/api/v1/timelines/home")).status_code == 200


async def test_userinfo_needs_only_profile(enter: Enter) -> None:
    anna = await enter("anna", "profile")
    answer = await anna.http.get("/oauth/userinfo")
    assert answer.json() == {
        "iss": "https://fedi.test/",
        "sub": "https://fedi.test/users/anna",
        "name": "",
        "preferred_username": "anna",
        "profile": "https://fedi.test/@anna",
        "picture": "https://fedi.test/static/avatar.png",
    }
    assert (await anna.http.get("/api/v1/accounts/verify_credentials")).status_code == 200
    assert (await anna.http.get("/api/v1/timelines/home")).status_code == 403


async def test_the_metadata_list_what_is_there(server: "Server") -> None:
    found = (await server.client.get("/.well-known/oauth-authorization-server")).json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert {"read", "write", "follow", "push", "profile"} <= set(found["scopes_supported"])
    for name in ("authorization", "token", "revocation", "userinfo", "app_registration"):
        key = f"{name}_endpoint"
        assert found[key].startswith("https://fedi.test/")
        answer: httpx.Response = await server.client.request("GET", found[key])
        expected = {"authorization": 400, "userinfo": 401}.get(
            name, 404 if name == "app_registration" else 405
        )
        assert answer.status_code == expected
