"""What somebody here did, found again by the id that it went out under: for the one who takes it back."""

from typing import TypeVar

from sqlalchemy import Select, or_, select

from fedi.db import Tx
from fedi.models import (
    Activity,
    Attachment,
    AttachmentState,
    Block,
    Direction,
    Favourite,
    FeaturedTag,
    Follow,
    Post,
    Reaction,
)

__all__ = [
    "block",
    "boost",
    "favour",
    "featured_tag",
    "follow",
    "last_sent",
    "reaction",
    "upload",
    "wish_to_follow",
]

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


async def reaction(tx: Tx, *, account_id: int, iri: str) -> Reaction | None:
    """Find a reaction by an account."""
    return await _one(tx, select(Reaction).where(Reaction.iri == iri, Reaction.account_id == account_id))


async def last_sent(tx: Tx, *, account_id: int, since: int) -> str | None:
    """Return the id of the last activity that an account sent since a moment, given as an id of then."""
    sent = select(Activity.iri).where(
        Activity.id > since, Activity.account_id == account_id, Activity.direction == Direction.OUT
    )
    return (await tx.execute(sent.order_by(Activity.id.desc()).limit(1))).scalar_one_or_none()


async def block(tx: Tx, *, account_id: int, iri: str) -> Block | None:
    """Find a block by an account."""
    return await _one(tx, select(Block).where(Block.iri == iri, Block.account_id == account_id))


async def upload(tx: Tx, *, account_id: int, file_key: str, post_id: int | None = None) -> Attachment | None:
    """Find the last upload of a file by an account, among those in no post yet and those of one post."""
    usable = select(Attachment).where(
        Attachment.account_id == account_id,
        Attachment.file_key == file_key,
        Attachment.scheduled_post_id.is_(None),
        or_(Attachment.post_id.is_(None), Attachment.post_id == post_id),
        Attachment.state == AttachmentState.READY,
    )
    return await _one(tx, usable.order_by(Attachment.post_id.is_(None), Attachment.id.desc()).limit(1))


async def featured_tag(tx: Tx, *, account_id: int, name: str) -> FeaturedTag | None:
    """Find a hashtag on somebody's profile."""
    statement = select(FeaturedTag).where(FeaturedTag.account_id == account_id, FeaturedTag.name == name)
    return await _one(tx, statement)


async def _one(tx: Tx, statement: Select[Row]) -> Row | None:
    return (await tx.execute(statement)).scalars().first()
