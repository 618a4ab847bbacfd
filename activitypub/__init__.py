"""ActivityPub as a library: documents, signatures and their checks, without a server.

Nothing here knows a database, a web framework or the rest of this project, and only `client` and `auth`
know httpx, so that importing the package stays cheap. A document goes `normalise` → `read` →
`activities.parse` or an `objects.*.from_json`; a request goes `verify`; what we send goes the other way.

Source: https://www.w3.org/TR/activitypub/.
"""

from activitypub.errors import ActivityPubError, MalformedError

__all__ = ["ActivityPubError", "MalformedError"]
