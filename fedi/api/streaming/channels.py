"""What can be listened to: names as clients write them, and what a token must allow.

Source: Mastodon's documentation, "Streaming API"; its streaming server for the names with `media`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from fedi.api import errors, params, scopes
from fedi.errors import Refused

__all__ = ["NAMES", "OF_ACCOUNT", "Channel", "read"]

TAG_CHARACTERS_MAX = 100
"""Of a hashtag that somebody listens to; Mastodon's longest tags are shorter."""

STATUSES, NOTIFICATIONS = ("read:statuses",), ("read:notifications",)

NAMES: dict[str, tuple[str, ...]] = {
    "user": STATUSES,
    "user:notification": NOTIFICATIONS,
    "public": (),
    "public:media": (),
    "public:local": (),
    "public:local:media": (),
    "public:remote": (),
    "public:remote:media": (),
    "hashtag": (),
    "hashtag:local": (),
    "list": STATUSES,
    "direct": STATUSES,
}
"""By name, the scopes of which the token needs one; what everyone sees needs none."""

OF_ACCOUNT = frozenset({"user", "user:notification", "direct"})
"""Those that are another for each person."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Something to listen to."""

    name: str
    of: str = ""
    """A hashtag, or the id of a list."""

    @property
    def labels(self) -> list[str]:
        """What frames call it."""
        return [self.name, self.of] if self.of else [self.name]

    def key(self, account_id: int) -> tuple[str, str]:
        """Return what everyone has in common who hears the same in it."""
        return (self.name, str(account_id)) if self.name in OF_ACCOUNT else (self.name, self.of)


def read(name: str | None, *, tag: str | None, list_id: str | None, granted: Collection[str]) -> Channel:
    """Read what a client wants to listen to.

    Args:
        name: as in `stream`.
        tag: the hashtag, where one belongs to the name.
        list_id: the list, likewise; whose it is is the caller's question.
        granted: the token's scopes.

    Raises:
        Refused: 400 for what does not exist, 403 for what the token may not hear.
    """
    if name not in NAMES:
        raise Refused(400, "Unknown channel requested")
    needed = NAMES[name]
    if needed and not any(scopes.covers(granted, scope) for scope in needed):
        raise errors.outside_scopes(needed)
    if name.startswith("hashtag"):
        wanted = (tag or "").strip().removeprefix("#").casefold()
        if not wanted or len(wanted) > TAG_CHARACTERS_MAX:
            raise Refused(400, "Missing tag name parameter")
        return Channel(name, wanted)
    if name == "list":
        identifier = params.as_identifier(list_id or "")
        if identifier is None:
            raise Refused(400, "Missing list name parameter")
        return Channel(name, str(identifier))
    return Channel(name)
