"""Browsers that are signed in, and forms that are really ours.

A session is a cookie and nothing else. A form is believed when it repeats a value that a page elsewhere
cannot know: the session's own for those who are signed in, and a cookie's for the form with which they sign
in.

Source: OWASP, "Cross-Site Request Forgery Prevention" (synchroniser token, double submit cookie).
"""

import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import limits
from fedi.api.params import Params
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.services import accounts, authorizing
from fedi.services.authorizing import SignedIn

__all__ = ["begin", "find", "form_token", "keep_form_token", "require_form", "require_same", "who_signs_in"]

SESSION_COOKIE = "fedi_session"
"""Holds the session of a signed-in browser."""

FORM_COOKIE = "fedi_form"
"""Holds a random value that the sign-in form repeats: a page elsewhere cannot fill in both."""

FORM_COOKIE_S = 3600
"""How long a sign-in form may stay open, in seconds."""


async def find(request: Request, tx: Tx) -> SignedIn | None:
    """Return who is signed in with this browser; None when nobody is."""
    ctx = context.of(request)
    return await authorizing.find_signed_in(ctx, tx, request.cookies.get(_name(ctx, SESSION_COOKIE), ""))


async def who_signs_in(request: Request, given: Params) -> tuple[str, Account | None]:
    """Return the name that was filled in, and whose it is when the password belongs to it.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    require_form(request, given)
    username = (given.word("username") or "").lower()
    limits.charge(request, limits.LOGIN_PER_ACCOUNT, username)
    return username, await accounts.check_password(
        context.of(request), username, given.text("password") or ""
    )


async def begin(request: Request, account: Account, *, path: str) -> Response:
    """Begin a session, and send the browser on to a path of ours."""
    ctx = context.of(request)
    async with ctx.db.write() as tx:
        session = await authorizing.sign_in(ctx, tx, account=account)
    response = Response(status_code=303, headers={"Location": path, "Cache-Control": "no-store"})
    _set_cookie(ctx, response, SESSION_COOKIE, session, max_age_s=authorizing.SESSION_S)
    return response


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
