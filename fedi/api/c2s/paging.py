"""Which page of a collection a client asks for: the same two parameters as for other servers."""

from starlette.requests import Request

from fedi.api import errors, params

__all__ = ["is_page", "max_id"]


def is_page(request: Request) -> bool:
    """Tell whether a page is asked for, rather than the collection."""
    return request.query_params.get("page") == "true"


def max_id(request: Request) -> int | None:
    """Return the id before which the page begins.

    Raises:
        Refused: 400, when it is no id.
    """
    text = request.query_params.get("max_id")
    found = params.as_identifier(text) if text is not None else None
    if text is not None and found is None:
        raise errors.malformed("max_id is not an id")
    return found
