"""Browsers that are signed in, and forms that are really ours.

A session is a cookie and nothing else. A form is believed when it repeats a value that a page elsewhere
cannot know: the session's own for those who are signed in, and a cookie's for the form with which they sign
in. Who has a second factor gets, for the password, a session that opens nothing but the form for the code.

Whoever guesses waits ever longer: by name and address together after a few wrong tries, by address after
some more, and by name after many, so that others cannot easily lock somebody out. A name that nobody has is
counted and answered like any other.

Sources: OWASP, "Cross-Site Request Forgery Prevention" (synchroniser token, double submit cookie); NIST SP
800-63B section 3.2.2 (rate limiting).
"""

import hmac
import math
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import limits, params
from fedi.api.pages import page
from fedi.api.params import Params
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.queries import barring
from fedi.services import accounts, authorizing, locking, securing
from fedi.services.authorizing import SignedIn

__all__ = [
    "FREE_GUESSES", "begin", "end", "find", "find_half", "form_token", "is_our_page", "keep_form_token",
    "knows_password", "require_form", "require_same", "show_code_form", "take_code", "who_signs_in",
]  # fmt: skip

SESSION_COOKIE = "fedi_session"
"""Holds the session of a signed-in browser."""

FORM_COOKIE = "fedi_form"
"""Holds a random value that the sign-in form repeats: a page elsewhere cannot fill in both."""

FREE_GUESSES = {"pair": 5, "address": 20, "name": 30, "code": 5}
"""Wrong tries before waiting begins: of an address at one name, of an address at all names, at one name from
everywhere, and at somebody's second factor."""

CODE_PAGE = "/oauth/sign_in/code"
"""Where the second factor is asked for."""

OUR_PAGES = ("/oauth/authorize?", "/authorize_interaction?", "/share?", "/settings", "/@")
"""Beginnings of the paths that signing in may lead to: with any other, a link could lead away from here."""

FORM_COOKIE_S = 3600
"""How long a sign-in form may stay open, in seconds."""


async def find(request: Request, tx: Tx) -> SignedIn | None:
    """Return who is signed in with this browser; None when nobody is."""
    ctx = context.of(request)
    return await authorizing.find_signed_in(ctx, tx, request.cookies.get(_name(ctx, SESSION_COOKIE), ""))


async def find_half(request: Request, tx: Tx) -> SignedIn | None:
    """Return who gave their password with this browser and has still to give the second factor."""
    ctx = context.of(request)
    token = request.cookies.get(_name(ctx, SESSION_COOKIE), "")
    return await authorizing.find_signed_in(ctx, tx, token, awaits_code=True)


async def who_signs_in(request: Request, given: Params) -> tuple[str, Account | None]:
    """Return the name that was filled in, and whose it is when the password belongs to it.

    Raises:
        Refused: 403 for a form that is not ours or an address that is kept out, 429 after too many tries.
    """
    require_form(request, given)
    await _require_access(request)
    username = (given.word("username") or "").lower().removeprefix("@")
    limits.charge(request, limits.LOGIN_PER_ACCOUNT, username)
    return username, await _check(request, username, given.text("password") or "")


async def knows_password(request: Request, account: Account, password: str) -> bool:
    """Tell whether somebody who is signed in knows their password: a browser left open should not do for all.

    Raises:
        Refused: 429 after too many tries.
    """
    return await _check(request, account.username, password) is not None


async def begin(request: Request, account: Account, *, path: str) -> Response:
    """Begin a session, and send the browser on to a path of ours, or first to the form for the code."""
    ctx = context.of(request)
    user_agent = request.headers.get("user-agent", "")
    async with ctx.db.write() as tx:
        half = await securing.is_on(tx, account)
        session = await authorizing.sign_in(ctx, tx, account=account, user_agent=user_agent, awaits_code=half)
    if half:
        path = f"{CODE_PAGE}?{urlencode({'next': path})}"
    response = Response(status_code=303, headers={"Location": path, "Cache-Control": "no-store"})
    _set_cookie(ctx, response, SESSION_COOKIE, session, max_age_s=authorizing.SESSION_S)
    return response


async def show_code_form(request: Request) -> Response:
    """Show the form for the second factor, to who gave their password."""
    given = await params.read(request)
    async with context.of(request).db.read() as tx:
        half = await find_half(request, tx)
    if half is None:
        return _again()
    return _code_form(request, half, _next(given), status=200)


