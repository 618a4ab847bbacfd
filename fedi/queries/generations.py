"""Pictures that were asked for: whose they are, how many wait, and which came before.

A person's list holds what they asked for through whatever door. The queue itself is the table of jobs; here
it is counted as people see it, by what was asked earlier and is not done.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from fedi.db import Tx
from fedi.models import Account, Attachment, Door, Generation, GenerationState
from fedi.queries.page import Page, Slice, cut, within

__all__ = [
    "ACTIVE", "ahead_of", "asked_lately", "find", "of_picture", "of_post", "outstanding", "page_of",
    "pictures", "was_asked_in", "was_refused_lately",
]  # fmt: skip

ACTIVE = (GenerationState.QUEUED, GenerationState.RUNNING)
"""States of what is not over."""


async def page_of(tx: Tx, account_id: int, page: Page, *, states: Sequence[str] = ()) -> Slice[Generation]:
    """Return a page of what somebody asked for, the last first; refusals for a limit are not among it."""
    mine = select(Generation).where(Generation.account_id == account_id, Generation.refusal.is_(None))
    if states:
        mine = mine.where(Generation.state.in_(states))
    return cut((await tx.execute(within(mine, Generation.id, page))).scalars().all(), page)


async def find(tx: Tx, account_id: int, generation_id: int) -> Generation | None:
    """Find one of somebody's."""
    row = await tx.get(Generation, generation_id)
    return row if row is not None and row.account_id == account_id else None


async def of_picture(tx: Tx, attachment_id: int) -> Generation | None:
    """Find the one that made a picture."""
    made = select(Generation).where(Generation.attachment_id == attachment_id)
    return (await tx.execute(made.limit(1))).scalar_one_or_none()


async def of_post(tx: Tx, post_id: int) -> Generation | None:
    """Find the one whose picture a post was made for."""
    made = select(Generation).where(Generation.post_id == post_id)
    return (await tx.execute(made.limit(1))).scalar_one_or_none()


async def pictures(tx: Tx, generations: Sequence[Generation]) -> dict[int, Attachment]:
    """Return what was made of some, by their ids."""
    ids = [row.attachment_id for row in generations if row.attachment_id is not None]
    found = {
        row.id: row for row in (await tx.execute(select(Attachment).where(Attachment.id.in_(ids)))).scalars()
    }
    return {row.id: found[row.attachment_id] for row in generations if row.attachment_id in found}


async def ahead_of(tx: Tx, generations: Sequence[Generation]) -> dict[int, int]:
    """Return how many pictures come before each of some that wait; those that do not wait are left out."""
    waiting = [row.id for row in generations if row.state == GenerationState.QUEUED]
    if not waiting:
        return {}
    others = select(Generation.id).where(Generation.state.in_(ACTIVE), Generation.id < max(waiting))
    before = sorted((await tx.execute(others)).scalars())
    return {one: sum(other < one for other in before) for one in waiting}


async def outstanding(tx: Tx, account_id: int) -> int:
    """Count what somebody asked for and does not have yet."""
    waiting = select(func.count()).where(Generation.account_id == account_id, Generation.state.in_(ACTIVE))
    return (await tx.execute(waiting)).scalar_one()


async def was_asked_in(tx: Tx, post_id: int) -> bool:
    """Tell whether the generator took a post up before."""
    found = select(Generation.id).where(Generation.asked_in_id == post_id)
    return (await tx.execute(found)).first() is not None


async def asked_lately(tx: Tx, asker: Account, *, since: datetime, whole_server: bool) -> int:
    """Count what the generator's account was asked for, by one actor or by all of their server."""
    asked = select(func.count()).select_from(Generation).join(Account, Account.id == Generation.account_id)
    asked = asked.where(
        Generation.door == Door.MENTION, Generation.created_at > since, Generation.refusal.is_(None)
    )
    return (await tx.execute(asked.where(_of(asker, whole_server)))).scalar_one()


async def was_refused_lately(
    tx: Tx, asker: Account, limit: str, *, since: datetime, whole_server: bool
) -> bool:
    """Tell whether an actor, or somebody of their server, was told of a limit already."""
    told = select(Generation.id).join(Account, Account.id == Generation.account_id)
    told = told.where(Generation.refusal == limit, Generation.created_at > since, _of(asker, whole_server))
    return (await tx.execute(told.limit(1))).first() is not None


def _of(asker: Account, whole_server: bool) -> ColumnElement[bool]:  # noqa: FBT001 - passed on
    return Account.domain == asker.domain if whole_server else Account.id == asker.id
