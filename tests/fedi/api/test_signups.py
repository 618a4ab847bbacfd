"""Signing up, with an application and in the browser."""

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.models import CanonicalEmailBlock, EmailDomainBlock, IpBlock, Login, Role
from fedi.queries import accounts as find
from fedi.queries.barring import canonical_digest
from fedi.services import accounts
from tests.conftest import MakeServer
from tests.fedi.api.conftest import http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/accounts"
GOOD = {
    "username": "Anna", "email": "Anna@mail.example", "password": "long enough", "agreement": "true", "locale": "de",
    "date_of_birth": "2020-01-01",
}  # fmt: skip


async def app_at(server: "Server", *scopes: str) -> httpx.AsyncClient:
    """Return an application that speaks for itself."""
    token = await token_for(server, None, *(scopes or ("read", "write")))
    return http_client(server, authorization=f"Bearer {token}")


async def login_of(server: "Server", name: str) -> Login:
    async with server.ctx.db.read() as tx:
        account = await find.local_by_name(tx, name)
        assert account is not None
        return await tx.get_one(Login, account.id)


async def test_an_app_signs_somebody_up_and_acts_for_them(make_server: MakeServer) -> None:
    server = await make_server(registrations="open")
    app = await app_at(server)
    answer = await app.post(PATH, data=GOOD)
    assert answer.status_code == 200, answer.text
    token = answer.json()
    assert token.keys() == {"access_token", "token_type", "scope", "created_at"}
    assert (token["token_type"], token["scope"]) == ("Bearer", "read write")
    anna = http_client(server, authorization=f"Bearer {token['access_token']}")
    me = (await anna.get("/api/v1/accounts/verify_credentials")).json()
    assert (me["username"], me["source"]["language"]) == ("anna", "de")
    assert (await anna.post("/api/v1/statuses", json={"status": "hello"})).status_code == 200
    assert (await anna.get("/api/v1/emails/check_confirmation")).json() is True
    assert (await anna.post("/api/v1/emails/confirmations")).status_code == 403
    login = await login_of(server, "anna")
    assert (login.email, login.approved) == ("anna@mail.example", True)
    assert login.created_by_app_id is not None
    for path, where in (("/api/v1/instance", "registrations"), ("/api/v2/instance", "enabled")):
        told = (await server.client.get(path)).json()["registrations"]
        assert (told if where == "registrations" else told["enabled"]) is True


async def test_moderators_are_told_who_signed_up(make_server: MakeServer) -> None:
    server = await make_server(registrations="approval")
    boss = await server.person("boss", role=Role.ADMIN, password="long enough")
    token = await token_for(server, boss, "read")
    await (await app_at(server)).post(PATH, data=GOOD | {"reason": "I draw"})
    http = http_client(server, authorization=f"Bearer {token}")
    [told] = (await http.get("/api/v1/notifications")).json()
    assert (told["type"], told["account"]["username"]) == ("admin.sign_up", "anna")


async def test_nobody_signs_up_where_it_is_closed(server: "Server") -> None:
    app = await app_at(server)
    refused = await app.post(PATH, data=GOOD)
    assert (refused.status_code, refused.json()) == (403, {"error": "This action is not allowed"})
    assert "Nobody can sign up" in (await server.client.get("/auth/sign_up")).text
    assert (await server.client.get("/api/v1/instance")).json()["registrations"] is False


