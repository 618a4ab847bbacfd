"""Pictures of other servers, shown from here: nobody who looks at a post tells its author's server so.

A picture is fetched when somebody first looks at it, decoded in the confined child like any upload, encoded
anew and kept for as long as it is looked at, within the operator's bounds of days and megabytes. What cannot
be had is not asked for again for a while. Many who look at the same time wait for one fetch.

Source: threats such as tracking by remote pictures; Mastodon's media proxy.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from activitypub.errors import ActivityPubError, UnreachableError
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get as get_log
from fedi.models import CachedPicture
from fedi.outbound import download
from fedi.outbound.fetch import require_welcome
from fedi.services import attaching
from media.errors import EngineError, MediaError

__all__ = ["Usage", "due", "forget", "picture", "plan", "run", "shrink", "usage"]

BYTES_MAX = 16 * 1024 * 1024
"""Of a remote picture: as much as an upload may have."""

DEADLINE_S = 20.0
"""For fetching one, in seconds: a person looks at an empty place meanwhile."""

RETRY_AFTER_S = "5"
"""When the line is full: a place is free within seconds."""

REFUSAL_S = 600.0
"""How long a picture that could not be had is not asked for again, in seconds."""

USED_EVERY = timedelta(days=1)
"""How exactly it is known when a picture was last looked at: a write for each look would cost more."""

EVERY_S = 3600.0
"""Between two looks at the size of the cache, in seconds: so long may it be too large."""

SHRUNK_AT_ONCE = 200
"""Pictures that are forgotten in one transaction."""

log = get_log(__name__)


async def picture(ctx: Context, url: str) -> CachedPicture:
    """Return a remote picture from the cache, fetched if it is not there.

    Raises:
        Refused: 404, when it cannot be had, and 503 while too many are being fetched.
    """
    digest = hashlib.sha256(url.encode()).hexdigest()
    async with ctx.db.read() as tx:
        kept = await tx.get(CachedPicture, digest)
    now = ctx.clock()
    if kept is not None:
        if now - kept.used_at >= USED_EVERY:
            async with ctx.db.write() as tx:
                await tx.execute(
                    update(CachedPicture).where(CachedPicture.digest == digest).values(used_at=now)
                )
        return kept
    if (why := ctx.memory.unshown.get(digest, now)) is not None:
        raise Refused(404, "This picture cannot be had from its server.", why=why)
    return await ctx.memory.in_flight.share(("picture", digest), lambda: _fetch(ctx, url, digest))


async def _fetch(ctx: Context, url: str, digest: str) -> CachedPicture:
    try:
        async with ctx.memory.downloads.taken() as has_place:
            if not has_place:
                raise Refused(
                    503, "Too many pictures are being fetched.", headers={"Retry-After": RETRY_AFTER_S}
                )
            await require_welcome(ctx, url)
            found = await download.get(
                ctx, url, types=("image/",), bytes_max=BYTES_MAX, deadline_s=DEADLINE_S
            )
            image = await ctx.decoder.ingest(found.data, first_frame=True)
    except (ActivityPubError, MediaError) as trouble:
        if not isinstance(trouble, EngineError):  # our own decoder's trouble is not the picture's
            ctx.memory.unshown.put(digest, str(trouble), now=ctx.clock(), ttl_s=REFUSAL_S)
        level = "info" if isinstance(trouble, UnreachableError) else "warning"
        getattr(log, level)("picture_not_shown", url=url, why=str(trouble))
        raise Refused(404, "This picture cannot be had from its server.", why=str(trouble)) from None
    kept = CachedPicture(
        digest=digest,
        file_key=await ctx.blobs.put(image.data, image.content_type),
        thumbnail_key=await ctx.blobs.put(image.thumbnail, image.thumbnail_type),
        size_bytes=len(image.data) + len(image.thumbnail),
        fetched_at=ctx.clock(),
        used_at=ctx.clock(),
    )
    values = {column.key: getattr(kept, column.key) for column in CachedPicture.__table__.columns}
    async with ctx.db.write() as tx:
        # Another process may have been as quick: what was read last counts.
        made = insert(tx, CachedPicture).values(values)
        await tx.execute(made.on_conflict_do_update(index_elements=[CachedPicture.digest], set_=values))
    return kept


async def forget(ctx: Context, kept: CachedPicture) -> None:
    """Forget a picture whose file is not there any more, so that it is fetched again."""
    async with ctx.db.write() as tx:
        await tx.execute(delete(CachedPicture).where(CachedPicture.digest == kept.digest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of others' pictures is kept here."""

    pictures: int
    bytes: int


async def usage(tx: Tx) -> Usage:
    """Count what the cache holds."""
    counted = select(func.count(), func.coalesce(func.sum(CachedPicture.size_bytes), 0))
    pictures, total = (await tx.execute(counted)).one()
    return Usage(pictures=pictures, bytes=int(total))


async def plan(ctx: Context, tx: Tx, *, wait_s: float) -> None:
    """Have the cache looked through, if that is not planned already."""
    job = queue.NewJob(
        queue="default",
        kind="shrink",
        run_at=ctx.clock() + timedelta(seconds=wait_s),
        dedupe_key="shrink",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def run(ctx: Context, job: queue.Claim) -> None:
    """Keep the cache within the operator's bounds, and plan the next time."""
    settings = ctx.settings
    gone = await shrink(ctx, days=settings.media_cache_days, megabytes=settings.media_cache_mb)
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)
        await plan(ctx, tx, wait_s=EVERY_S)
    if gone.pictures:
        log.info("cache_shrunk", pictures=gone.pictures, bytes=gone.bytes)


async def due(tx: Tx, *, before: datetime, megabytes: int, limit: int | None = None) -> list[CachedPicture]:
    """Return what should go: pictures unseen since `before`, then the longest unseen beyond a size."""
    too_much = (await usage(tx)).bytes - megabytes * 1_000_000
    going: list[CachedPicture] = []
    for kept in (
        await tx.execute(select(CachedPicture).order_by(CachedPicture.used_at).limit(limit))
    ).scalars():
        if kept.used_at >= before and too_much <= 0:
            break
        going.append(kept)
        too_much -= kept.size_bytes
    return going


async def shrink(ctx: Context, *, days: int, megabytes: int) -> Usage:
    """Forget pictures that nobody looked at for some days, and then the oldest ones beyond a size.

    Opens its own transactions. Rows go before files: killed in between, a file is left that nobody names,
    and a picture that is wanted again is fetched again.

    Returns:
        What was forgotten.
    """
    pictures = freed = 0
    before = ctx.clock() - timedelta(days=days)
    while True:
        async with ctx.db.write() as tx:
            going = await due(tx, before=before, megabytes=megabytes, limit=SHRUNK_AT_ONCE)
            digests = [kept.digest for kept in going]
            await tx.execute(delete(CachedPicture).where(CachedPicture.digest.in_(digests)))
        await attaching.discard(ctx, {key for kept in going for key in (kept.file_key, kept.thumbnail_key)})
        pictures += len(going)
        freed += sum(kept.size_bytes for kept in going)
        if len(going) < SHRUNK_AT_ONCE:
            return Usage(pictures=pictures, bytes=freed)
