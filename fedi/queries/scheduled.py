"""Posts of one person that come out later, with the pictures that wait for them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Attachment, ScheduledPost
from fedi.queries.page import Page, Slice, cut, within

__all__ = ["find", "page_of", "pictures"]


async def page_of(tx: Tx, account_id: int, page: Page) -> Slice[ScheduledPost]:
    """Return a page of them, the last that was asked for first."""
    mine = select(ScheduledPost).where(ScheduledPost.account_id == account_id)
    return cut((await tx.execute(within(mine, ScheduledPost.id, page))).scalars().all(), page)


async def find(tx: Tx, account_id: int, row_id: int, *, hold: bool = False) -> ScheduledPost | None:
    """Find one of a person's; held for a change if that is wanted."""
    row = await tx.get(ScheduledPost, row_id, with_for_update=hold or None)
    return row if row is not None and row.account_id == account_id else None


async def pictures(tx: Tx, ids: Sequence[int]) -> Mapping[int, list[Attachment]]:
    """Return the pictures that wait for some of them, in their order."""
    found: dict[int, list[Attachment]] = {one: [] for one in ids}
    held = select(Attachment).where(Attachment.scheduled_post_id.in_(ids)).order_by(Attachment.position)
    for row in (await tx.execute(held)).scalars():
        if row.scheduled_post_id is not None:
            found[row.scheduled_post_id].append(row)
    return found
