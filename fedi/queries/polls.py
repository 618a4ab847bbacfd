"""Finding polls, and who chose what in them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Account, Poll, PollVote

__all__ = ["by_id", "by_post", "choices", "is_over", "local_voters"]


async def by_id(tx: Tx, poll_id: int, *, lock: bool = False) -> Poll | None:
    """Find a poll by its id; with `lock`, nobody else changes it until the transaction ends."""
    return await tx.get(Poll, poll_id, with_for_update=lock or None, populate_existing=lock)


async def by_post(tx: Tx, post_id: int) -> Poll | None:
    """Find the poll of a post."""
    return (await tx.execute(select(Poll).where(Poll.post_id == post_id))).scalar_one_or_none()


async def choices(tx: Tx, poll_ids: Sequence[int], account_id: int) -> dict[int, tuple[int, ...]]:
    """Return what somebody chose in these polls: the places of the options, by poll."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = await tx.execute(
        select(PollVote.poll_id, PollVote.choice)
        .where(PollVote.poll_id.in_(poll_ids), PollVote.account_id == account_id)
        .order_by(PollVote.choice)
    )
    for poll_id, choice in rows:
        found[poll_id].append(choice)
    return {poll_id: tuple(chosen) for poll_id, chosen in found.items()}


async def local_voters(tx: Tx, poll_id: int) -> list[int]:
    """Return the ids of the people here who voted."""
    rows = await tx.execute(
        select(PollVote.account_id)
        .join(Account, Account.id == PollVote.account_id)
        .where(PollVote.poll_id == poll_id, Account.domain == "")
        .distinct()
        .order_by(PollVote.account_id)
    )
    return list(rows.scalars())


def is_over(poll: Poll, now: datetime) -> bool:
    """Tell whether votes are no longer taken."""
    return poll.closed_at is not None or (poll.expires_at is not None and poll.expires_at <= now)
