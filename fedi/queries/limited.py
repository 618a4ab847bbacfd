"""Who is limited, and who meets them all the same.

Somebody who is limited (by a moderator, or because their whole server is) goes on for those who follow them.
Everyone else meets them only by looking for them: they are in no public timeline, no list of hashtags, no
search by the beginning of a name, and what they do to somebody who does not follow them waits to be let in,
unless that person wants it otherwise (`screening`).

Source: Mastodon's documentation, "Limit" under moderation actions.
"""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import aliased

from fedi.models import Account, Follow, FollowState, Post

__all__ = ["unlimited_accounts", "unlimited_posts"]

# Made once: an alias learns its columns at its first use, which takes milliseconds.
_AUTHOR, _FOLLOW = aliased(Account), aliased(Follow)


def unlimited_posts(viewer_id: int | BindParameter[int] | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what a viewer meets without looking for it."""
    unlimited = exists().where(_AUTHOR.id == Post.account_id, _AUTHOR.silenced_at.is_(None))
    if viewer_id is None:
        return unlimited
    return or_(unlimited, Post.account_id == viewer_id, Post.account_id.in_(_followed(viewer_id)))


def unlimited_accounts(
    viewer_id: int | BindParameter[int] | None, other: Any = Account
) -> ColumnElement[bool]:
    """Return the condition over `Account`, or an alias of it, for whom a viewer meets and hears of."""
    unlimited: ColumnElement[bool] = other.silenced_at.is_(None)
    if viewer_id is None:
        return unlimited
    return or_(unlimited, other.id == viewer_id, other.id.in_(_followed(viewer_id)))


def _followed(viewer_id: int | BindParameter[int]) -> Select[int]:
    return select(_FOLLOW.target_id).where(
        _FOLLOW.account_id == viewer_id, _FOLLOW.state == FollowState.ACCEPTED
    )
