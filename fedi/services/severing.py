"""Telling people here which follows of theirs end because somebody, or a whole server, is kept away.

They are told in the transaction that decides it; the follows themselves may end a little later, in pieces.

Source: Mastodon's documentation, "RelationshipSeveranceEvent entity".
"""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Follow, FollowState
from fedi.services.notifying import notify

__all__ = ["tell"]

ACCOUNTS_AT_ONCE = 500
"""Named in one statement: SQLite takes 32 766 parameters."""


async def tell(
    ctx: Context,
    tx: Tx,
    *,
    kind: str,
    gone: Sequence[int],
    name: str | None = None,
    whom: int | None = None,
) -> None:
    """Tell people here that follows between them and some accounts end.

    Args:
        ctx: the context.
        tx: a writing transaction, in which the follows still stand.
        kind: `domain_block`, `user_domain_block` or `account_suspension`.
        gone: ids of the accounts, all of other servers.
        name: the server or handle that is kept away; the domain of each account when missing.
        whom: the only person who is told; everyone here whose follows end when missing.
    """
    lost: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for start in range(0, len(gone), ACCOUNTS_AT_ONCE):
        some = gone[start : start + ACCOUNTS_AT_ONCE]
        for place, (ours, theirs) in enumerate(
            ((Follow.target_id, Follow.account_id), (Follow.account_id, Follow.target_id))
        ):
            me, other = aliased(Account), aliased(Account)
            counted = (
                select(me.id, other.domain, func.count())
                .select_from(Follow)
                .join(me, me.id == ours)
                .join(other, other.id == theirs)
                .where(theirs.in_(some), me.domain == "", Follow.state == FollowState.ACCEPTED)
                .group_by(me.id, other.domain)
            )
            if whom is not None:
                counted = counted.where(me.id == whom)
            for account_id, domain, count in (await tx.execute(counted)).all():
                lost[account_id, name or domain][place] += count
    at = int(ctx.clock().timestamp() * 1000)
    for (account_id, target), (followers, following) in sorted(lost.items()):
        event = {
            "type": kind, "target_name": target, "followers_count": followers, "following_count": following,
            "at": at,  # the same may happen again
        }  # fmt: skip
        await notify(
            ctx,
            tx,
            account_id=account_id,
            from_account_id=account_id,
            kind="severed_relationships",
            detail=event,
        )
