"""OAuth scopes: what they are called and which covers which.

A plain scope covers its parts (`read` covers `read:statuses`, `admin:read` covers `admin:read:reports`), and
the old `follow` covers what once was all there was about relations. Pure, because the same rule is asked
when an application registers, when a person consents and on each request.

Source: Mastodon's documentation, "OAuth scopes".
"""

from collections.abc import Collection

__all__ = ["DEFAULT", "KNOWN", "covers", "covers_all", "describe", "parse"]

_READ = (
    "accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes",
    "notifications", "search", "statuses",
)  # fmt: skip
_WRITE = (
    "accounts", "blocks", "bookmarks", "collections", "conversations", "favourites", "filters", "follows",
    "lists", "media", "mutes", "notifications", "reports", "statuses",
)  # fmt: skip

_ADMIN = (
    "accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks",
    "canonical_email_blocks",
)  # fmt: skip

KNOWN = (
    "read", "write", "follow", "push", "profile",
    *(f"read:{part}" for part in _READ), *(f"write:{part}" for part in _WRITE),
    "admin:read", "admin:write",
    *(f"admin:read:{part}" for part in _ADMIN), *(f"admin:write:{part}" for part in _ADMIN),
)  # fmt: skip
"""All that can be asked for, in the order in which they are listed to people. Whoever grants an `admin` scope
grants no more than what they may do themselves: `viewer.require_staff` asks for their role as well."""

FOLLOW_COVERS = frozenset(
    f"{verb}:{part}" for verb in ("read", "write") for part in ("blocks", "follows", "mutes")
)

DEFAULT = ("read",)
"""What a request means that names no scope."""

_WORDS = {
    "read": "Read your posts, timelines, notifications and everything else that you can see",
    "write": "Post, delete, follow and change things in your name",
    "follow": "See and change whom you follow",
    "push": "Receive your notifications",
    "profile": "See your name and picture, and nothing else",
    "admin:read": "See everything that moderators of this server see, addresses for mail among it",
    "admin:write": "Moderate this server in your name",
}


def parse(text: str) -> tuple[str, ...] | None:
    """Read a list of scopes separated by spaces (or commas or plus signs); None when one is unknown.

    >>> parse("write read read")
    ('read', 'write')
    """
    wanted = set(text.replace(",", " ").replace("+", " ").split())
    if not wanted <= set(KNOWN):
        return None
    return tuple(scope for scope in KNOWN if scope in wanted)


def covers(granted: Collection[str], needed: str) -> bool:
    """Tell whether one of the granted scopes is, or includes, the needed one."""
    return (
        needed in granted
        or needed.rpartition(":")[0] in granted
        or ("follow" in granted and needed in FOLLOW_COVERS)
    )


def covers_all(granted: Collection[str], needed: Collection[str]) -> bool:
    """Tell whether the granted scopes cover each of the needed ones."""
    return all(covers(granted, scope) for scope in needed)


def describe(scopes: Collection[str]) -> list[str]:
    """Say in words what each of these scopes allows, for the consent page."""
    sentences = []
    for scope in scopes:
        verb, _, part = scope.rpartition(":")
        if scope in _WORDS:
            sentences.append(_WORDS[scope])
        elif verb.startswith("admin:"):
            deed = "See" if verb == "admin:read" else "Change"
            sentences.append(f"{deed} the {part.replace('_', ' ')} of this server, as its moderator")
        elif verb == "read":
            sentences.append(f"See your {part}")
        else:
            sentences.append(f"Change your {part}")
    return sentences
