"""What all pages of the settings share: the menu, and that only who is signed in sees them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fedi import context
from fedi.api import params, sessions
from fedi.api.pages import page
from fedi.api.params import Params
from fedi.services.authorizing import SignedIn

__all__ = ["PAGES", "opened", "see", "show", "submitted", "to_sign_in"]

PAGES = (
    ("/settings/preferences", "Preferences"),
    ("/settings/applications", "Applications"),
    ("/settings/browsers", "Browsers"),
    ("/settings/password", "Password"),
    ("/settings/second_factor", "Second factor"),
)
"""Path and title, in the order of the menu."""


async def opened(request: Request) -> SignedIn | None:
    """Return who opens a page of the settings; None when they must sign in first."""
    async with context.of(request).db.read() as tx:
        return await sessions.find(request, tx)


async def submitted(request: Request) -> tuple[SignedIn, Params] | None:
    """Return who sends a form of the settings, and what; None when they must sign in first.

    Raises:
        Refused: 403 for a form that is not ours.
    """
    given = await params.read(request)
    signed_in = await opened(request)
    if signed_in is None:
        return None
    sessions.require_same(signed_in.csrf_token, given.text("token"))
    return signed_in, given


def show(
    request: Request,
    template: str,
    signed_in: SignedIn,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> Response:
    """Render a page of the settings, with the menu."""
    framed = {
        "me": signed_in.account,
        "token": signed_in.csrf_token,
        "menu": PAGES,
        "here": request.url.path.rstrip("/"),
        **(values or {}),
    }
    return page(request, template, framed, status=status, folder="settings")


def see(path: str) -> Response:
    """Send the browser on to a page, which it then asks for anew."""
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})


def to_sign_in(request: Request) -> Response:
    """Send the browser to the form to sign in with, and from there back."""
    return see(f"/settings/sign_in?{urlencode({'next': request.url.path})}")
