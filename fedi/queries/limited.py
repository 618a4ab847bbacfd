"""Who is limited, and who sees them all the same.

Somebody who is limited (by a moderator, or because their whole server is) goes on for those who follow them.
Everyone else meets them only by looking for them: they are in no public timeline, no list of hashtags, no
search by the beginning of a name, and nobody who does not follow them is told what they do.

Source: Mastodon's documentation, "Limit" under moderation actions.
"""

from sqlalchemy import BindParameter, ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import aliased

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState, Post

__all__ = ["is_heard_by", "unlimited_accounts", "unlimited_posts"]

_AUTHOR, _FOLLOW = aliased(Account), aliased(Follow)
# Made once: an alias learns its columns at its first use, which takes milliseconds.


def unlimited_posts(viewer_id: int | BindParameter[int] | None) -> ColumnElement[bool]:
    """Return the condition over `Post` for what a viewer meets without looking for it."""
    unlimited = exists().where(_AUTHOR.id == Post.account_id, _AUTHOR.silenced_at.is_(None))
    if viewer_id is None:
        return unlimited
    return or_(unlimited, Post.account_id == viewer_id, Post.account_id.in_(_followed(viewer_id)))


def unlimited_accounts(viewer_id: int | None) -> ColumnElement[bool]:
    """Return the condition over `Account` for whom a viewer meets without looking for them by name."""
    if viewer_id is None:
        return Account.silenced_at.is_(None)
    return or_(Account.silenced_at.is_(None), Account.id == viewer_id, Account.id.in_(_followed(viewer_id)))


async def is_heard_by(tx: Tx, account_id: int, *, listener_id: int) -> bool:
    """Tell whether somebody is told what an account does: always, unless it is limited and not followed."""
    heard = select(Account.id).where(
        Account.id == account_id,
        or_(Account.silenced_at.is_(None), Account.id.in_(_followed(listener_id))),
    )
    return (await tx.execute(heard)).first() is not None


def _followed(viewer_id: int | BindParameter[int]) -> Select[int]:
    return select(_FOLLOW.target_id).where(
        _FOLLOW.account_id == viewer_id, _FOLLOW.state == FollowState.ACCEPTED
    )
