"""The pages through which a person lets an application in: sign in, consent, code.

One address, `/oauth/authorize`, is asked with the application's parameters in its query, and everything
comes back to it: the sign-in form carries that query along, so that nobody ends up elsewhere after signing
in. Parameters are checked on each request anew; a form is never believed to carry what was checked before.

An unknown client or redirect URI is told to the person and never redirected to (RFC 6749 section 4.1.2.1);
nor is any other fault, since anybody can register a client, and a link to this server would then lead
anywhere without a click (RFC 9700 section 4.11). Only a decision redirects.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import params, scopes, sessions
from fedi.api.apps import OUT_OF_BAND
from fedi.api.pages import page
from fedi.api.params import Params
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import OAuthApp
from fedi.services import authorizing
from fedi.services.authorizing import SignedIn

__all__ = ["ask", "decide", "sign_in"]

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
"""A SHA-256 in base64url (RFC 7636 section 4.2)."""

CARRIED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    "lang",
)  # fmt: skip
"""Parameters that go from page to page. `force_login` is not among them, or signing in would never end."""

STATE_CHARACTERS_MAX = 4000
"""Of `state`; it comes back in an address, which browsers cap at a few thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A checked request for access."""

    app: OAuthApp
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    code_challenge: str | None
    query: str
    """The request, to be asked again."""


async def ask(request: Request) -> Response:
    """Show the consent page, or the sign-in form when nobody is signed in."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        wish = await _require_wish(given, tx)
        signed_in = await sessions.find(request, tx)
    if signed_in is None or given.flag("force_login"):
        return _sign_in_form(request, wish, status=200)
    return _consent_form(request, wish, signed_in)


async def sign_in(request: Request) -> Response:
    """Check a name and a password, and go back to the consent page."""
    ctx = context.of(request)
    given = await params.read(request)
    carried = Params(dict(parse_qsl(given.text("request") or "")))
    async with ctx.db.read() as tx:
        wish = await _require_wish(carried, tx)
    username, account = await sessions.who_signs_in(request, given)
    if account is None:
        return _sign_in_form(request, wish, status=401, username=username, wrong=True)
    return await sessions.begin(request, account, path=f"/oauth/authorize?{wish.query}")


async def decide(request: Request) -> Response:
    """Take the person's decision and send it to the application."""
    ctx = context.of(request)
    given = await params.read(request)
    carried = Params(dict(parse_qsl(given.text("request") or "")))
    async with ctx.db.read() as tx:
        wish = await _require_wish(carried, tx)
        signed_in = await sessions.find(request, tx)
    if signed_in is None:
        return _sign_in_form(request, wish, status=401)
    sessions.require_same(signed_in.csrf_token, given.text("token"))
    if given.word("decision") != "allow":
        return _answer(request, wish, {"error": "access_denied", "error_description": "The person said no."})
    async with ctx.db.write() as tx:
        code = await authorizing.grant_code(
            ctx,
            tx,
            app=wish.app,
            account=signed_in.account,
            redirect_uri=wish.redirect_uri,
            scopes=wish.scopes,
            code_challenge=wish.code_challenge,
        )
    return _answer(request, wish, {"code": code})


async def _require_wish(given: Params, tx: Tx) -> Wish:
    """Check the parameters of a request for access.

    Raises:
        Refused: 400 with a sentence for the person.
    """
    client_id = given.text("client_id")
    app = await authorizing.find_app(tx, client_id) if client_id else None
    if app is None:
        raise Refused(400, "This application is not registered here. It may need to be set up again.")
    redirect_uri = given.text("redirect_uri") or ""
    if redirect_uri not in app.redirect_uris:
        raise Refused(400, "The application asks to send the answer somewhere that it did not register.")
    wanted = scopes.parse(given.word("scope") or " ".join(scopes.DEFAULT))
    if wanted is None or not scopes.covers_all(app.scopes, wanted):
        raise Refused(400, "The application asks for more than it registered for, or for something unknown.")
    if given.word("response_type") != "code":
        raise Refused(
            400, "The application asks in a way that this server does not know (response_type must be code)."
        )
    challenge, method = given.text("code_challenge"), given.word("code_challenge_method")
    if (challenge or method) and (method != "S256" or not CHALLENGE.match(challenge or "")):
        raise Refused(400, "The application's code challenge is not valid (only S256 is known).")
    state = given.text("state")
    if state is not None and len(state) > STATE_CHARACTERS_MAX:
        raise Refused(400, "The application's state is too long.")
    carried = [(name, text) for name in CARRIED if (text := given.text(name)) is not None]
    return Wish(
        app=app,
        redirect_uri=redirect_uri,
        scopes=wanted,
        state=state,
        code_challenge=challenge or None,
        query=urlencode(carried),
    )


def _sign_in_form(
    request: Request, wish: Wish, *, status: int, username: str = "", wrong: bool = False
) -> Response:
    token = sessions.form_token(request)
    values = {"app": wish.app, "query": wish.query, "token": token, "username": username, "wrong": wrong}
    response = page(request, "sign_in.html", values, status=status)
    sessions.keep_form_token(request, response, token)
    return response


def _consent_form(request: Request, wish: Wish, signed_in: SignedIn) -> Response:
    values = {
        "app": wish.app,
        "account": signed_in.account,
        "sentences": scopes.describe(wish.scopes),
        "query": wish.query,
        "token": signed_in.csrf_token,
    }
    return page(request, "consent.html", values)


def _answer(request: Request, wish: Wish, answer: dict[str, str]) -> Response:
    """Send the answer to the application, or show the code when it has no address."""
    if wish.redirect_uri == OUT_OF_BAND:
        return page(request, "code.html", {"app": wish.app, "code": answer.get("code")})
    if wish.state is not None:
        answer["state"] = wish.state
    # Registered addresses are plain ASCII without a fragment; nothing of them is rewritten here.
    joint = "&" if "?" in wish.redirect_uri else "?"
    location = f"{wish.redirect_uri}{joint}{urlencode(answer)}"
    return Response(status_code=302, headers={"Location": location, "Cache-Control": "no-store"})
