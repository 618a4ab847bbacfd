"""Hashtags that somebody follows or shows, as far as they are asked about."""

from collections.abc import Sequence

from sqlalchemy import func, select

from fedi.db import Tx
from fedi.models import FeaturedTag, FollowedTag
from fedi.queries.page import Page, Slice, cut, within

__all__ = ["count_followed", "featured_among", "followed", "followed_among"]


async def followed(tx: Tx, account_id: int, page: Page) -> Slice[tuple[int, str]]:
    """Return which hashtags somebody follows, last first, with the key of the page."""
    statement = select(FollowedTag.id, FollowedTag.name).where(FollowedTag.account_id == account_id)
    rows = (await tx.execute(within(statement, FollowedTag.id, page))).all()
    return cut([(row.id, row.name) for row in rows], page)


async def followed_among(tx: Tx, account_id: int, names: Sequence[str]) -> set[str]:
    """Return which of some hashtags somebody follows."""
    mine = select(FollowedTag.name).where(FollowedTag.account_id == account_id, FollowedTag.name.in_(names))
    return set((await tx.execute(mine)).scalars())


async def featured_among(tx: Tx, account_id: int, names: Sequence[str]) -> dict[str, int]:
    """Return which of some hashtags somebody shows on their profile, each with its id there."""
    mine = select(FeaturedTag.name, FeaturedTag.id).where(
        FeaturedTag.account_id == account_id, FeaturedTag.name.in_(names)
    )
    return {row.name: row.id for row in await tx.execute(mine)}


async def count_followed(tx: Tx, account_id: int) -> int:
    """Return how many hashtags somebody follows."""
    counted = select(func.count()).select_from(FollowedTag).where(FollowedTag.account_id == account_id)
    return (await tx.execute(counted)).scalar_one()
