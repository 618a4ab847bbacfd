"""Signing up: through an application, and in the browser.

An application asks with a token of its own and gets one for the account that it made. The page in the
browser works without a script and asks nobody else; what keeps simple robots out is a field that people
do not see, and the limit on how often one address may sign up.

Source: Mastodon's documentation, "accounts API methods: register an account" and "emails API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, limits, params, scopes, sessions
from fedi.api.answers import json_answer
from fedi.api.pages import page
from fedi.api.params import Params
from fedi.api.statuses import language
from fedi.api.viewer import admit, identify
from fedi.errors import Refused
from fedi.models import Account
from fedi.services import authorizing, registering
from fedi.services.registering import Applicant

__all__ = ["check_confirmation", "confirm", "create", "form", "sign_up"]

TRAP = "website"
"""The field that people do not see: whoever fills it in is a program."""


async def create(request: Request) -> Response:
    """Sign somebody up, and give the application a token for their account."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        granted = await identify(request, tx)
    if granted is None:
        raise errors.no_token()
    if not scopes.covers(granted.scopes, "write:accounts"):
        raise errors.outside_scopes(["write:accounts"])
    limits.charge(request, limits.SIGN_UP, limits.address_of(request))
    applicant = _applicant(request, await params.read(request), app_id=granted.app.id)
    account, _ = await registering.sign_up(ctx, applicant)
    async with ctx.db.write() as tx:
        issued = await authorizing.issue_own(ctx, tx, app=granted.app, account=account)
    return json_answer(
        {
            "access_token": issued.text,
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "created_at": int(issued.created_at.timestamp()),
        }
    )


async def confirm(request: Request) -> Response:
    """Refuse to send a letter: no address waits for one, since none is verified here."""
    await admit(request, "write:accounts")
    raise Refused(403, "This method is only available while the e-mail is awaiting confirmation")


async def check_confirmation(request: Request) -> Response:
    """Say that the viewer's address does not wait to be confirmed."""
    await admit(request, "read:accounts")
    return json_answer(content=True)


async def form(request: Request) -> Response:
    """Show the form with which one signs up, or that nobody may."""
    return _form(request, Params({}))


async def sign_up(request: Request) -> Response:
    """Sign somebody up who filled in the form, and sign them in."""
    ctx = context.of(request)
    given = await params.read(request)
    sessions.require_form(request, given)
    limits.charge(request, limits.SIGN_UP, limits.address_of(request))
    if given.word(TRAP):
        raise Refused(422, "This form was filled in by a program.", why="sign-up trap")
    try:
        account, approved = await registering.sign_up(ctx, _applicant(request, given, app_id=None))
    except Refused as refusal:
        if refusal.status != 422:
            raise
        return _form(request, given, refusal=refusal)
    return await _welcome(request, account, approved=approved)


async def _welcome(request: Request, account: Account, *, approved: bool) -> Response:
    if not approved:
        return page(request, "signed_up.html", {"name": account.username})
    return await sessions.begin(request, account, path=f"/@{account.username}")


def _applicant(request: Request, given: Params, *, app_id: int | None) -> Applicant:
    return Applicant(
        username=given.text("username") or "",
        email=given.text("email") or "",
        password=given.text("password") or "",
        agrees=bool(given.flag("agreement")),
        reason=given.text("reason") or "",
        language=language(given.word("locale")),
        address=request.client.host if request.client else "",
        app_id=app_id,
    )


def _form(request: Request, given: Params, *, refusal: Refused | None = None) -> Response:
    ctx = context.of(request)
    token = sessions.form_token(request)
    details = (refusal.details or {}) if refusal else {}
    values = {
        "token": token,
        "how": ctx.settings.registrations,
        "typed": {name: given.text(name) or "" for name in ("username", "email", "reason")},
        "wrong": {name: " and ".join(row["description"] for row in rows) for name, rows in details.items()},
        "reason_max": registering.REASON_CHARACTERS_MAX,
    }
    response = page(request, "sign_up.html", values, status=refusal.status if refusal else 200)
    sessions.keep_form_token(request, response, token)
    return response
