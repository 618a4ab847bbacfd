"""From words to a published picture.

A request writes a draft that only its author sees, and a job. When the picture is done, one transaction
publishes it under a fresh id (a client that pages by id cannot have passed it), lets the draft's id lead
there, and finishes the job; so a process killed anywhere in between leaves either the draft and its job,
or the published post, and never both or two.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import select, update

from fedi import iris, text
from fedi.context import Context
from fedi.db import AWAY, Tx
from fedi.errors import LeaseLostError, Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Attachment, AttachmentState, Idempotency, Placeholder, Post, PostState
from fedi.queries import posts as find
from fedi.services import airing, attaching, homing, labelling, posting
from media import pipeline
from media.errors import EngineError, InvalidRequestError, MediaError, ModelMissingError, ModelRefusedError
from media.processed import FinishedPicture
from media.provenance import TRAINED_ALGORITHMIC_MEDIA
from media.request import SEED_MAX, ImageRequest
from media.safety import Decision, moderate_prompt

__all__ = ["LEASE_S", "OnStep", "request", "run", "trouble_of"]

LEASE_S = 30.0
"""How long a drawing is held without a sign of life, in seconds; every third of it is one."""

ATTEMPTS_MAX = 5
"""Attempts at one picture when the engine dies: a killed process must not lose a picture, and words
that crash the engine must not do so for ever."""

RETRY_S = 2.0
"""Pause before that retry, in seconds."""

log = get(__name__)

OnStep = Callable[[int, int], None]


async def request(
    ctx: Context, tx: Tx, *, author: Account, prompt: str, new: posting.NewPost, seed: int | None = None
) -> Post:
    """Write the draft and the job for a picture, and return the draft.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: a local account.
        prompt: what to draw.
        new: how to publish it; its text and pictures are made from the prompt.
        seed: for the same picture again; drawn at random when missing.

    Raises:
        Refused: 403 when the prompt is not allowed, 422 when it cannot be drawn, both with a sentence.
    """
    size = ctx.settings.picture_size
    try:
        wanted = ImageRequest(prompt=prompt, width_px=size, height_px=size).validate()
        wanted = wanted.with_seed(ctx.rng.randint(0, SEED_MAX) if seed is None else seed).validate()
    except InvalidRequestError as refusal:
        raise Refused(422, refusal.message) from None
    verdict = moderate_prompt(wanted.prompt)
    if verdict.decision is Decision.DENY:
        raise Refused(403, verdict.reason, why=f"prompt denied for {author.acct}")
    await posting.check(
        ctx, tx, author=author, new=_labelled(ctx, new, prompt=wanted.prompt, model="a model")
    )
    draft_id = ctx.ids.next()
    draft = Post(
        id=draft_id,
        iri=iris.note(author.iri, draft_id),
        url=iris.post(ctx.settings, author.username, draft_id),
        account_id=author.id,
        local=True,
        state=PostState.DRAFT,
        visibility="direct",  # it is between the author and the machine
        source=f"/imagine {wanted.prompt}",
        content=text.plain_to_html(f"Drawing: {wanted.prompt}", mentions={}, tag_url=str),
        spoiler_text=new.spoiler_text,
        sensitive=new.sensitive or verdict.decision is Decision.SENSITIVE,
        language=new.language or ctx.settings.language,
        in_reply_to_id=new.in_reply_to_id,
        application_id=new.application_id,
        emojis=[],
        created_at=ctx.clock(),
    )
    picture = Attachment(
        id=ctx.ids.next(), account_id=author.id, post_id=draft_id, kind="image", state=AttachmentState.QUEUED,
        created_at=ctx.clock(),
    )  # fmt: skip
    tx.add(draft)
    await tx.flush()
    tx.add(picture)
    await tx.flush()
    await homing.fan_out_home(tx, draft)
    await airing.came(ctx, tx, draft)
    payload = {
        "post_id": draft_id,
        "attachment_id": picture.id,
        "request": wanted.to_json(),
        "new": {**asdict(new), "sensitive": draft.sensitive, "attachment_ids": [picture.id], "recipe": None},
    }
    job = queue.NewJob(queue="gpu", kind="generate", payload=payload, dedupe_key=f"generate:{draft_id}")
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())
    return draft


async def run(ctx: Context, job: queue.Claim, *, on_step: OnStep | None = None) -> None:
    """Draw the picture of a job and publish it.

    Args:
        ctx: the context.
        job: a claimed `generate` job.
        on_step: told of steps done and steps in all.
    """
    if await _finish_forgotten(ctx, job):
        return
    wanted = ImageRequest.from_json(job.payload["request"])
    try:
        async with _heartbeat(ctx, job):
            finished = await pipeline.draw(ctx.engine, wanted, on_step or _ignore)
    except MediaError as trouble:
        lasting = isinstance(trouble, ModelMissingError | ModelRefusedError | InvalidRequestError)
        again = isinstance(trouble, EngineError) and not lasting and job.attempts < ATTEMPTS_MAX
        await _failed(ctx, job, f"Could not draw “{wanted.prompt}”: {trouble.message}", again=again)
        return
    picture = Attachment()
    await attaching.fill(ctx, picture, finished.image)
    is_out = False
    try:
        async with ctx.db.write() as tx:
            await queue.finish(tx, job)
            is_out = await _publish(ctx, tx, job, finished=finished, made=picture)
    except Refused as refusal:  # what it answers was deleted meanwhile
        await _failed(ctx, job, f"Could not post “{wanted.prompt}”: {refusal.text}", again=False)
    if not is_out:
        await attaching.discard(ctx, {key for key in (picture.file_key, picture.thumbnail_key) if key})


async def _finish_forgotten(ctx: Context, job: queue.Claim) -> bool:
    """Finish a job whose draft was deleted, before time goes into drawing; tell whether it was."""
    async with ctx.db.read() as tx:
        if await find.by_id(tx, job.payload["post_id"]) is not None:
            return False
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)
    return True


async def _publish(
    ctx: Context, tx: Tx, job: queue.Claim, *, finished: FinishedPicture, made: Attachment
) -> bool:
    """Replace the draft by the post; the caller finishes the job in the same transaction.

    Returns:
        False when the draft was deleted while it was being drawn.
    """
    draft = await tx.get(Post, job.payload["post_id"], with_for_update=True)
    if draft is None:
        return False
    author = await tx.get(Account, draft.account_id)
    picture = await tx.get(Attachment, job.payload["attachment_id"])
    assert author is not None
    assert picture is not None
    for name in (
        "file_key", "thumbnail_key", "media_type", "width", "height", "thumbnail_width", "thumbnail_height",
        "blurhash", "digital_source_type", "state",
    ):  # fmt: skip
        setattr(picture, name, getattr(made, name))
    picture.description = finished.alt
    picture.post_id = None
    await tx.flush()
    await airing.goes(ctx, tx, draft)
    await tx.delete(draft)
    await tx.flush()
    given = posting.NewPost(**job.payload["new"])
    prompt = str(job.payload["request"]["prompt"])
    recipe = {
        **finished.provenance.to_json(),
        "prompt": prompt,
        "unknown_words": list(finished.unknown_words),
    }
    labelled = _labelled(ctx, given, prompt=prompt, model=finished.provenance.model)
    new = dataclasses.replace(labelled, attachment_ids=(picture.id,), recipe=recipe)
    post = await posting.publish(ctx, tx, author=author, new=new)
    tx.add(Placeholder(draft_id=draft.id, post_id=post.id))
    await tx.execute(update(Idempotency).where(Idempotency.post_id == draft.id).values(post_id=post.id))
    log.info("picture_published", author=author.acct, post=post.id, seed=finished.provenance.seed)
    return True


async def _failed(ctx: Context, job: queue.Claim, sentence: str, *, again: bool) -> None:
    """Try once more after a crash; otherwise tell the person and keep the job for the operator."""
    log.warning("drawing_failed", job=job.id, attempt=job.attempts, again=again, error=sentence)
    with suppress(LeaseLostError):
        async with ctx.db.write() as tx:
            if again:
                later = ctx.clock() + timedelta(seconds=RETRY_S)
                await queue.retry(tx, job, run_at=later, error=sentence)
                return
            await queue.bury(tx, job, error=sentence)
            html = text.plain_to_html(sentence, mentions={}, tag_url=str)
            await tx.execute(update(Post).where(Post.id == job.payload["post_id"]).values(content=html))
            await tx.execute(
                update(Attachment)
                .where(Attachment.id == job.payload["attachment_id"])
                .values(state=AttachmentState.FAILED)
            )


async def trouble_of(tx: Tx, draft_id: int) -> str | None:
    """Return what the author was told when a draft could not be drawn; None while there is hope."""
    failed = (
        select(Post.content)
        .join(Attachment, Attachment.post_id == Post.id)
        .where(Post.id == draft_id, Attachment.state == AttachmentState.FAILED)
    )
    content = (await tx.execute(failed)).scalar_one_or_none()
    return None if content is None else text.html_to_text(content)


@asynccontextmanager
async def _heartbeat(ctx: Context, job: queue.Claim) -> AsyncIterator[None]:
    """Hold the job for as long as the block runs; losing it cancels the block."""
    block = asyncio.current_task()
    assert block is not None
    lost = False

    async def beat() -> None:
        nonlocal lost
        while True:
            await asyncio.sleep(LEASE_S / 3)
            try:
                async with ctx.db.write() as tx:
                    await queue.extend(tx, job, until=ctx.clock() + timedelta(seconds=LEASE_S))
            except LeaseLostError:
                lost = True
                block.cancel()
                return
            except AWAY as trouble:
                log.warning("heartbeat_failed", job=job.id, error=str(trouble))

    beating = asyncio.create_task(beat())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            block.uncancel()
            raise LeaseLostError(f"job {job.id} was taken over while drawing") from None
        raise
    finally:
        beating.cancel()


def _labelled(ctx: Context, new: posting.NewPost, *, prompt: str, model: str) -> posting.NewPost:
    """Return the post as it will be published: the words, and what they were made with."""
    return dataclasses.replace(
        new,
        text=labelling.labelled(ctx.settings, prompt, model=model),
        html=None,  # it would be shown instead of the label
        attachment_ids=(),
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
    )


def _ignore(_done: int, _of: int) -> None:
    """Nobody watches."""
