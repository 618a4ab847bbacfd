"""Finding what a post was before it was edited."""

from collections.abc import Sequence

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Attachment, PostEdit

__all__ = ["former", "pictures"]

VERSIONS_MAX = 100
"""Versions shown of one post: the latest; who edits more often is a machine."""


async def former(tx: Tx, post_id: int) -> list[PostEdit]:
    """Return what a post was before, oldest first."""
    latest = select(PostEdit).where(PostEdit.post_id == post_id).order_by(PostEdit.id.desc())
    rows = (await tx.execute(latest.limit(VERSIONS_MAX))).scalars().all()
    return list(reversed(rows))


async def pictures(tx: Tx, post_id: int, versions: Sequence[PostEdit]) -> dict[int, Attachment]:
    """Return the pictures of these versions that still hang on the post, by id."""
    ids = {entry["id"] for version in versions for entry in version.attachments}
    if not ids:
        return {}
    rows = await tx.execute(select(Attachment).where(Attachment.post_id == post_id, Attachment.id.in_(ids)))
    return {row.id: row for row in rows.scalars()}
