"""The second factor: switching it on and off, and signing in with it."""

import re
from typing import TYPE_CHECKING

import pytest

from fedi.models import Login
from tests.fedi.api.settings.conftest import PASSWORD, Browser

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

STEP_S = 30.0


async def login_of(server: "Server", browser: Browser) -> Login:
    async with server.ctx.db.read() as tx:
        return await tx.get_one(Login, browser.account.id)


async def give(browser: Browser, code: str, path: str = "/settings") -> int:
    """Sign in with a fresh browser and give a code; return the answer's status."""
    answer = await browser.sign_in()
    form = await browser.form(answer.headers["location"], "/oauth/sign_in/code")
    return (await browser.send(form, code=code, next=path)).status_code


def recovery_codes(page: str) -> list[str]:
    return re.findall(r"<code>([a-z2-7-]+)</code>", page)


async def test_it_is_switched_on_with_a_code_and_the_password(server: "Server", inside: Browser) -> None:
    page = await inside.get("/settings/second_factor")
    assert "<svg" in page
    assert "otpauth://totp/" in page
    form = await inside.form("/settings/second_factor")
    good = inside.code(form.fields["secret"])
    assert (await inside.send(form, code="000000", password=PASSWORD)).status_code == 422
    assert (await inside.send(form, code=good, password="not this one")).status_code == 422
    assert (await inside.send(form, code=good, password=PASSWORD, secret="AAAA")).status_code == 422
    assert (await login_of(server, inside)).totp_secret is None
    secret, page = await inside.switch_on()
    login = await login_of(server, inside)
    codes = recovery_codes(page)
    assert len(set(codes)) == len(login.recovery_codes) == 10
    kept = f"{login.totp_secret} {login.recovery_codes}"
    assert secret not in kept
    assert not any(code in kept for code in codes)
    assert "recovery codes left" in await inside.get("/settings/second_factor")
    assert codes[0] not in await inside.get("/settings/second_factor")


async def test_the_password_alone_opens_nothing(server: "Server", inside: Browser) -> None:
    secret, _ = await inside.switch_on()
    other = inside.another()
    answer = await other.sign_in(path="/settings/browsers")
    assert answer.headers["location"].startswith("/oauth/sign_in/code?next=%2Fsettings%2Fbrowsers")
    assert (await other.http.get("/settings")).status_code == 303
    assert (await inside.get("/settings/browsers")).count("Sign it out") == 0
    half = dict(other.http.cookies)
    server.clock.advance(STEP_S)
    form = await other.form(answer.headers["location"], "/oauth/sign_in/code")
    assert (await other.send(form, code="000000")).status_code == 401
    assert (await other.send(form, code=other.code(secret), token="forged")).status_code == 403
    entered = await other.send(form, code=other.code(secret))
    assert (entered.status_code, entered.headers["location"]) == (303, "/settings/browsers")
    assert (await other.http.get("/settings")).status_code == 200
    other.http.cookies.clear()
    other.http.cookies.update(half)
    # What the password gave is worth nothing now, not even another try.
    assert (await other.http.get("/settings")).status_code == 303
    assert (await other.http.get("/oauth/sign_in/code")).status_code == 303


async def test_a_code_is_taken_once(server: "Server", inside: Browser) -> None:
    secret, _ = await inside.switch_on()
    assert await give(inside.another(), inside.code(secret)) == 401  # it switched the factor on
    server.clock.advance(STEP_S)
    code = inside.code(secret)
    assert await give(inside.another(), code) == 303
    assert await give(inside.another(), code) == 401


async def test_a_recovery_code_opens_once_however_it_is_typed(server: "Server", inside: Browser) -> None:
    _, page = await inside.switch_on()
    first, second, *_ = recovery_codes(page)
    assert await give(inside.another(), first.upper().replace("-", " ")) == 303
    assert await give(inside.another(), first) == 401
    assert await give(inside.another(), second) == 303
    assert len((await login_of(server, inside)).recovery_codes) == 8


async def test_new_recovery_codes_end_the_old_ones_and_switching_off_asks_for_no_code(
    server: "Server", inside: Browser
) -> None:
    _, page = await inside.switch_on()
    form = await inside.form("/settings/second_factor", "/settings/second_factor/codes")
    off = "/settings/second_factor/disable"
    assert (await inside.send(form, password="not this one")).status_code == 422
    assert (await inside.send(form, action=off, password="not this one")).status_code == 422
    fresh = recovery_codes((await inside.send(form, password=PASSWORD)).text)
    assert await give(inside.another(), recovery_codes(page)[0]) == 401
    assert await give(inside.another(), fresh[0]) == 303
    assert (await inside.send(form, action=off, password=PASSWORD)).status_code == 303
    login = await login_of(server, inside)
    assert (login.totp_secret, login.totp_step, login.recovery_codes) == (None, None, [])
    assert (await inside.another().sign_in()).headers["location"] == "/settings"


async def test_while_it_is_on_it_cannot_be_switched_on_anew(server: "Server", inside: Browser) -> None:
    form = await inside.form("/settings/second_factor")
    await inside.switch_on()
    before = (await login_of(server, inside)).totp_secret
    answer = await inside.send(form, code=inside.code(form.fields["secret"]), password=PASSWORD)
    assert answer.status_code == 422
    assert (await login_of(server, inside)).totp_secret == before


async def test_guessing_the_code_takes_ever_longer(server: "Server", inside: Browser) -> None:
    secret, _ = await inside.switch_on()
    other = inside.another()
    answer = await other.sign_in()
    form = await other.form(answer.headers["location"], "/oauth/sign_in/code")
    for _ in range(5):
        assert (await other.send(form, code="000000")).status_code == 401
    server.clock.advance(STEP_S)
    assert (await other.send(form, code="000000")).status_code == 401
    refused = await other.send(form, code=other.code(secret))
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) in {1, 2}
    server.clock.advance(3)
    assert (await other.send(form, code=other.code(secret))).status_code == 303


async def test_too_late_for_the_code_one_begins_again(server: "Server", inside: Browser) -> None:
    secret, _ = await inside.switch_on()
    other = inside.another()
    answer = await other.sign_in()
    form = await other.form(answer.headers["location"], "/oauth/sign_in/code")
    server.clock.advance(601)
    late = await other.send(form, code=other.code(secret))
    assert (late.status_code, late.headers["location"]) == (303, "/settings")
    assert (await other.http.get("/settings")).status_code == 303
