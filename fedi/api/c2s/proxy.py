"""proxyUrl: a document of another server, fetched for somebody who cannot sign a request.

Servers that answer signed requests only would not answer an application. So we ask in its person's stead, as
the server itself: through the one guarded client, which asks no address inside our own network, for
documents of ActivityPub only, and one request for one request.

Source: ActivityPub section 4.1 (proxyUrl).
"""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from activitypub import read
from activitypub.errors import (
    ActivityPubError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    UnreachableError,
)
from fedi import context
from fedi.api import errors, params
from fedi.api.viewer import admit
from fedi.errors import Refused
from fedi.outbound import fetch
from fedi.outbound.fetch import Budget

__all__ = ["ask"]

DEADLINE_S = 10.0
"""For the whole request, in seconds: somebody waits."""

STATUS: Final[Mapping[type[ActivityPubError], int]] = {
    GoneError: 410,
    NotFoundError: 404,
    ForbiddenError: 403,
    UnreachableError: 424,
}
"""What some kinds of trouble are to the client, the rest being 422: never 5xx, since this server is well."""


async def ask(request: Request) -> Response:
    """POST to proxyUrl with the form field `id`.

    Raises:
        Refused: 401 and 403 for the token, 400 without an id, else as `STATUS` says.
    """
    ctx = context.of(request)
    await admit(request, "read:search")
    given = await params.read(request)
    iri = read.http_iri(given.word("id"))
    if iri is None:
        raise errors.malformed("id must be an http(s) address")
    if fetch.is_ours(ctx.settings, iri):
        raise errors.unprocessable("id is an address of this server; ask there")
    try:
        found = await fetch.document(ctx, iri, budget=Budget(1), deadline_s=DEADLINE_S)
    except ActivityPubError as trouble:
        raise Refused(
            STATUS.get(type(trouble), 422), f"{iri} cannot be had: {trouble.message}", why=str(trouble)
        ) from None
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found.raw, headers=headers, media_type="application/activity+json; charset=utf-8")
