"""How the viewer and another account stand.

Source: Mastodon's documentation, "Relationship entity".
"""

from typing import TypedDict

from fedi.models import Follow, FollowState

__all__ = ["Relationship", "relationship"]


class Relationship(TypedDict):
    """The relation between the viewer and another account."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str]
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


def relationship(account_id: int, *, outgoing: Follow | None, incoming: Follow | None) -> Relationship:
    """Build the relation to an account.

    Args:
        account_id: the other account.
        outgoing: the viewer's follow of it.
        incoming: its follow of the viewer.
    """
    following = outgoing is not None and outgoing.state == FollowState.ACCEPTED
    followed_by = incoming is not None and incoming.state == FollowState.ACCEPTED
    return {
        "id": str(account_id),
        "following": following,
        "showing_reblogs": outgoing is not None and outgoing.show_reblogs,
        "notifying": outgoing is not None and outgoing.notify,
        "languages": [],
        "followed_by": followed_by,
        "blocking": False,
        "blocked_by": False,
        "muting": False,
        "muting_notifications": False,
        "muting_expires_at": None,
        "requested": outgoing is not None and not following,
        "requested_by": incoming is not None and not followed_by,
        "domain_blocking": False,
        "endorsed": False,
        "note": "",
    }
