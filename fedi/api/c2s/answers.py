"""How a client of ActivityPub is answered: documents that are for its person only."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

__all__ = ["created", "document"]

DOCUMENT_TYPE = "application/activity+json; charset=utf-8"


def document(
    content: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a document, which nobody on the way may keep."""
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        headers={"Cache-Control": "private, no-store", "Vary": "Accept, Authorization", **(headers or {})},
        media_type=DOCUMENT_TYPE,
    )


def created(location: str) -> Response:
    """Answer that something is done, and under which id it went out (ActivityPub section 6)."""
    return Response(status_code=201, headers={"Location": location, "Cache-Control": "no-store"})
