"""OAuth's endpoints for machines: token, revoke, userinfo, and the document that lists them.

Clients send credentials in the body, in a Basic header or in both, and parameters that do not belong to the
grant; all of that is taken. What is refused is refused in OAuth's words, since clients act on the code.

Sources: RFC 6749 sections 2.3, 3.2, 4.1.3, 4.4 and 5; RFC 7009; RFC 8414; OpenID Connect Core section 5.3.
"""

import base64
import binascii
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, scopes
from fedi.api.answers import JsonAnswer, json_answer
from fedi.api.entities.account import account
from fedi.api.params import Params
from fedi.api.viewer import require
from fedi.db import Tx
from fedi.models import OAuthApp
from fedi.services import authorizing
from fedi.services.authorizing import Issued

__all__ = ["metadata", "revoke", "token", "userinfo"]

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749 section 5.1."""


async def token(request: Request) -> Response:
    """Exchange a code, or a client's own credentials, for a token."""
    ctx = context.of(request)
    given = await params.read(request)
    grant = given.word("grant_type")
    async with ctx.db.read() as tx:
        app = await _require_client(request, given, tx)
    if grant == "authorization_code":
        issued = await _redeem(request, given, app)
    elif grant == "client_credentials":
        wanted = scopes.parse(given.word("scope") or " ".join(scopes.DEFAULT))
        if wanted is None or not scopes.covers_all(app.scopes, wanted):
            raise errors.oauth(
                400, "invalid_scope", "The requested scope is unknown, or more than was registered."
            )
        async with ctx.db.write() as tx:
            issued = await authorizing.issue_app_token(ctx, tx, app=app, scopes=wanted)
    elif grant is None:
        raise errors.oauth(400, "invalid_request", "grant_type is missing.")
    else:
        raise errors.oauth(
            400, "unsupported_grant_type", "This server knows authorization_code and client_credentials."
        )
    return json_answer(
        {
            "access_token": issued.text,
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "created_at": int(issued.created_at.timestamp()),
        },
        headers=NO_STORE,
    )


async def revoke(request: Request) -> Response:
    """Revoke a token; one that is not known counts as revoked."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        app = await _require_client(request, given, tx)
    async with ctx.db.write() as tx:
        done = await authorizing.revoke(ctx, tx, app=app, token=given.text("token") or "")
    if not done:
        raise errors.oauth(403, "unauthorized_client", "You are not authorized to revoke this token")
    return json_answer({}, headers=NO_STORE)


async def userinfo(request: Request) -> Response:
    """Tell who is signed in, in OpenID Connect's words."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "profile", "read:accounts")
    shown = account(viewer.account, ctx.settings)
    return json_answer(
        {
            "iss": f"{ctx.settings.origin}/",
            "sub": viewer.account.iri,
            "name": shown["display_name"],
            "preferred_username": shown["username"],
            "profile": shown["url"],
            "picture": shown["avatar"],
        }
    )


async def metadata(request: Request) -> Response:
    """List the endpoints (RFC 8414); Mastodon.py and Phanpy find PKCE here."""
    origin = context.of(request).settings.origin
    return JsonAnswer(
        {
            "issuer": f"{origin}/",
            "service_documentation": "https://docs.joinmastodon.org/",
            "authorization_endpoint": f"{origin}/oauth/authorize",
            "token_endpoint": f"{origin}/oauth/token",
            "revocation_endpoint": f"{origin}/oauth/revoke",
            "userinfo_endpoint": f"{origin}/oauth/userinfo",
            "app_registration_endpoint": f"{origin}/api/v1/apps",
            "scopes_supported": list(scopes.KNOWN),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        },
        headers={"Cache-Control": "public, max-age=600"},
    )


async def _redeem(request: Request, given: Params, app: OAuthApp) -> Issued:
    ctx = context.of(request)
    code = given.text("code")
    if not code:
        raise errors.oauth(400, "invalid_request", "code is missing.")
    async with ctx.db.write() as tx:
        issued = await authorizing.redeem_code(
            ctx,
            tx,
            app=app,
            code=code,
            redirect_uri=given.text("redirect_uri"),
            verifier=given.text("code_verifier"),
        )
    if issued is None:
        raise errors.oauth(
            400,
            "invalid_grant",
            "The code is unknown, expired or used, or is of another client, redirect_uri or verifier.",
        )
    return issued


async def _require_client(request: Request, given: Params, tx: Tx) -> OAuthApp:
    """Authenticate the client by its secret.

    Raises:
        Refused: 401 invalid_client.
    """
    refusal = errors.oauth(401, "invalid_client", "Client authentication failed.")
    in_header = _basic(request)
    in_body = (given.text("client_id"), given.text("client_secret"))
    client_id, secret = in_header or in_body
    if in_header is not None and any(
        said is not None and said != header for said, header in zip(in_body, in_header, strict=True)
    ):
        raise refusal
    app = await authorizing.find_app(tx, client_id) if client_id else None
    if app is None or not secret or not authorizing.secret_matches(app, secret):
        raise refusal
    return app


def _basic(request: Request) -> tuple[str, str] | None:
    """Return id and secret of a Basic header; both are form-encoded in it (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id).replace("\x00", ""), unquote_plus(secret)
