"""Which modules lose their checks, and which tests have to notice."""

from collections.abc import Mapping
from typing import Final

__all__ = ["EQUIVALENT", "MODULES"]


def _inbound(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/fedi/inbound/test_{name}.py" for name in names)


MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "activitypub/objects/authorization.py": ("tests/activitypub/objects/test_authorization.py",),
    "activitypub/origin.py": ("tests/activitypub/test_origin.py",),
    "activitypub/verify.py": ("tests/activitypub/test_verify.py",),
    "activitypub/signatures/proof.py": ("tests/activitypub/signatures",),
    "fedi/api/c2s/deed.py": ("tests/fedi/api/c2s",),
    "fedi/api/c2s/owner.py": ("tests/fedi/api/c2s",),
    "fedi/http.py": ("tests/fedi/test_http.py",),
    "fedi/inbound/authority.py": ("tests/fedi/inbound/test_authority.py",),
    "fedi/inbound/dispatch.py": _inbound("dispatch", "suspended_elsewhere", "welcome"),
    "fedi/inbound/forward.py": _inbound("forward"),
    "fedi/inbound/guard.py": _inbound("guard", "inbox", "welcome", "blocks", "documents"),
    "fedi/inbound/handlers/accept.py": (*_inbound("follows"), "tests/fedi/services/test_quoting.py"),
    "fedi/inbound/handlers/add.py": _inbound("pins"),
    "fedi/inbound/handlers/announce.py": _inbound("interactions", "groups", "reappearing", "blocks"),
    "fedi/inbound/handlers/block.py": _inbound("blocks"),
    "fedi/inbound/handlers/create.py": _inbound("posts", "votes", "groups", "welcome"),
    "fedi/inbound/handlers/delete.py": _inbound("departures", "posts"),
    "fedi/inbound/handlers/emoji_react.py": _inbound("reactions"),
    "fedi/inbound/handlers/flag.py": _inbound("flags"),
    "fedi/inbound/handlers/follow.py": _inbound("follows", "blocks"),
    "fedi/inbound/handlers/like.py": _inbound("interactions", "reactions", "blocks"),
    "fedi/inbound/handlers/move.py": _inbound("moves"),
    "fedi/inbound/handlers/quote_request.py": _inbound("quotes"),
    "fedi/inbound/handlers/remove.py": _inbound("pins"),
    "fedi/inbound/handlers/undo.py": _inbound("follows", "interactions", "reactions", "blocks"),
    "fedi/inbound/handlers/update.py": _inbound("edits", "votes", "posts"),
    "fedi/inbound/inbox.py": _inbound("inbox", "welcome", "dispatch"),
    "fedi/inbound/requests.py": _inbound("quotes", "reactions"),
    "fedi/inbound/stamps.py": ("tests/fedi/services/test_quoting.py",),
    "fedi/inbound/welcome.py": _inbound("welcome"),
    "fedi/outbound/fetch.py": (
        "tests/fedi/outbound/test_suspended.py",
        "tests/fedi/outbound/test_resolve.py",
    ),
    "fedi/outbound/quotations.py": (
        "tests/fedi/inbound/test_quotes.py",
        "tests/fedi/services/test_quoting.py",
    ),
    "fedi/outbound/remote.py": (
        "tests/fedi/outbound/test_resolve.py",
        "tests/fedi/outbound/test_suspended.py",
        *_inbound("edits", "posts"),
    ),
    "fedi/outbound/resolve.py": (
        "tests/fedi/outbound/test_resolve.py",
        "tests/fedi/outbound/test_suspended.py",
        *_inbound("guard", "reappearing"),
    ),
    "fedi/queries/domains.py": ("tests/fedi/queries/test_domains.py",),
    "fedi/queries/visibility.py": (
        "tests/fedi/queries/test_visibility.py",
        "tests/fedi/queries/test_apart.py",
        "tests/fedi/queries/test_search.py",
        "tests/fedi/queries/test_timelines.py",
        "tests/fedi/services/test_notifying.py",
        "tests/fedi/services/test_blocking.py",
    ),
    "fedi/services/answering.py": ("tests/fedi/services/test_answering.py",),
}
"""By module: its tests, all that is tried on its mutants; those on PostgreSQL are left out."""

EQUIVALENT: Final[Mapping[tuple[str, str], str]] = {
    ("fedi/inbound/forward.py", "Account.domain == ''"): (
        "only answers to people here were passed on, and only what was passed on is looked for"
    ),
    ("fedi/inbound/inbox.py", "held_against"): "it would write zeros over zeros",
    ("fedi/outbound/remote.py", "Post.in_reply_to_id.is_(None)"): (
        "what answers a post that is only now known hangs on nothing yet"
    ),
    ("fedi/outbound/quotations.py", "require_storable(iri)"): (
        "an address that no index holds is not fetched either, today"
    ),
    ("activitypub/origin.py", "raise MalformedError('the host cannot be read', iri=iri)"): (
        "the first of the two stands behind a pattern that fits any text"
    ),
}
"""Checks whose loss changes nothing, by module and text, with the reason."""
