"""Signing in and out of the settings, and their first page."""

from starlette.requests import Request
from starlette.responses import Response

from fedi.api import params, sessions
from fedi.api.pages import page
from fedi.api.settings import menu

__all__ = ["form", "home", "sign_in", "sign_out"]


async def home(request: Request) -> Response:
    """Show the menu."""
    signed_in = await menu.opened(request)
    return menu.to_sign_in(request) if signed_in is None else menu.show(request, "home.html", signed_in)


async def form(request: Request) -> Response:
    """Show the form to sign in with."""
    given = await params.read(request)
    return _form(request, given.text("next") or "", status=200)


async def sign_in(request: Request) -> Response:
    """Check a name and a password, and begin a session.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    given = await params.read(request)
    where = given.text("next") or ""
    username, account = await sessions.who_signs_in(request, given)
    if account is None:
        return _form(request, where, status=401, username=username, wrong=True)
    return await sessions.begin(request, account, path=where if sessions.is_our_page(where) else "/settings")


async def sign_out(request: Request) -> Response:
    """End this browser's session.

    Raises:
        Refused: 403 for a form that is not ours.
    """
    if await menu.submitted(request) is None:
        return menu.to_sign_in(request)
    return await sessions.end(request, path="/settings/sign_in")


def _form(request: Request, where: str, *, status: int, username: str = "", wrong: bool = False) -> Response:
    token = sessions.form_token(request)
    values = {"token": token, "next": where, "username": username, "wrong": wrong}
    response = page(request, "sign_in.html", values, status=status, folder="settings")
    sessions.keep_form_token(request, response, token)
    return response
