"""What somebody here did, found again by the id that it went out under: for the one who takes it back."""

from typing import TypeVar

from sqlalchemy import Select, select

from fedi.db import Tx
from fedi.models import Activity, Attachment, AttachmentState, Direction, Favourite, Follow, Post

__all__ = ["boost", "favour", "follow", "last_sent", "waiting_upload", "wish_to_follow"]

Row = TypeVar("Row")


async def follow(tx: Tx, *, account_id: int, iri: str) -> Follow | None:
    """Find a follow by an account."""
    return await _one(tx, select(Follow).where(Follow.iri == iri, Follow.account_id == account_id))


async def wish_to_follow(tx: Tx, *, target_id: int, iri: str) -> Follow | None:
    """Find a follow of an account, agreed to or not."""
    return await _one(tx, select(Follow).where(Follow.iri == iri, Follow.target_id == target_id))


async def favour(tx: Tx, *, account_id: int, iri: str) -> Favourite | None:
    """Find a favour by an account."""
    return await _one(tx, select(Favourite).where(Favourite.iri == iri, Favourite.account_id == account_id))


async def boost(tx: Tx, *, account_id: int, iri: str) -> Post | None:
    """Find a boost by an account."""
    mine = select(Post).where(Post.iri == iri, Post.account_id == account_id, Post.reblog_of_id.is_not(None))
    return await _one(tx, mine)


async def last_sent(tx: Tx, *, account_id: int, since: int) -> str | None:
    """Return the id of the last activity that an account sent since a moment, given as an id of then."""
    sent = select(Activity.iri).where(
        Activity.id > since, Activity.account_id == account_id, Activity.direction == Direction.OUT
    )
    return (await tx.execute(sent.order_by(Activity.id.desc()).limit(1))).scalar_one_or_none()


async def waiting_upload(tx: Tx, *, account_id: int, file_key: str) -> Attachment | None:
    """Find the last upload of a file by an account that is in no post yet."""
    waiting = select(Attachment).where(
        Attachment.account_id == account_id,
        Attachment.file_key == file_key,
        Attachment.post_id.is_(None),
        Attachment.state == AttachmentState.READY,
    )
    return await _one(tx, waiting.order_by(Attachment.id.desc()).limit(1))


async def _one(tx: Tx, statement: Select[Row]) -> Row | None:
    return (await tx.execute(statement)).scalars().first()