async def test_an_app_needs_a_token_with_the_right_to_write_accounts(make_server: MakeServer) -> None:
    server = await make_server(registrations="open")
    assert (await server.client.post(PATH, data=GOOD)).status_code == 401
    reader = await app_at(server, "read", "write:statuses")
    assert (await reader.post(PATH, data=GOOD)).status_code == 403
    writer = await app_at(server, "write:accounts")
    assert (await writer.post(PATH, data=GOOD)).json()["scope"] == "write:accounts"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": ""}, "username", "ERR_BLANK"),
        ({"username": "a-b"}, "username", "ERR_INVALID"),
        ({"username": "a" * 31}, "username", "ERR_TOO_LONG"),
        ({"username": "Admin"}, "username", "ERR_RESERVED"),
        ({"username": "TAKEN"}, "username", "ERR_TAKEN"),
        ({"email": ""}, "email", "ERR_BLANK"),
        ({"email": "anna"}, "email", "ERR_INVALID"),
        ({"email": "anna@x@y.example"}, "email", "ERR_INVALID"),
        ({"email": "a@bad.example"}, "email", "ERR_BLOCKED"),
        ({"email": "a@very.bad.example"}, "email", "ERR_BLOCKED"),
        ({"email": "B.E.A+2@mail.example"}, "email", "ERR_BLOCKED"),
        ({"email": "TAKEN@mail.example"}, "email", "ERR_TAKEN"),
        ({"password": ""}, "password", "ERR_BLANK"),
        ({"password": "short"}, "password", "ERR_TOO_SHORT"),
        ({"password": "x" * 1025}, "password", "ERR_TOO_LONG"),
        ({"agreement": "false"}, "agreement", "ERR_ACCEPTED"),
        ({"reason": "x" * 421}, "reason", "ERR_TOO_LONG"),
    ],
)
async def test_what_is_wrong_is_told_by_field(
    make_server: MakeServer, changes: dict[str, str], field: str, code: str
) -> None:
    server = await make_server(registrations="open")
    app = await app_at(server)
    taken = GOOD | {"username": "taken", "email": "taken@mail.example"}
    assert (await app.post(PATH, data=taken)).status_code == 200
    now = server.clock()
    async with server.ctx.db.write() as tx:
        tx.add(EmailDomainBlock(id=1, domain="bad.example", created_at=now))
        tx.add(CanonicalEmailBlock(id=2, digest=canonical_digest("bea@mail.example"), created_at=now))
    refused = await app.post(PATH, data=GOOD | changes)
    assert refused.status_code == 422
    body = refused.json()
    assert body["error"].startswith("Validation failed: ")
    assert list(body["details"]) == [field]
    [detail] = body["details"][field]
    assert (detail.keys(), detail["error"]) == ({"error", "description"}, code)
    async with server.ctx.db.read() as tx:
        assert await find.local_by_name(tx, "anna") is None


async def test_of_two_who_want_the_same_at_once_one_gets_it(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await make_server(registrations="open")
    app = await app_at(server)
    hash_password, quicker = accounts.hash_password, []

    async def while_somebody_is_quicker(password: str) -> str:
        if not quicker:
            quicker.append(password)
            assert (await app.post(PATH, data=GOOD)).status_code == 200
        return await hash_password(password)

    monkeypatch.setattr(accounts, "hash_password", while_somebody_is_quicker)
    refused = await app.post(PATH, data=GOOD)
    codes = {field: rows[0]["error"] for field, rows in refused.json()["details"].items()}
    assert (refused.status_code, codes) == (422, {"username": "ERR_TAKEN", "email": "ERR_TAKEN"})


async def test_all_that_is_wrong_is_told_at_once(make_server: MakeServer) -> None:
    server = await make_server(registrations="open")
    refused = await (await app_at(server)).post(PATH, json={})
    assert set(refused.json()["details"]) == {"username", "email", "password", "agreement"}


async def test_who_waits_for_approval_can_do_nothing_yet(make_server: MakeServer) -> None:
    server = await make_server(registrations="approval")
    app = await app_at(server)
    missing = await app.post(PATH, data=GOOD)
    assert missing.json()["details"]["reason"][0]["error"] == "ERR_BLANK"
    token = (await app.post(PATH, data=GOOD | {"reason": "I draw"})).json()["access_token"]
    anna = http_client(server, authorization=f"Bearer {token}")
    pending = (403, {"error": "Your login is currently pending approval"})
    for question in (
        anna.get("/api/v1/accounts/verify_credentials"),
        anna.post("/api/v1/statuses", json={"status": "x"}),
        anna.get("/api/v1/timelines/public"),
    ):
        answer = await question
        assert (answer.status_code, answer.json()) == pending
    page = await server.client.get("/share")
    form = re.search(r'name="token" value="([^"]+)"', page.text)
    assert form is not None
    typed = {"token": form[1], "username": "anna", "password": GOOD["password"], "page": "share"}
    refused = await server.client.post("/oauth/sign_in/here", data=typed)
    assert (refused.status_code, "pending approval" in refused.text) == (403, True)
    assert "Publish" not in (await server.client.get("/share")).text
    login = await login_of(server, "anna")
    assert (login.reason, login.approved) == ("I draw", False)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Login, login.account_id)).approved = True
    assert (await anna.get("/api/v1/accounts/verify_credentials")).status_code == 200
    assert (await server.client.post("/oauth/sign_in/here", data=typed)).status_code == 303
    assert "Publish" in (await server.client.get("/share")).text
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Login, login.account_id)).disabled_at = server.clock()
    assert (await anna.get("/api/v1/accounts/verify_credentials")).status_code == 403
    assert "Publish" not in (await server.client.get("/share")).text, "the browser is signed out"
    assert (await server.client.post("/oauth/sign_in/here", data=typed)).status_code == 403


