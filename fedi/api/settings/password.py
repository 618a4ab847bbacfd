"""Changing one's password."""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import sessions
from fedi.api.settings import menu
from fedi.errors import Refused
from fedi.models import Account
from fedi.services import accounts, locking
from fedi.services.authorizing import SignedIn

__all__ = ["change", "show"]


async def show(request: Request) -> Response:
    """Show the form."""
    signed_in = await menu.opened(request)
    return menu.to_sign_in(request) if signed_in is None else _form(request, signed_in)


async def change(request: Request) -> Response:
    """Change it, and sign out everything but this browser.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    if not await sessions.knows_password(request, signed_in.account, given.text("password") or ""):
        return _form(request, signed_in, wrong="That is not your present password.")
    wanted = given.text("new_password") or ""
    if wanted != given.text("new_password_again"):
        return _form(request, signed_in, wrong="The new password was not typed the same twice.")
    try:
        password_hash = await accounts.hash_password(wanted)
    except Refused as refusal:
        return _form(request, signed_in, wrong=refusal.text)
    ctx = context.of(request)
    async with ctx.db.write() as tx:
        account = await tx.get_one(Account, signed_in.account.id)
        await locking.change_password(
            ctx, tx, account=account, password_hash=password_hash, keep=signed_in.key
        )
    done = "Your password is changed. All other browsers and all applications were signed out."
    return _form(request, signed_in, done=done)


def _form(request: Request, signed_in: SignedIn, *, wrong: str = "", done: str = "") -> Response:
    values = {"wrong": wrong, "done": done, "least": accounts.PASSWORD_CHARACTERS_MIN}
    return menu.show(request, "password.html", signed_in, values, status=422 if wrong else 200)
