"""What a viewer did with posts: favourited or boosted them, asked for a whole page at once."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import literal, select, union_all

from fedi.db import Tx
from fedi.models import Favourite, Post

__all__ = ["NO_MARKS", "Marks", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Ids of posts that the viewer favourited, and of those that they boosted."""

    favourited: frozenset[int] = frozenset()
    boosted: frozenset[int] = frozenset()


NO_MARKS = Marks()


async def load(tx: Tx, viewer_id: int, post_ids: Collection[int]) -> Marks:
    """Find a viewer's marks on posts, in one statement."""
    if not post_ids:
        return NO_MARKS
    favourites = select(literal("favourite").label("kind"), Favourite.post_id.label("post_id")).where(
        Favourite.account_id == viewer_id, Favourite.post_id.in_(post_ids)
    )
    boosts = select(literal("boost"), Post.reblog_of_id).where(
        Post.account_id == viewer_id, Post.reblog_of_id.in_(post_ids)
    )
    found: dict[str, set[int]] = {"favourite": set(), "boost": set()}
    rows: Any = await tx.execute(union_all(favourites, boosts))
    for row in rows:
        found[row.kind].add(row.post_id)
    return Marks(favourited=frozenset(found["favourite"]), boosted=frozenset(found["boost"]))
