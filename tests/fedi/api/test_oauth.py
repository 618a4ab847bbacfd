"""The pages through which a person lets an application in."""

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from fedi.api import limits
from fedi.api.limits import Limit
from tests.clients.forms import Form, only_form, value_of
from tests.fedi.api.conftest import OUT_OF_BAND, http_client

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

CALLBACK = "https://client.example/back?keep=1"
PASSWORD = "correct horse battery"


@dataclass
class Client:
    """A registered application and a browser."""

    id: str
    secret: str
    browser: httpx.AsyncClient

    def query(self, **changed: Any) -> dict[str, Any]:
        """Return the parameters of a request for access; None leaves one out."""
        plain = {"response_type": "code", "client_id": self.id, "redirect_uri": CALLBACK, "scope": "read"}
        return {name: value for name, value in {**plain, **changed}.items() if value is not None}

    async def ask(self, **changed: Any) -> httpx.Response:
        """Open the page."""
        return await self.browser.get("/oauth/authorize", params=self.query(**changed))

    async def send(self, form: Form, **typed: str) -> httpx.Response:
        """Send a form."""
        return await self.browser.request(form.method, form.action, data={**form.fields, **typed})

    async def sign_in(self, **changed: Any) -> httpx.Response:
        """Open the page, sign in, and return the consent page."""
        form = only_form((await self.ask(**changed)).text)
        answer = await self.send(form, username="anna", password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return await self.browser.get(answer.headers["location"])

    async def allow(self, **changed: Any) -> httpx.Response:
        """Go all the way and return what the last click brings."""
        form = only_form((await self.sign_in(**changed)).text)
        return await self.send(form, decision="allow")

    async def redeem(self, code: str, **changed: Any) -> httpx.Response:
        """Exchange a code."""
        body = {
            "grant_type": "authorization_code", "client_id": self.id, "client_secret": self.secret, "code": code,
            "redirect_uri": CALLBACK, **changed,
        }  # fmt: skip
        body = {name: value for name, value in body.items() if value is not None}
        return await http_client_of(self).post("/oauth/token", data=body)


def http_client_of(client: Client) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=client.browser._transport, base_url=client.browser.base_url)


@pytest.fixture
async def client(server: "Server") -> Client:
    """An application with two redirect URIs, and a person who can sign in."""
    await server.person("anna", password=PASSWORD)
    request = {
        "client_name": "Paint & <Post>",
        "redirect_uris": [CALLBACK, OUT_OF_BAND, "app.x:/y"],
        "scopes": "read write",
    }
    found = (await server.client.post("/api/v1/apps", json=request)).json()
    return Client(id=found["client_id"], secret=found["client_secret"], browser=http_client(server))


