"""What this server has none of, said with an empty list.

Several clients show an error, or stop, on 404 for a list that a server may well have none of; so a list that
is empty for everyone is answered as one. What these lists would hold cannot be made here, so they do not lie.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api.answers import json_answer
from fedi.api.viewer import require

__all__ = ["LISTS", "endpoint"]

LISTS: Mapping[str, str | None] = {
    "/api/v1/custom_emojis": None,
    "/api/v1/timelines/link": None,
    "/api/v1/trends/links": None,
}
"""Path, and the scope that a token needs; None where strangers may ask."""


def endpoint(scope: str | None) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that answers with an empty list."""

    async def nothing(request: Request) -> Response:
        if scope is not None:
            async with context.of(request).db.read() as tx:
                await require(request, tx, scope)
        return json_answer([])

    return nothing
