"""One address, two readers: people get pages, other servers get documents.

The same URL serves both, so the Accept header decides, by the quality values that it gives (RFC 9110 section
12.5.1). Whoever prefers a page, or says nothing at all, gets the page; whoever names an ActivityPub media
type at least as warmly gets the document.
"""

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import Scope

__all__ = ["DocumentRoute", "wants_activity"]

DOCUMENT_TYPES = ("application/activity+json", "application/ld+json", "application/json")
"""What means a document. Plain JSON does too: nothing else of ours at these addresses is JSON."""

ACCEPT_CHARACTERS_MAX = 2000
"""Of an Accept header that is looked at; browsers send about 150."""


class DocumentRoute(Route):
    """A route that only exists for those who want a document; others are passed on to the page."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as any route, if the request wants a document."""
        match, child = super().matches(scope)
        if match is not Match.NONE and not wants_activity(Request(scope)):
            return Match.NONE, {}
        return match, child


def wants_activity(request: Request) -> bool:
    """Tell whether a request asks for an ActivityPub document rather than for a page."""
    qualities = _qualities(request.headers.get("accept", ""))
    document = max((qualities.get(kind, 0.0) for kind in DOCUMENT_TYPES), default=0.0)
    page = max(qualities.get("text/html", 0.0), qualities.get("application/xhtml+xml", 0.0))
    return document > 0.0 and document >= page


def _qualities(accept: str) -> dict[str, float]:
    """Read an Accept header: media types without parameters, and how much each is wanted, 0 to 1."""
    found: dict[str, float] = {}
    for part in accept[:ACCEPT_CHARACTERS_MAX].split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            found[kind] = max(found.get(kind, 0.0), min(max(float(quality), 0.0), 1.0))
        except ValueError:  # a quality that is no number is no wish
            continue
    return found