def sent_to(answer: httpx.Response) -> dict[str, str]:
    """Return the parameters with which an application is called back."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith((CALLBACK + "&", "app.x:/y?"))
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def test_sign_in_consent_and_back_with_a_code_that_buys_a_token(client: Client) -> None:
    page = await client.ask(state="a b&c")
    assert page.status_code == 200
    assert "Paint &amp; &lt;Post&gt;" in page.text
    answer = sent_to(await client.allow(state="a b&c"))
    assert answer["state"] == "a b&c"
    assert answer["keep"] == "1"

    bought = await client.redeem(answer["code"])
    assert bought.status_code == 200
    token = bought.json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "read")
    assert isinstance(token["created_at"], int)
    assert bought.headers["cache-control"] == "no-store"
    headers = {"authorization": f"Bearer {token['access_token']}"}
    me = await http_client_of(client).get("/api/v1/accounts/verify_credentials", headers=headers)
    assert me.json()["username"] == "anna"


async def test_out_of_band_shows_the_code(client: Client) -> None:
    page = await client.allow(redirect_uri=OUT_OF_BAND)
    assert page.status_code == 200
    code = value_of(page.text, "code")
    assert (await client.redeem(code, redirect_uri=OUT_OF_BAND)).status_code == 200


async def test_a_custom_scheme_is_called_back_as_registered(client: Client) -> None:
    answer = await client.allow(redirect_uri="app.x:/y")
    assert answer.headers["location"].startswith("app.x:/y?code=")


async def test_saying_no_is_told_to_the_application(client: Client) -> None:
    form = only_form((await client.sign_in(state="s")).text)
    answer = sent_to(await client.send(form, decision="deny"))
    assert (answer["error"], answer["state"]) == ("access_denied", "s")
    assert "code" not in answer


async def test_who_is_signed_in_goes_straight_to_consent(client: Client) -> None:
    await client.sign_in()
    page = await client.ask()
    assert "@anna" in page.text
    assert only_form(page.text).action == "/oauth/authorize"


async def test_force_login_asks_again_and_then_leads_to_consent(client: Client) -> None:
    await client.sign_in()
    page = await client.ask(force_login="true")
    form = only_form(page.text)
    assert form.action == "/oauth/sign_in"
    answer = await client.send(form, username="@Anna", password=PASSWORD)
    assert "force_login" not in answer.headers["location"]
    assert "@anna" in (await client.browser.get(answer.headers["location"])).text


async def test_force_login_false_does_not(client: Client) -> None:
    await client.sign_in()
    assert only_form((await client.ask(force_login="False")).text).action == "/oauth/authorize"


async def test_a_slash_at_the_end_is_no_redirect(client: Client) -> None:
    answer = await client.browser.get("/oauth/authorize/", params=client.query())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [("anna", "wrong password"), ("nobody", PASSWORD), ("anna", ""), ("", ""), ("a\x00b", "x" * 5000)],
)
async def test_a_wrong_name_or_password_says_the_same_for_both(
    client: Client, username: str, password: str
) -> None:
    form = only_form((await client.ask()).text)
    answer = await client.send(form, username=username, password=password)
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert only_form(answer.text).fields["request"] == form.fields["request"]


FAULTY: list[dict[str, Any]] = [
    {"client_id": "unknown"},
    {"client_id": None},
    {"redirect_uri": None},
    {"redirect_uri": "https://client.example/back"},
    {"redirect_uri": CALLBACK + "/"},
    {"redirect_uri": CALLBACK + "&more=1"},
    {"redirect_uri": CALLBACK.replace("client", "CLIENT")},
    {"redirect_uri": "https://client.example.evil.example/back?keep=1"},
    {"redirect_uri": CALLBACK + "\r\n"},
    {"scope": "read write follow"},
    {"scope": "everything"},
    {"response_type": "token"},
    {"response_type": None},
    {"code_challenge": "x" * 43, "code_challenge_method": "plain"},
    {"code_challenge": "x" * 43},
    {"code_challenge": "short", "code_challenge_method": "S256"},
    {"code_challenge_method": "S256"},
    {"state": "x" * 4001},
]


async def test_a_faulty_request_is_told_to_the_person_and_leads_nowhere(client: Client) -> None:
    await client.sign_in()
    for changed in FAULTY:
        answer = await client.ask(**changed)
        assert answer.status_code == 400, changed
        assert "location" not in answer.headers, changed


async def test_a_form_cannot_carry_what_was_not_checked(client: Client) -> None:
    form = only_form((await client.sign_in()).text)
    for changed in ({"redirect_uri": "https://evil.example/"}, {"scope": "read write follow push"}):
        forged = urlencode(client.query(**changed))
        answer = await client.send(form, request=forged, decision="allow")
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def test_another_page_cannot_send_the_consent_form(client: Client) -> None:
    form = only_form((await client.sign_in()).text)
    for token in ("", "guessed", form.fields["token"][:-1]):
        answer = await client.send(form, token=token, decision="allow")
        assert answer.status_code == 403
        assert "location" not in answer.headers


async def test_another_page_cannot_send_the_sign_in_form(client: Client) -> None:
    form = only_form((await client.ask()).text)
    for token in ("", "guessed"):
        answer = await client.send(form, token=token, username="anna", password=PASSWORD)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_without_the_cookie_the_sign_in_form_is_worth_nothing(client: Client) -> None:
    form = only_form((await client.ask()).text)
    client.browser.cookies.clear()
    answer = await client.send(form, username="anna", password=PASSWORD)
    assert answer.status_code == 403


async def test_a_session_that_ended_meanwhile_asks_to_sign_in(client: Client, server: "Server") -> None:
    form = only_form((await client.sign_in()).text)
    server.clock.advance(15 * 24 * 3600)
    answer = await client.send(form, decision="allow")
    assert answer.status_code == 401
    assert only_form(answer.text).action == "/oauth/sign_in"


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client: Client) -> None:
    form = only_form((await client.ask()).text)
    answer = await client.send(form, username="anna", password=PASSWORD)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-fedi_session=")
    for attribute in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"):
        assert attribute in cookie


async def test_the_session_is_kept_as_a_digest_only(client: Client, server: "Server") -> None:
    await client.sign_in()
    cookie = client.browser.cookies["__Host-fedi_session"]
    async with server.ctx.db.read() as tx:
        rows = (await (await tx.connection()).exec_driver_sql("SELECT * FROM web_session")).all()
    assert len(rows) == 1
    assert cookie not in str(rows)


async def test_the_pages_let_the_redirect_and_the_pop_up_work_and_no_frame(client: Client) -> None:
    for answer in (await client.ask(), await client.sign_in()):
        policy = answer.headers["content-security-policy"]
        assert "form-action" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert answer.headers.get("cross-origin-opener-policy", "unsafe-none") == "unsafe-none"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert 'name="viewport"' in answer.text


async def test_a_code_works_once_and_its_second_use_takes_the_token_away(client: Client) -> None:
    code = sent_to(await client.allow())["code"]
    token = (await client.redeem(code)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    http = http_client_of(client)
    assert (await http.get("/api/v1/preferences", headers=headers)).status_code == 200
    again = await client.redeem(code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    assert (await http.get("/api/v1/preferences", headers=headers)).status_code == 401


async def test_a_code_is_bound_to_its_request(client: Client) -> None:
    code = sent_to(await client.allow())["code"]
    changes: list[dict[str, Any]] = [
        {"redirect_uri": None}, {"redirect_uri": OUT_OF_BAND}, {"code_verifier": "a" * 43},
    ]  # fmt: skip
    assert (await client.redeem("unknown")).json()["error"] == "invalid_grant"
    for changed in changes:
        answer = await client.redeem(code, **changed)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), changed
    assert (await client.redeem(code)).status_code == 200


async def test_a_code_is_bound_to_its_client(client: Client, server: "Server") -> None:
    code = sent_to(await client.allow())["code"]
    request = {"client_name": "other", "redirect_uris": CALLBACK}
    other = (await server.client.post("/api/v1/apps", json=request)).json()
    stolen = await client.redeem(code, client_id=other["client_id"], client_secret=other["client_secret"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert (await client.redeem(code)).status_code == 200


async def test_a_code_ends_after_ten_minutes(client: Client, server: "Server") -> None:
    code = sent_to(await client.allow())["code"]
    server.clock.advance(601)
    assert (await client.redeem(code)).json()["error"] == "invalid_grant"


async def test_pkce_needs_the_right_verifier(client: Client) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
    code = sent_to(await client.allow(**pkce))["code"]
    for wrong in (None, "w" * 64, challenge, "ü" * 50):
        assert (await client.redeem(code, code_verifier=wrong)).json()["error"] == "invalid_grant"
    assert (await client.redeem(code, code_verifier=verifier)).status_code == 200


async def test_a_form_in_another_window_stays_good(client: Client) -> None:
    first = only_form((await client.ask()).text)
    await client.ask()
    assert (await client.send(first, username="anna", password=PASSWORD)).status_code == 303


async def test_too_many_tries_for_one_account_are_refused(
    make_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (limits.LOGIN_PER_ACCOUNT.most, limits.LOGIN_PER_ACCOUNT.window_s) == (25, 3600)
    monkeypatch.setattr(limits, "LOGIN_PER_ACCOUNT", Limit(name="login_account", most=2, window_s=3600))
    server = await make_server("https://limited.test", rate_limits=True)
    await server.person("anna", password=PASSWORD)
    found = (
        await server.client.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": CALLBACK})
    ).json()
    client = Client(id=found["client_id"], secret=found["client_secret"], browser=http_client(server))
    form = only_form((await client.ask()).text)
    for _ in range(2):
        assert (await client.send(form, username="anna", password="")).status_code == 401
    server.clock.advance(301)  # the address may try again, the account not
    answer = await client.send(form, username="ANNA", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 60
    assert (await client.send(form, username="ben", password="x")).status_code == 401