async def take_code(request: Request) -> Response:
    """Take the second factor, begin the real session, and send the browser on.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        half = await find_half(request, tx)
    if half is None:
        return _again()
    require_same(half.csrf_token, given.text("token"))
    tries = {f"code|{half.account.id}": FREE_GUESSES["code"]}
    _require_patience(ctx, tries)
    async with ctx.db.write() as tx:
        good = await securing.passes(ctx, tx, account_id=half.account.id, code=given.text("code") or "")
        if good:  # another cookie than before, and the old one is worth nothing
            await locking.shut_out_browser(tx, account=half.account, key=half.key)
            user_agent = request.headers.get("user-agent", "")
            session = await authorizing.sign_in(ctx, tx, account=half.account, user_agent=user_agent)
    if not good:
        ctx.memory.guesses.failed(next(iter(tries)), now=ctx.clock())
        return _code_form(request, half, _next(given), status=401, wrong=True)
    ctx.memory.guesses.succeeded(next(iter(tries)))
    response = Response(status_code=303, headers={"Location": _next(given), "Cache-Control": "no-store"})
    _set_cookie(ctx, response, SESSION_COOKIE, session, max_age_s=authorizing.SESSION_S)
    return response


async def end(request: Request, *, path: str) -> Response:
    """End this browser's session, and send it on to a path of ours."""
    ctx = context.of(request)
    async with ctx.db.write() as tx:
        await authorizing.sign_out(tx, request.cookies.get(_name(ctx, SESSION_COOKIE), ""))
    response = Response(status_code=303, headers={"Location": path, "Cache-Control": "no-store"})
    _set_cookie(ctx, response, SESSION_COOKIE, "", max_age_s=0)
    return response


def is_our_page(path: str) -> bool:
    """Tell whether signing in may lead there."""
    return path.startswith(OUR_PAGES) and path.isprintable() and path.isascii() and "\\" not in path


def form_token(request: Request) -> str:
    """Return the value that a sign-in form repeats.

    It is kept when there is one, or a second window would make the form in the first worthless.
    """
    known = request.cookies.get(_name(context.of(request), FORM_COOKIE))
    return known or secrets.token_urlsafe(32)


def keep_form_token(request: Request, response: Response, token: str) -> None:
    """Give the browser the value that the form on this page repeats."""
    _set_cookie(context.of(request), response, FORM_COOKIE, token, max_age_s=FORM_COOKIE_S)


def require_form(request: Request, given: Params) -> None:
    """Refuse a sign-in form that is not ours.

    Raises:
        Refused: 403.
    """
    require_same(request.cookies.get(_name(context.of(request), FORM_COOKIE)), given.text("token"))


def require_same(expected: str | None, given: str | None) -> None:
    """Refuse a form that does not repeat what it should.

    Raises:
        Refused: 403.
    """
    if not expected or not given or not hmac.compare_digest(expected.encode(), given.encode()):
        raise Refused(
            403, "This form is not from here, or too old. Please go back and try again.", why="forged form"
        )


async def _require_access(request: Request) -> None:
    ctx, host = context.of(request), request.client.host if request.client else ""
    async with ctx.db.read() as tx:
        if "no_access" in await barring.severities(tx, host, now=ctx.clock()):
            raise Refused(403, "This action is not allowed", why=f"sign-in from {host}")


async def _check(request: Request, username: str, password: str) -> Account | None:
    """Check a password, unless whoever asks must wait."""
    ctx, address = context.of(request), limits.address_of(request)
    tries = {
        f"pair|{username}|{address}": FREE_GUESSES["pair"],
        f"address|{address}": FREE_GUESSES["address"],
        f"name|{username}": FREE_GUESSES["name"],
    }
    _require_patience(ctx, tries)
    found = await accounts.check_password(ctx, username, password)
    guesses = ctx.memory.guesses
    if found is None:
        for who in tries:
            guesses.failed(who, now=ctx.clock())
    else:  # what else was tried from that address is not forgiven for it
        guesses.succeeded(f"pair|{username}|{address}")
    return found


def _require_patience(ctx: Context, tries: Mapping[str, int]) -> None:
    guesses, now = ctx.memory.guesses, ctx.clock()
    wait_s = max(guesses.wait_s(who, free=free, now=now) for who, free in tries.items())
    if wait_s > 0:
        raise Refused(
            429,
            "Too many attempts. Please wait before you try again.",
            why="guessing",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )


def _code_form(request: Request, half: SignedIn, path: str, *, status: int, wrong: bool = False) -> Response:
    values = {"token": half.csrf_token, "next": path, "wrong": wrong}
    return page(request, "code_form.html", values, status=status)


def _again() -> Response:
    """Begin at the beginning: the password was given too long ago, or the code was taken already."""
    return Response(status_code=303, headers={"Location": "/settings", "Cache-Control": "no-store"})


def _next(given: Params) -> str:
    path = given.text("next") or ""
    return path if is_our_page(path) else "/settings"


def _name(ctx: Context, name: str) -> str:
    """Return a cookie's name; the prefix makes browsers refuse one that another host set."""
    return f"__Host-{name}" if ctx.settings.secure else name


def _set_cookie(ctx: Context, response: Response, name: str, value: str, *, max_age_s: int) -> None:
    response.set_cookie(
        _name(ctx, name),
        value,
        max_age=max_age_s,
        path="/",
        secure=ctx.settings.secure,
        httponly=True,
        samesite="lax",
    )
