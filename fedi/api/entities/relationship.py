"""How the viewer and another account stand.

Source: Mastodon's documentation, "Relationship entity".
"""

from typing import TypedDict

from fedi.clock import isoformat_ms
from fedi.models import FollowState
from fedi.queries.relations import Standing
from fedi.services.following import wanted_languages

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
    muting_expires_at: str | None
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


def relationship(account_id: int, standing: Standing) -> Relationship:
    """Build the relation to an account."""
    outgoing, incoming, mute = standing.outgoing, standing.incoming, standing.mute
    following = outgoing is not None and outgoing.state == FollowState.ACCEPTED
    followed_by = incoming is not None and incoming.state == FollowState.ACCEPTED
    return {
        "id": str(account_id),
        "following": following,
        "showing_reblogs": outgoing is not None and outgoing.show_reblogs,
        "notifying": outgoing is not None and outgoing.notify,
        "languages": wanted_languages(outgoing) if outgoing is not None else [],
        "followed_by": followed_by,
        "blocking": standing.blocking,
        "blocked_by": standing.blocked_by,
        "muting": mute is not None,
        "muting_notifications": mute is not None and mute.notifications,
        "muting_expires_at": isoformat_ms(mute.expires_at) if mute and mute.expires_at else None,
        "requested": outgoing is not None and not following,
        "requested_by": incoming is not None and not followed_by,
        "domain_blocking": standing.domain_blocking,
        "endorsed": standing.endorsed,
        "note": standing.note,
    }
