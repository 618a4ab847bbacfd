"""Switching the second factor on and off.

To switch it on, the page shows a fresh secret as a picture and as text, and the form brings it back with the
first code that the authenticator made from it: until then nothing is kept. Each change asks for the
password, because a browser left open should neither take a lock off nor put one on.
"""

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import sessions
from fedi.api.params import Params
from fedi.api.settings import menu
from fedi.models import Account
from fedi.services import securing, totp
from fedi.services.authorizing import SignedIn

__all__ = ["disable", "enable", "renew_codes", "show"]

WRONG_PASSWORD = "That is not your password."  # noqa: S105 - a sentence

MODULE_PX = 5
"""Side of the smallest square of the picture: telephones read it from a screen at arm's length."""


async def show(request: Request) -> Response:
    """Show how it stands, and what can be done."""
    signed_in = await menu.opened(request)
    if signed_in is None:
        return menu.to_sign_in(request)
    return await _page(request, signed_in)


async def enable(request: Request) -> Response:
    """Switch it on, and show the recovery codes once.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    secret = given.word("secret") or ""
    if not totp.is_secret(secret):
        return await _page(request, signed_in, wrong="That form is damaged. Please begin again.")
    if not await _knows_password(request, signed_in, given):
        return await _page(request, signed_in, wrong=WRONG_PASSWORD, secret=secret)
    ctx = context.of(request)
    async with ctx.db.write() as tx:
        account = await tx.get_one(Account, signed_in.account.id)
        if await securing.is_on(tx, account):
            codes = None
        else:
            codes = await securing.enable(
                ctx, tx, account=account, secret=secret, code=given.text("code") or ""
            )
    if codes is None:
        wrong = "That is not the code that your authenticator should show now."
        return await _page(request, signed_in, wrong=wrong, secret=secret)
    return menu.show(request, "recovery_codes.html", signed_in, {"codes": codes})


async def disable(request: Request) -> Response:
    """Switch it off.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    if not await _knows_password(request, signed_in, given):
        return await _page(request, signed_in, wrong=WRONG_PASSWORD)
    async with context.of(request).db.write() as tx:
        await securing.disable(tx, account=signed_in.account)
    return menu.see("/settings/second_factor")


async def renew_codes(request: Request) -> Response:
    """Make new recovery codes and show them once.

    Raises:
        Refused: 403 for a form that is not ours, 429 after too many tries.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    if not await _knows_password(request, signed_in, given):
        return await _page(request, signed_in, wrong=WRONG_PASSWORD)
    async with context.of(request).db.write() as tx:
        if not await securing.is_on(tx, signed_in.account):
            return menu.see("/settings/second_factor")
        codes = await securing.renew_codes(tx, account=signed_in.account)
    return menu.show(request, "recovery_codes.html", signed_in, {"codes": codes})


async def _knows_password(request: Request, signed_in: SignedIn, given: Params) -> bool:
    return await sessions.knows_password(request, signed_in.account, given.text("password") or "")


async def _page(request: Request, signed_in: SignedIn, *, wrong: str = "", secret: str = "") -> Response:
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        is_on = await securing.is_on(tx, signed_in.account)
        left = await securing.codes_left(tx, signed_in.account)
    secret = secret or totp.new_secret()
    handle = f"{signed_in.account.username}@{ctx.settings.domain}"
    uri = totp.key_uri(secret, account=handle, issuer=ctx.settings.instance_name)
    values = {
        "is_on": is_on,
        "left": left,
        "wrong": wrong,
        "secret": secret,
        "uri": uri,
        "picture": _picture(uri),
    }
    return menu.show(request, "second_factor.html", signed_in, values, status=422 if wrong else 200)


def _picture(uri: str) -> Markup:
    """Draw a QR code. Its markup holds squares and numbers only, nothing of the text."""
    code = segno.make(uri, error="m", micro=False)
    # A class and colours as attributes: the policy of our pages allows no style in them.
    return Markup(code.svg_inline(scale=MODULE_PX, light="#fff", svgclass="qr", omitsize=False))  # noqa: S704 - see above