@pytest.mark.parametrize(
    ("rule", "status", "approved"),
    [
        (("127.0.0.1", "sign_up_block", False), 403, None),
        (("127.0.0.0/8", "no_access", False), 403, None),
        (("127.0.0.1", "sign_up_block", True), 200, True),
        (("10.0.0.0/8", "sign_up_block", False), 200, True),
        (("127.0.0.0/24", "sign_up_requires_approval", False), 200, False),
    ],
)
async def test_addresses_can_be_kept_from_signing_up(
    make_server: MakeServer, rule: tuple[str, str, bool], status: int, approved: bool | None
) -> None:
    ip, severity, expired = rule
    server = await make_server(registrations="open")
    now = server.clock()
    async with server.ctx.db.write() as tx:
        tx.add(IpBlock(id=1, ip=ip, severity=severity, expires_at=now if expired else None, created_at=now))
    answer = await (await app_at(server)).post(PATH, data=GOOD)
    assert answer.status_code == status
    if approved is not None:
        assert (await login_of(server, "anna")).approved is approved


async def test_one_address_signs_up_five_times_in_half_an_hour(make_server: MakeServer) -> None:
    server = await make_server(registrations="open", rate_limits=True)
    app = await app_at(server)
    answers = [
        (await app.post(PATH, data=GOOD | {"username": f"p{n}", "email": f"p{n}@mail.example"})).status_code
        for n in range(6)
    ]
    assert answers == [200] * 5 + [429]


async def fill_in(server: "Server", **fields: Any) -> httpx.Response:
    page = await server.client.get("/auth/sign_up")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token is not None
    return await server.client.post("/auth/sign_up", data={**GOOD, "token": token[1], **fields})


async def test_the_page_signs_up_and_in(make_server: MakeServer) -> None:
    server = await make_server(registrations="open")
    wrong = await fill_in(server, email="nonsense", username="<b>")
    assert wrong.status_code == 422
    assert "is not an e-mail address" in wrong.text
    assert 'value="&lt;b&gt;"' in wrong.text, "what was typed is there again, and harmless"
    assert GOOD["password"] not in wrong.text
    done = await fill_in(server)
    assert (done.status_code, done.headers["location"]) == (303, "/@anna")
    assert "Publish" in (await server.client.get("/share")).text, "and is signed in"


async def test_the_page_keeps_programs_out(make_server: MakeServer) -> None:
    server = await make_server(registrations="open")
    assert (await fill_in(server, website="https://spam.example")).status_code == 422
    assert (await server.client.post("/auth/sign_up", data=GOOD)).status_code == 403
    assert (await fill_in(server, token="x")).status_code == 403
    async with server.ctx.db.read() as tx:
        assert await find.local_by_name(tx, "anna") is None


async def test_the_page_says_when_a_moderator_decides(make_server: MakeServer) -> None:
    server = await make_server(registrations="approval")
    assert "Why do you want to join?" in (await server.client.get("/auth/sign_up")).text
    done = await fill_in(server, reason="I draw")
    assert "A moderator will read your request" in done.text
    assert "Publish" not in (await server.client.get("/share")).text
