"""Uploads: from a stranger's bytes to a stored picture with a thumbnail.

The bytes are decoded in a child process under limits before any transaction is opened; what is stored is
encoded anew and carries nothing of the original but its pixels (no position, no camera).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import delete, exists, or_, select, update

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Attachment, AttachmentState, CachedPicture
from media.errors import BlobMissingError, MediaError
from media.processed import ProcessedImage

__all__ = [
    "DESCRIPTION_CHARACTERS_MAX",
    "UNPOSTED_S",
    "check_description",
    "describe",
    "discard",
    "drop",
    "erase",
    "erase_later",
    "fill",
    "is_taken",
    "upload",
]

DESCRIPTION_CHARACTERS_MAX = 1500
"""Of an alt text; what Mastodon's clients allow."""

UNPOSTED_S = 24 * 3600.0
"""How long a picture waits for its post, in seconds: as on Mastodon. Nobody else would ever erase it."""


UNPOSTED = (Attachment.post_id.is_(None), Attachment.scheduled_post_id.is_(None))
"""The conditions for a picture that no post has, and none that comes out later."""


async def upload(
    ctx: Context, *, account_id: int, data: bytes, description: str | None, focus: tuple[float, float] | None
) -> Attachment:
    """Store an uploaded picture that waits for its post.

    Raises:
        Refused: 422 with a sentence about what is wrong with the file or its description.
    """
    check_description(description)
    try:
        image = await ctx.decoder.ingest(data)
    except MediaError as refusal:
        raise Refused(422, f"Validation failed: {refusal.message}", why=str(refusal)) from None
    attachment = Attachment(
        id=ctx.ids.next(),
        account_id=account_id,
        kind="image",
        description=description,
        created_at=ctx.clock(),
    )
    if focus is not None:
        attachment.focus_x, attachment.focus_y = focus
    await fill(ctx, attachment, image)
    async with ctx.db.write() as tx:
        tx.add(attachment)
        await erase_later(ctx, tx, [attachment.id], wait_s=UNPOSTED_S)
    return attachment


async def fill(ctx: Context, attachment: Attachment, image: ProcessedImage) -> None:
    """Store a picture's files and write their facts into a row; opens no transaction."""
    attachment.file_key = await ctx.blobs.put(image.data, image.content_type)
    attachment.thumbnail_key = await ctx.blobs.put(image.thumbnail, image.thumbnail_type)
    attachment.media_type = image.content_type
    attachment.width, attachment.height = image.width_px, image.height_px
    attachment.thumbnail_width, attachment.thumbnail_height = (
        image.thumbnail_width_px,
        image.thumbnail_height_px,
    )
    attachment.blurhash = image.blurhash
    attachment.digital_source_type = image.digital_source_type or None
    attachment.state = AttachmentState.READY


def describe(attachment: Attachment, *, description: str | None, focus: tuple[float, float] | None) -> None:
    """Change the alt text and the focal point of a picture; None leaves them as they are.

    Raises:
        Refused: 422, when the description is too long.
    """
    check_description(description)
    if description is not None:
        attachment.description = description
    if focus is not None:
        attachment.focus_x, attachment.focus_y = focus


def check_description(description: str | None) -> None:
    """Refuse an alt text that is too long.

    Raises:
        Refused: 422.
    """
    if description is not None and len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise Refused(
            422, f"Validation failed: a description may have {DESCRIPTION_CHARACTERS_MAX} characters at most."
        )


async def erase_later(ctx: Context, tx: Tx, ids: Sequence[int], *, wait_s: float) -> None:
    """Have pictures erased that are in no post then.

    Args:
        ctx: the context.
        tx: a writing transaction.
        ids: of the pictures.
        wait_s: seconds until then.
    """
    due = ctx.clock() + timedelta(seconds=wait_s)
    job = queue.NewJob(queue="default", kind="erase", payload={"attachment_ids": list(ids)}, run_at=due)
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


def is_taken(attachment: Attachment) -> bool:
    """Tell whether a post has this picture, or will when it comes out."""
    return attachment.post_id is not None or attachment.scheduled_post_id is not None


async def drop(ctx: Context, tx: Tx, *, attachment: Attachment) -> None:
    """Erase a picture that no post has.

    Raises:
        Refused: 422, when a post has it, or will.
    """
    if is_taken(attachment):
        raise Refused(422, "Media attachment is currently used by a post")
    attachment.state = AttachmentState.FAILED  # nobody can post it meanwhile
    await tx.flush()
    await erase_later(ctx, tx, [attachment.id], wait_s=0.0)


async def erase(ctx: Context, job: queue.Claim) -> None:
    """Erase pictures that still wait for a post, and their files unless another picture shares them.

    Files are named by their content, so two pictures may share one. They go before the rows: killed in
    between, the job finds the rows again. Marked first, nobody can post them meanwhile.
    """
    waiting = [Attachment.id.in_(job.payload["attachment_ids"]), *UNPOSTED]
    async with ctx.db.write() as tx:
        marked = update(Attachment).where(*waiting).values(state=AttachmentState.FAILED)
        rows = await tx.execute(marked.returning(Attachment.file_key, Attachment.thumbnail_key))
        keys = {key for row in rows for key in row if key}
    await discard(ctx, keys)
    async with ctx.db.write() as tx:
        await tx.execute(delete(Attachment).where(*waiting))
        await queue.finish(tx, job)


async def discard(ctx: Context, keys: Iterable[str]) -> None:
    """Erase stored files, but those that a picture or a profile needs; opens its own transaction."""
    async with ctx.db.read() as tx:
        unused = [key for key in sorted(keys) if not await _is_needed(tx, key)]
    for key in unused:
        with suppress(BlobMissingError):
            await ctx.blobs.delete(key)


async def _is_needed(tx: Tx, key: str) -> bool:
    holders = select(Attachment.id).where(
        or_(Attachment.file_key == key, Attachment.thumbnail_key == key),
        Attachment.state == AttachmentState.READY,
    )
    faces = select(Account.id).where(or_(Account.avatar_key == key, Account.header_key == key))
    copies = select(CachedPicture.digest).where(
        or_(CachedPicture.file_key == key, CachedPicture.thumbnail_key == key)
    )
    return (await tx.execute(select(or_(exists(holders), exists(faces), exists(copies))))).scalar_one()
