"""Paging as clients do it: cursors in the query, neighbours in the `Link` header.

The links keep every other parameter of the request, or a filter (`local`, `only_media`) would be lost on
the second page. An empty page has no links and the last one no `next`, because some clients follow them
for ever. The addresses come from the configured origin, never from the Host header.

Source: Mastodon's documentation, "Pagination"; RFC 8288.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from fedi import context
from fedi.api import errors
from fedi.api.params import Params
from fedi.queries.page import Page

__all__ = ["links", "wanted"]

CURSORS = ("max_id", "since_id", "min_id")


def wanted(params: Params, *, default: int = 20, most: int = 40) -> Page:
    """Read which page a request wants; more rows than `most` are `most`.

    Raises:
        Refused: 422, when a cursor is not an id or the limit not a positive number.
    """
    limit = params.number("limit")
    if limit is not None and limit < 1:
        raise errors.unprocessable("limit must be at least 1")
    return Page(
        limit=min(limit or default, most),
        max_id=params.identifier("max_id"),
        since_id=params.identifier("since_id"),
        min_id=params.identifier("min_id"),
    )


def links(request: Request, keys: Sequence[int], *, more: bool) -> dict[str, str]:
    """Return the `Link` header of a page.

    Args:
        request: the request that asked for it.
        keys: what the list is ordered by, newest first.
        more: whether older rows follow.
    """
    if not keys:
        return {}
    url = request.url
    query = parse_qsl(url.query, keep_blank_values=True)
    kept = [(name, value) for name, value in query if name not in CURSORS]
    beginning = f"{context.of(request).settings.origin}{url.path}?{urlencode(kept)}{'&' if kept else ''}"
    parts = [f'<{beginning}max_id={keys[-1]}>; rel="next"'] if more else []
    return {"Link": ", ".join([*parts, f'<{beginning}min_id={keys[0]}>; rel="prev"'])}
