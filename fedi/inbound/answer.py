"""How documents are answered: media type, caching, and who may keep a copy.

A copy may be kept by strangers' caches only when strangers would get the same, and every answer says that it
depends on what was accepted and on who signed.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from activitypub.signatures.rfc9421 import GET_COMPONENTS, accept_signature
from fedi.context import Context
from fedi.errors import Refused
from fedi.inbound import guard
from fedi.queries import accounts as find_account

__all__ = ["DOCUMENT_TYPE", "document", "gone", "viewer"]

DOCUMENT_TYPE = "application/activity+json; charset=utf-8"

PUBLIC_MAX_AGE_S = 180
"""How long a public document may be kept, in seconds: short, because edits and deletions must show."""

VARY = "Accept, Authorization, Signature, Signature-Input"
"""A client of ActivityPub asks the same addresses with a token (`api.c2s`)."""


def document(content: Mapping[str, Any], *, public: bool, status: int = 200) -> Response:
    """Answer with a document.

    Args:
        content: what `to_json` gave.
        public: whether everyone would get the same.
        status: 200, or 403 and 410 for what is only partly there.
    """
    cache = f"public, max-age={PUBLIC_MAX_AGE_S}" if public else "private, no-store"
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        headers={"Cache-Control": cache, "Vary": VARY, "X-Content-Type-Options": "nosniff"},
        media_type=DOCUMENT_TYPE,
    )


def gone(content: Mapping[str, Any]) -> Response:
    """Answer 410 with a tombstone."""
    return document(content, public=True, status=410)


async def viewer(ctx: Context, request: Request) -> int | None:
    """Return which account reads, as far as we know it; None is a stranger.

    Raises:
        Refused: 401 when nobody signed although `authorized_fetch` wants it, or when the signature is bad.
    """
    signer = await guard.reader(ctx, request)
    if signer is None:
        if ctx.settings.authorized_fetch:
            wanted = {"Accept-Signature": accept_signature(GET_COMPONENTS)}
            raise Refused(401, "This server answers signed requests only.", headers=wanted)
        return None
    async with ctx.db.read() as tx:
        account = await find_account.by_iri(tx, signer.actor_iri)
    if account is not None and account.suspended_at is not None:
        raise Refused(403, "This account is suspended here.")
    return account.id if account is not None else None
