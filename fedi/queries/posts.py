"""Finding posts, and loading what is shown of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from fedi.db import Tx
from fedi.lean import run
from fedi.models import Mention, Placeholder, Post, Tombstone
from fedi.queries.views import Loaded, PostView, hanging_of, needed_for, posts_of, which_of

__all__ = ["PostView", "by_id", "by_iri", "is_tombstoned", "load", "load_one", "mentioned_in", "published_as"]

DIALECTS = ("sqlite", "postgresql")

# Built once, because they are asked for everything that comes in.
_BY_IRI = select(Post).where(Post.iri == bindparam("iri"))
_TOMBSTONED = select(Tombstone.iri).where(Tombstone.iri == bindparam("iri"))
_WHICH, _POSTS, _HANGING = (
    {dialect: make(dialect) for dialect in DIALECTS} for make in (which_of, posts_of, hanging_of)
)


async def by_id(tx: Tx, post_id: int) -> Post | None:
    """Find a post by its id."""
    return await tx.get(Post, post_id)


async def by_iri(tx: Tx, iri: str) -> Post | None:
    """Find a post by its ActivityPub id."""
    return (await tx.execute(_BY_IRI, {"iri": iri})).scalar_one_or_none()


async def is_tombstoned(tx: Tx, iri: str) -> bool:
    """Tell whether this object was deleted."""
    return bool((await run(tx, _TOMBSTONED, {"iri": iri})).rows)


async def mentioned_in(tx: Tx, post_id: int) -> set[int]:
    """Return the ids of those whom a post mentions."""
    return set((await tx.execute(select(Mention.account_id).where(Mention.post_id == post_id))).scalars())


async def published_as(tx: Tx, draft_id: int) -> int | None:
    """Return the id under which a draft was published, if it was."""
    return (
        await tx.execute(select(Placeholder.post_id).where(Placeholder.draft_id == draft_id))
    ).scalar_one_or_none()


async def load(tx: Tx, ids: Sequence[int], *, viewer_id: int | None = None) -> list[PostView]:
    """Load posts in the order given, in three statements, whatever their number and whatever is in them.

    Posts that do not exist (any more) are left out. Visibility is the caller's business.

    Args:
        tx: a transaction.
        ids: of the posts.
        viewer_id: whose favours and boosts are of interest.
    """
    if not ids:
        return []
    dialect = tx.get_bind().dialect.name
    needed = needed_for((await tx.execute(_WHICH[dialect], {"ids": list(ids)})).all())
    rows = await tx.execute(_POSTS[dialect], needed.parameters(viewer_id))
    hanging: dict[int, list[Any]] = defaultdict(list)
    for row in await tx.execute(_HANGING[dialect], needed.parameters(viewer_id)):
        hanging[row.post_id].append(row)
    loaded = Loaded(viewer_id=viewer_id, posts={row.Post.id: row for row in rows}, hanging=hanging)
    return [loaded.view(identifier) for identifier in ids if identifier in loaded.posts]


async def load_one(tx: Tx, post_id: int) -> PostView | None:
    """Load one post; None when it does not exist."""
    views = await load(tx, [post_id])
    return views[0] if views else None
