"""Which modules lose their checks, and which tests have to notice."""

from collections.abc import Mapping
from typing import Final

__all__ = ["EQUIVALENT", "MODULES"]

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "activitypub/objects/authorization.py": ("tests/activitypub/objects/test_authorization.py",),
    "activitypub/origin.py": ("tests/activitypub/test_origin.py",),
    "activitypub/verify.py": ("tests/activitypub/test_verify.py",),
    "activitypub/signatures/proof.py": ("tests/activitypub/signatures",),
    "fedi/api/c2s/deed.py": ("tests/fedi/api/c2s",),
    "fedi/api/c2s/owner.py": ("tests/fedi/api/c2s",),
    "fedi/inbound/guard.py": (
        "tests/fedi/inbound/test_guard.py",
        "tests/fedi/inbound/test_inbox.py",
        "tests/fedi/inbound/test_welcome.py",
        "tests/fedi/inbound/test_blocks.py",
        "tests/fedi/inbound/test_documents.py",
    ),
    "fedi/inbound/authority.py": ("tests/fedi/inbound/test_authority.py",),
    "fedi/http.py": ("tests/fedi/test_http.py",),
    "fedi/inbound/requests.py": ("tests/fedi/inbound/test_quotes.py", "tests/fedi/inbound/test_reactions.py"),
    "fedi/inbound/welcome.py": ("tests/fedi/inbound/test_welcome.py",),
    "fedi/outbound/fetch.py": (
        "tests/fedi/outbound/test_suspended.py",
        "tests/fedi/outbound/test_resolve.py",
    ),
    "fedi/outbound/quotations.py": (
        "tests/fedi/inbound/test_quotes.py",
        "tests/fedi/services/test_quoting.py",
    ),
    "fedi/queries/domains.py": ("tests/fedi/queries/test_domains.py",),
    "fedi/queries/visibility.py": (
        "tests/fedi/queries/test_visibility.py",
        "tests/fedi/queries/test_apart.py",
        "tests/fedi/queries/test_timelines.py",
        "tests/fedi/services/test_notifying.py",
        "tests/fedi/services/test_blocking.py",
    ),
}
"""By module: its tests, those that notice most first; those on PostgreSQL are left out."""

EQUIVALENT: Final[Mapping[tuple[str, str], str]] = {
    ("fedi/outbound/quotations.py", "require_storable(iri)"): (
        "an address that no index holds is not fetched either, today"
    ),
    ("activitypub/origin.py", "raise MalformedError('the host cannot be read', iri=iri)"): (
        "the first of the two stands behind a pattern that fits any text"
    ),
}
"""Checks whose loss changes nothing, by module and text, with the reason."""
