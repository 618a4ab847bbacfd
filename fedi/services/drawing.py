"""Running the job of a picture, through whatever door it was asked for.

The drawing is in another process (`media.host`); here it is watched. Steps reach the row, and with it whoever
looks on, a bounded number of times a second. When the row says that nobody wants the picture any more, the
task is cancelled, which stops the engine for certain: it is asked, terminated and killed in turn
(`media.slot`). The end is one transaction: it finishes the job, the row and whatever the door makes of the
picture, so that a process killed anywhere leaves the job and its row, or the result, and never both or two.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from fedi.context import Context
from fedi.db import AWAY, Tx
from fedi.errors import FediError, LeaseLostError, Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Attachment, Door, Generation, GenerationState, Post
from fedi.services import answering, attaching, generating, imagining, ordering, posting
from fedi.services.sharing import shared
from media import pipeline
from media.errors import EngineError, InvalidRequestError, MediaError, ModelMissingError, ModelRefusedError
from media.processed import FinishedPicture
from media.request import ImageRequest

__all__ = ["LEASE_S", "LOOK_S", "OnStep", "cancel", "forget", "run"]

LEASE_S = 30.0
"""How long a drawing is held without a sign of life, in seconds; every third of it is one."""

LOOK_S = 0.5
"""How often, in seconds, new steps are written down and it is looked whether the picture is still wanted: two
transactions a second are nothing beside a drawing, and eyes see no more."""

ATTEMPTS_MAX = 5
"""Attempts at one picture when the engine dies: a killed process must not lose a picture, and words
that crash the engine must not do so for ever."""

RETRY_S = 2.0
"""Pause before that retry, in seconds."""

log = get(__name__)

OnStep = Callable[[int, int], None]
Deliver = Callable[[Context, Tx, Generation, Attachment, Mapping[str, Any]], Awaitable[bool]]
Regret = Callable[[Context, Tx, Generation, str], Awaitable[None]]

DELIVER: Mapping[str, Deliver] = {
    Door.POST: imagining.deliver,
    Door.API: ordering.deliver,
    Door.MENTION: answering.deliver,
}
"""What becomes of a finished picture; False leaves it undone, because nobody wants it any more."""

REGRET: Mapping[str, Regret] = {
    Door.POST: imagining.regret,
    Door.API: ordering.regret,
    Door.MENTION: answering.regret,
}
"""What is done when there will be none."""


class _UnwantedError(FediError):
    """Nobody wants the picture any more."""


async def run(ctx: Context, job: queue.Claim, *, on_step: OnStep | None = None) -> None:
    """Draw the picture of a job and do with it what its door does.

    Args:
        ctx: the context.
        job: a claimed `generate` job.
        on_step: told of steps done and steps in all.
    """
    row = await _begin(ctx, job)
    if row is None:
        return
    wanted = ImageRequest.from_json(job.payload["request"])
    sight = _Sight(ctx, row.id, on_step)
    try:
        async with _meanwhile(LEASE_S / 3, lambda: _extend(ctx, job)), _meanwhile(LOOK_S, sight.look):
            finished = await pipeline.draw(
                ctx.engine,
                wanted,
                sight.on_step,
                alt=job.payload.get("alt"),
                embed_prompt=bool(job.payload.get("embeds")),
            )
    except _UnwantedError:
        await _forget(ctx, job)
        return
    except MediaError as trouble:
        lasting = isinstance(trouble, ModelMissingError | ModelRefusedError | InvalidRequestError)
        again = isinstance(trouble, EngineError) and not lasting and job.attempts < ATTEMPTS_MAX
        await _failed(ctx, job, row.id, f"Could not draw “{wanted.prompt}”: {trouble.message}", again=again)
        return
    await _finish(ctx, job, row.id, finished)


async def cancel(ctx: Context, tx: Tx, *, row: Generation) -> bool:
    """Cancel a picture, and delete the draft that waits for it; False when it is over already."""
    if row.door == Door.POST and row.post_id is not None and row.state in {"queued", "running"}:
        draft = await tx.get(Post, row.post_id)
        if draft is not None:
            author = await tx.get_one(Account, draft.account_id)
            await posting.delete(ctx, tx, post=draft, author=author)
            return True
    return await generating.stop(ctx, tx, row.id)


async def forget(ctx: Context, tx: Tx, *, row: Generation) -> None:
    """Cancel a picture if it is not done, and delete its row; a picture that no post has goes as well."""
    if not await cancel(ctx, tx, row=row) and row.door == Door.API and row.attachment_id is not None:
        picture = await tx.get(Attachment, row.attachment_id)
        if picture is not None and not attaching.is_taken(picture):
            await attaching.drop(ctx, tx, attachment=picture)
    await tx.delete(row)
    await tx.flush()


async def _begin(ctx: Context, job: queue.Claim) -> Generation | None:
    """Note that the drawing begins; a job whose picture nobody wants ends here."""
    async with ctx.db.write() as tx:
        generation_id = job.payload.get("generation_id") or await imagining.adopt(ctx, tx, job)
        row = None if generation_id is None else await generating.start(ctx, tx, generation_id)
        if row is None:
            await queue.finish(tx, job)
    return row


async def _finish(ctx: Context, job: queue.Claim, generation_id: int, finished: FinishedPicture) -> None:
    made = Attachment()
    await attaching.fill(ctx, made, finished.image)
    is_out = False
    try:
        async with ctx.db.write() as tx:
            # In the order in which whoever deletes the draft takes them, or PostgreSQL ends one of the two.
            if job.payload.get("post_id") is not None:
                await tx.get(Post, job.payload["post_id"], with_for_update=True)
            row = await generating.hold(tx, generation_id)
            await queue.finish(tx, job)
            is_out = row is not None and await _deliver(
                ctx, tx, row, job.payload, finished=finished, made=made
            )
    except Refused as refusal:  # what it answers was deleted meanwhile
        sentence = f"Could not post “{job.payload['request']['prompt']}”: {refusal.text}"
        await _failed(ctx, job, generation_id, sentence, again=False)
    if not is_out:
        await attaching.discard(ctx, {key for key in (made.file_key, made.thumbnail_key) if key})


async def _deliver(
    ctx: Context,
    tx: Tx,
    row: Generation,
    payload: Mapping[str, Any],
    *,
    finished: FinishedPicture,
    made: Attachment,
) -> bool:
    picture = await tx.get(Attachment, row.attachment_id)
    if picture is None:
        return False
    wanted = ImageRequest.from_json(row.request)
    recipe = {
        **finished.provenance.to_json(),
        "prompt": wanted.prompt,
        "negative_prompt": wanted.negative_prompt,
        "unknown_words": list(finished.unknown_words),
    }
    for name in (
        "file_key", "thumbnail_key", "media_type", "width", "height", "thumbnail_width", "thumbnail_height",
        "blurhash", "digital_source_type", "state",
    ):  # fmt: skip
        setattr(picture, name, getattr(made, name))
    picture.description = picture.description or finished.alt
    picture.recipe = shared(recipe, row.share)
    await tx.flush()
    row.recipe = recipe
    if not await DELIVER[row.door](ctx, tx, row, picture, payload):
        await generating.stop(ctx, tx, row.id)
        return False
    await generating.done(ctx, tx, row, recipe=recipe)
    return True


async def _failed(ctx: Context, job: queue.Claim, generation_id: int, sentence: str, *, again: bool) -> None:
    """Try once more after a crash; otherwise tell the person and keep the job for the operator."""
    log.warning("drawing_failed", job=job.id, attempt=job.attempts, again=again, error=sentence)
    with suppress(LeaseLostError):
        async with ctx.db.write() as tx:
            if again:
                later = ctx.clock() + timedelta(seconds=RETRY_S)
                await generating.put_off(ctx, tx, generation_id)
                await queue.retry(tx, job, run_at=later, error=sentence)
                return
            row = await generating.fail(ctx, tx, generation_id, error=sentence)
            await queue.bury(tx, job, error=sentence)
            if row is not None:
                await REGRET[row.door](ctx, tx, row, sentence)


async def _forget(ctx: Context, job: queue.Claim) -> None:
    log.info("drawing_cancelled", job=job.id)
    with suppress(LeaseLostError):
        async with ctx.db.write() as tx:
            await queue.finish(tx, job)


async def _extend(ctx: Context, job: queue.Claim) -> None:
    async with ctx.db.write() as tx:
        await queue.extend(tx, job, until=ctx.clock() + timedelta(seconds=LEASE_S))


class _Sight:
    """How far a drawing is, from the engine's steps to the row."""

    def __init__(self, ctx: Context, generation_id: int, on_step: OnStep | None) -> None:
        self._ctx = ctx
        self._generation_id = generation_id
        self._on_step = on_step
        self._at = self._written = (0, 0)

    def on_step(self, done: int, of: int) -> None:
        """Remember a step; it is written down at the next look."""
        self._at = (done, of)
        if self._on_step is not None:
            self._on_step(done, of)

    async def look(self) -> None:
        """Write new steps down.

        Raises:
            _UnwantedError: the picture was cancelled, or its row is gone.
        """
        step, steps = at = self._at
        if at != self._written:
            async with self._ctx.db.write() as tx:
                wanted = await generating.advance(self._ctx, tx, self._generation_id, step=step, steps=steps)
            self._written = at
        else:
            async with self._ctx.db.read() as tx:
                row = await tx.get(Generation, self._generation_id)
            wanted = row is not None and row.state == GenerationState.RUNNING
        if not wanted:
            raise _UnwantedError


@asynccontextmanager
async def _meanwhile(every_s: float, look: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Look at something every few seconds for as long as the block runs; what it raises ends the block."""
    block = asyncio.current_task()
    assert block is not None
    reason: FediError | None = None

    async def go_on() -> None:
        nonlocal reason
        while True:
            await asyncio.sleep(every_s)
            try:
                await look()
            except FediError as found:
                reason = found
                block.cancel()
                return
            except AWAY as trouble:
                log.warning("look_failed", error=str(trouble))

    looking = asyncio.create_task(go_on())
    try:
        yield
    except asyncio.CancelledError:
        if reason is None:
            raise
        block.uncancel()
        raise reason from None
    finally:
        looking.cancel()
