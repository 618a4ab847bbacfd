"""The settings of an account: signing in and out, who has access, and the password."""

from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import select

from fedi.bus.events import EventKind, News
from fedi.models import IpBlock, OAuthApp, OAuthToken
from tests.fedi.api.conftest import http_client, token_for
from tests.fedi.api.settings.conftest import PASSWORD, Browser

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PAGES = (
    "/settings", "/settings/applications", "/settings/browsers", "/settings/password", "/settings/second_factor",
)  # fmt: skip
FORMS = (
    "/settings/sign_out", "/settings/applications", "/settings/browsers", "/settings/password",
    "/settings/second_factor", "/settings/second_factor/disable", "/settings/second_factor/codes",
)  # fmt: skip


async def test_every_page_asks_to_sign_in_first_and_leads_back(browser: Browser) -> None:
    for path in PAGES:
        answer = await browser.http.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (
            303,
            "/settings/sign_in",
        )
    for path in FORMS:
        answer = await browser.http.post(path, data={"token": "x"})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (
            303,
            "/settings/sign_in",
        )
    answer = await browser.sign_in(path="/settings/password")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/password")
    for path in PAGES:
        page = await browser.http.get(path)
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in page.headers["content-security-policy"]


async def test_a_form_that_is_not_ours_does_nothing(inside: Browser) -> None:
    for path in FORMS:
        for typed in ({}, {"token": "forged"}):
            assert (await inside.http.post(path, data=typed)).status_code == 403
    assert (await inside.http.get("/settings")).status_code == 200


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/oauth/revoke"]
)
async def test_signing_in_leads_to_our_pages_only(browser: Browser, path: str) -> None:
    form = await browser.form("/settings/sign_in")
    answer = await browser.send(form, username="anna", password=PASSWORD, next=path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")


async def test_a_wrong_password_and_an_unknown_name_look_alike(browser: Browser) -> None:
    form = await browser.form("/settings/sign_in")
    wrong = await browser.send(form, username="anna", password="not this one")
    unknown = await browser.send(form, username="nobody", password="not this one")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace('value="anna"', "") == unknown.text.replace('value="nobody"', "")


async def test_from_an_address_that_is_kept_out_nobody_signs_in(server: "Server", browser: Browser) -> None:
    async with server.ctx.db.write() as tx:
        block = IpBlock(id=1, ip="127.0.0.0/8", severity="sign_up_block", created_at=server.clock())
        tx.add(block)
    assert (await browser.sign_in()).status_code == 303
    async with server.ctx.db.write() as tx:
        (await tx.get_one(IpBlock, 1)).severity = "no_access"
    assert (await browser.another().sign_in()).status_code == 403


async def test_signing_out_ends_the_session(inside: Browser) -> None:
    cookies = dict(inside.http.cookies)
    answer = await inside.send(await inside.form("/settings", "/settings/sign_out"))
    assert answer.headers["location"] == "/settings/sign_in"
    inside.http.cookies.update(cookies)
    assert (await inside.http.get("/settings")).status_code == 303


async def test_an_application_is_listed_and_shut_out(server: "Server", inside: Browser) -> None:
    heard: list[News] = []
    server.ctx.hub.open(heard.append)  # as an open stream does, which must end
    token = await token_for(server, inside.account, "read", "write:statuses")
    other = await server.person("ben", password=PASSWORD)
    kept = await token_for(server, other, "read")
    page = await inside.get("/settings/applications")
    assert "Test client" in page
    assert "Change your statuses" in page
    async with server.ctx.db.read() as tx:
        apps = (await tx.execute(select(OAuthApp.id).order_by(OAuthApp.id))).scalars().all()
    form = await inside.form("/settings/applications")
    assert (await inside.send(form, app=str(apps[1]))).status_code == 404  # Ben's
    assert (await inside.send(form, app="x")).status_code == 422
    assert (await inside.send(form)).status_code == 303
    assert "No application has access" in await inside.get("/settings/applications")
    for text, status in ((token, 401), (kept, 200)):
        http = http_client(server, authorization=f"Bearer {text}")
        assert (await http.get("/api/v1/accounts/verify_credentials")).status_code == status
    async with server.ctx.db.read() as tx:
        revoked = (
            await tx.execute(select(OAuthToken.id).where(OAuthToken.revoked_at.is_not(None)))
        ).scalar_one()
    assert [(news.kind, news.subject_id) for news in heard] == [(EventKind.REVOKED, revoked)]


async def test_a_browser_is_listed_and_signed_out(server: "Server", inside: Browser) -> None:
    other = inside.another()
    assert (await other.sign_in()).status_code == 303
    page = await inside.get("/settings/browsers")
    assert "Mozilla/5.0 (of a test)" in page
    assert page.count("Sign it out") == 1  # not this one
    form = await inside.form("/settings/browsers")
    stranger = Browser(
        server=server, account=await server.person("ben", password=PASSWORD), http=http_client(server)
    )
    await stranger.sign_in()
    theirs = await stranger.form("/settings", "/settings/sign_out")
    answer = await stranger.send(theirs, action="/settings/browsers", browser=form.fields["browser"])
    assert answer.status_code == 404
    assert (await other.http.get("/settings")).status_code == 200
    assert (await inside.send(form)).status_code == 303
    assert (await other.http.get("/settings")).status_code == 303
    assert (await inside.http.get("/settings")).status_code == 200


async def test_a_new_password_signs_out_everything_else(server: "Server", inside: Browser) -> None:
    heard: list[News] = []
    server.ctx.hub.open(heard.append)
    other, token = inside.another(), await token_for(server, inside.account, "read")
    await other.sign_in()
    form = await inside.form("/settings/password")
    new = {"new_password": "another long one", "new_password_again": "another long one"}
    refused = (
        {"password": "not this one", **new},
        {"password": PASSWORD, **new, "new_password_again": "typed otherwise"},
        {"password": PASSWORD, "new_password": "short", "new_password_again": "short"},
    )
    for typed in refused:
        assert (await inside.send(form, **typed)).status_code == 422
    assert (await other.http.get("/settings")).status_code == 200
    assert (await inside.send(form, password=PASSWORD, **new)).status_code == 200
    assert (await inside.http.get("/settings")).status_code == 200
    assert (await other.http.get("/settings")).status_code == 303
    http = http_client(server, authorization=f"Bearer {token}")
    assert (await http.get("/api/v1/accounts/verify_credentials")).status_code == 401
    assert (await other.sign_in()).status_code == 401
    assert (await other.sign_in("another long one")).status_code == 303
    assert [(news.kind, news.account_id) for news in heard] == [(EventKind.REVOKED, inside.account.id)]


async def test_guessing_a_password_takes_ever_longer_whoever_is_named(
    server: "Server", browser: Browser
) -> None:
    form = await browser.form("/settings/sign_in")
    for name in ("anna", "nobody"):
        for _ in range(5):
            assert (await browser.send(form, username=name, password="not this one")).status_code == 401
        refused = await browser.send(form, username=name, password=PASSWORD)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    server.clock.advance(2)
    assert (await browser.send(form, username="anna", password=PASSWORD)).status_code == 303


async def test_one_address_may_not_try_many_names(browser: Browser) -> None:
    form = await browser.form("/settings/sign_in")
    for number in range(20):
        assert (
            await browser.send(form, username=f"name{number}", password="not this one")
        ).status_code == 401
    assert (await browser.send(form, username="anna", password=PASSWORD)).status_code == 429


async def test_others_do_not_lock_somebody_out_with_a_few_guesses(server: "Server", browser: Browser) -> None:
    elsewhere = httpx.ASGITransport(app=server.app, raise_app_exceptions=False, client=("192.0.2.66", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url=server.settings.origin) as http:
        other = Browser(server=server, account=browser.account, http=http)
        form = await other.form("/settings/sign_in")
        for _ in range(6):
            await other.send(form, username="anna", password="not this one")
        assert (await other.send(form, username="anna", password=PASSWORD)).status_code == 429
    assert (await browser.sign_in()).status_code == 303


async def test_the_password_is_no_easier_to_guess_from_inside(inside: Browser) -> None:
    form = await inside.form("/settings/password")
    new = {"new_password": "another long one", "new_password_again": "another long one"}
    for _ in range(5):
        assert (await inside.send(form, password="not this one", **new)).status_code == 422
    assert (await inside.send(form, password=PASSWORD, **new)).status_code == 429
