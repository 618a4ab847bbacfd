"""Clients register themselves, and ask what they are called.

Redirect URIs are compared as plain text later, so here they are only looked at, never rewritten: clients
use custom schemes, schemes without slashes and percent-encoded addresses inside paths.

Source: Mastodon's documentation, "apps API methods"; RFC 8252 for custom schemes; RFC 9700 section 2.1.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, scopes
from fedi.api.answers import json_answer
from fedi.api.entities.application import application, credential_application
from fedi.api.viewer import require_app
from fedi.services import authorizing, subscribing

__all__ = ["OUT_OF_BAND", "create", "verify_credentials"]

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect URI that means: show the code to the person."""

NAME_CHARACTERS_MAX = 200
"""Of a client's name, which stands on the consent page and below posts."""

URI_CHARACTERS_MAX = 2000
"""Of one address; browsers stop there."""

URIS_MAX = 20
"""Redirect URIs of one client; those with several platforms have five."""

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")
FORBIDDEN_SCHEMES = ("javascript:", "data:", "vbscript:", "file:", "blob:", "about:", "mailto:")
"""A browser would run or open these itself."""


async def create(request: Request) -> Response:
    """Register a client."""
    ctx = context.of(request)
    given = await params.read(request)
    name = given.word("client_name")
    if not name or len(name) > NAME_CHARACTERS_MAX:
        raise errors.unprocessable(f"client_name must have 1 to {NAME_CHARACTERS_MAX} characters")
    website = given.word("website")
    if website is not None and not is_web_address(website):
        raise errors.unprocessable("website must be an http or https address")
    uris = [uri for text in given.texts("redirect_uris") for uri in text.split()]
    wanted = scopes.parse(given.word("scopes") or " ".join(scopes.DEFAULT))
    if not uris or len(uris) > URIS_MAX or not all(is_redirect_uri(uri) for uri in uris):
        raise errors.unprocessable("redirect_uris must be absolute addresses without a fragment")
    if wanted is None:
        raise errors.unprocessable("scopes holds one that this server does not know")
    async with ctx.db.write() as tx:
        app, secret = await authorizing.register_app(
            ctx, tx, name=name, website=website, redirect_uris=list(dict.fromkeys(uris)), scopes=wanted
        )
    return json_answer(credential_application(app, secret, await subscribing.public_key(ctx)))


async def verify_credentials(request: Request) -> Response:
    """Tell a client about itself, whether or not a person stands behind its token."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        app = await require_app(request, tx)
    return json_answer(application(app, await subscribing.public_key(ctx)))


def is_redirect_uri(uri: str) -> bool:
    """Tell whether a code may be sent there."""
    return (
        len(uri) <= URI_CHARACTERS_MAX
        and uri.isascii()
        and uri.isprintable()
        and bool(SCHEME.match(uri))
        and not any(mark in uri for mark in ("#", '"', "<", ">", "\\"))
        and not uri.lower().startswith(FORBIDDEN_SCHEMES)
        and (not uri.lower().startswith(("http:", "https:")) or is_web_address(uri))
    )


def is_web_address(uri: str) -> bool:
    """Tell whether this is `http://host…` or `https://host…`, with nothing odd in it."""
    scheme, found, rest = uri.partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return (
        scheme.lower() in {"http", "https"}
        and bool(found)
        and bool(host)
        and "@" not in host
        and len(uri) <= URI_CHARACTERS_MAX
        and uri.isprintable()
        and not any(character.isspace() or character in '"<>' for character in uri)
    )
