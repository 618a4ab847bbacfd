"""The rows of pictures that were asked for: beginning them, telling how far they are, ending them.

The row is the truth, and whoever watches (a client that polls, an open stream) is told from it. Every change
of state names the states from which it may come, so that a picture that was cancelled while its last step was
drawn is not published after all. What becomes of a picture is the business of the door through which it was
asked for (`imagining`, `ordering`, `answering`); `drawing` runs the job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, update

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Attachment, AttachmentState, Door, Generation, GenerationState, Job
from fedi.queries import generations as find
from fedi.services import attaching, offering
from media.errors import InvalidRequestError
from media.request import SEED_MAX, ImageRequest
from media.safety import Decision, moderate_prompt

__all__ = [
    "OUTSTANDING_MAX", "Checked", "Wish", "advance", "begin", "check", "done", "fail", "hold", "put_off",
    "start", "stop", "stop_for", "told",
]  # fmt: skip

OUTSTANDING_MAX = 8
"""Pictures of one person that wait or are drawn: two rows of four to choose from, and nobody fills the queue
alone."""

REPEAT_AFTER_S = 30
"""What somebody with too many is told to wait before another try, in seconds: about one drawing."""

_STARTABLE = (GenerationState.QUEUED, GenerationState.RUNNING, GenerationState.FAILED)
"""Running: its worker was killed. Failed: the operator put the job back (`fedi queue retry`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A request that may be drawn.

    Attributes:
        request: with size and seed.
        sensitive: whether its words make the picture a sensitive one.
    """

    request: ImageRequest
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A picture to begin.

    Attributes:
        door: how it was asked for.
        request: from `check`.
        share: what others are told of the recipe.
        embeds: whether the prompt goes into the file.
        alt: its text alternative; None has one made of the prompt.
        post_id: the draft that waits for it.
        asked_in_id: the post that asked the generator's account.
        then: what the door needs to know when it is drawn, as JSON values.
    """

    door: Door
    request: ImageRequest
    share: str
    embeds: bool = False
    alt: str | None = None
    post_id: int | None = None
    asked_in_id: int | None = None
    then: Mapping[str, Any]


def check(ctx: Context, wanted: ImageRequest) -> Checked:
    """Return what is drawn for a request, which has the server's size and a random seed where it has none.

    Raises:
        Refused: 403 when its words are not allowed, 422 when it cannot be drawn, both with a sentence.
    """
    size = ctx.settings.picture_size
    try:
        full = wanted.validate().with_seed(ctx.rng.randint(0, SEED_MAX))
        if full.width_px is None:
            full = full.with_size(size, size)
        full.validate()
    except InvalidRequestError as refusal:
        raise Refused(422, refusal.message) from None
    if full.model and full.model not in {model.id for model in offering.models(ctx.settings)}:
        raise Refused(422, "There is no model of this name.")
    verdict = moderate_prompt(f"{full.prompt} {full.negative_prompt}")
    if verdict.decision is Decision.DENY:
        raise Refused(403, verdict.reason, why="prompt denied")
    return Checked(request=full, sensitive=verdict.decision is Decision.SENSITIVE)


async def begin(ctx: Context, tx: Tx, *, asker: Account, owner: Account, wish: Wish) -> Generation:
    """Write the row, the picture that it is about and the job that draws it.

    Args:
        ctx: the context.
        tx: a writing transaction.
        asker: who wants it.
        owner: a local account, whose picture it will be.
        wish: what, and what then.

    Raises:
        Refused: 429, when the asker has too many that are not done.
    """
    if await find.outstanding(tx, asker.id) >= OUTSTANDING_MAX:
        raise Refused(
            429,
            f"You may have {OUTSTANDING_MAX} pictures in the making; please wait until one is done.",
            headers={"Retry-After": str(REPEAT_AFTER_S)},
        )
    now = ctx.clock()
    picture = Attachment(
        id=ctx.ids.next(), account_id=owner.id, post_id=wish.post_id, kind="image",
        state=AttachmentState.QUEUED, created_at=now,
    )  # fmt: skip
    row = Generation(
        id=ctx.ids.next(), account_id=asker.id, door=wish.door, attachment_id=picture.id,
        post_id=wish.post_id, asked_in_id=wish.asked_in_id, share=wish.share, request=wish.request.to_json(),
        state=GenerationState.QUEUED, step=0, steps=wish.request.steps or 0, created_at=now,
    )  # fmt: skip
    tx.add_all([picture, row])
    await tx.flush()
    payload = {
        **wish.then,
        "generation_id": row.id,
        "post_id": wish.post_id,
        "attachment_id": picture.id,
        "request": row.request,
        "alt": wish.alt,
        "embeds": wish.embeds,
    }
    job = queue.NewJob(queue="gpu", kind="generate", payload=payload, dedupe_key=_dedupe_key(row.id))
    await queue.enqueue(tx, ctx.wake, [job], now=now)
    await _tell(ctx, tx, row)
    return row


async def start(ctx: Context, tx: Tx, generation_id: int) -> Generation | None:
    """Note that a picture is being drawn; None when nobody wants it any more."""
    values = {
        "state": GenerationState.RUNNING, "step": 0, "error": None, "started_at": ctx.clock(),
        "finished_at": None,
    }  # fmt: skip
    return await _change(ctx, tx, generation_id, _STARTABLE, values)


async def advance(ctx: Context, tx: Tx, generation_id: int, *, step: int, steps: int) -> bool:
    """Note how far a drawing is; False when nobody wants it any more."""
    values = {"step": step, "steps": steps}
    return await _change(ctx, tx, generation_id, (GenerationState.RUNNING,), values) is not None


async def hold(tx: Tx, generation_id: int) -> Generation | None:
    """Return a row that is being drawn, held until the transaction ends; None when it was cancelled."""
    row = await tx.get(Generation, generation_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.state == GenerationState.RUNNING else None


async def done(ctx: Context, tx: Tx, row: Generation, *, recipe: Mapping[str, Any]) -> None:
    """Note that a picture, which the caller holds, is there."""
    row.state, row.recipe = GenerationState.DONE, dict(recipe)
    row.step = row.steps = int(recipe.get("steps") or row.steps)
    row.finished_at = ctx.clock()
    await tx.flush()
    await _tell(ctx, tx, row)


async def put_off(ctx: Context, tx: Tx, generation_id: int) -> None:
    """Note that a drawing broke off and is tried again."""
    await _change(
        ctx, tx, generation_id, (GenerationState.RUNNING,), {"state": GenerationState.QUEUED, "step": 0}
    )


async def fail(ctx: Context, tx: Tx, generation_id: int, *, error: str) -> Generation | None:
    """Note in a sentence why there is no picture; None when nobody wanted it any more."""
    values = {"state": GenerationState.FAILED, "error": error, "finished_at": ctx.clock()}
    row = await _change(ctx, tx, generation_id, find.ACTIVE, values)
    if row is not None and row.attachment_id is not None:
        await tx.execute(
            update(Attachment).where(Attachment.id == row.attachment_id).values(state=AttachmentState.FAILED)
        )
    return row


async def stop(ctx: Context, tx: Tx, generation_id: int) -> bool:
    """Cancel a picture that waits or is drawn; False when it is over already.

    A job that nobody has begun goes; the worker that draws it sees the row within `drawing.LOOK_S`, stops
    its engine, and ends the job. The picture goes as well, unless a draft has it, which goes with its draft.
    """
    values = {"state": GenerationState.CANCELLED, "finished_at": ctx.clock()}
    row = await _change(ctx, tx, generation_id, find.ACTIVE, values)
    if row is None:
        return False
    unclaimed = or_(Job.claimed_until.is_(None), Job.claimed_until < ctx.clock())
    await tx.execute(delete(Job).where(Job.dedupe_key == _dedupe_key(row.id), unclaimed))
    picture = await tx.get(Attachment, row.attachment_id) if row.attachment_id is not None else None
    if picture is not None and attaching.is_taken(picture):
        picture.state = AttachmentState.FAILED
    elif picture is not None:
        await attaching.drop(ctx, tx, attachment=picture)
    return True


async def stop_for(ctx: Context, tx: Tx, *, post_id: int) -> None:
    """Cancel the picture that a draft waits for, which is about to be deleted."""
    row = await find.of_post(tx, post_id)
    if row is not None:
        await stop(ctx, tx, row.id)


def told(row: Generation) -> dict[str, Any]:
    """Return what open streams are told of a picture, as it is sent."""
    return {
        "id": str(row.id),
        "state": row.state,
        "step": row.step,
        "steps": row.steps,
        "error": row.error,
        "media_id": str(row.attachment_id) if row.attachment_id is not None else None,
        "status_id": str(row.post_id) if row.post_id is not None else None,
    }


async def _change(
    ctx: Context, tx: Tx, generation_id: int, states: tuple[str, ...], values: Mapping[str, Any]
) -> Generation | None:
    """Change a row that is in one of some states, and tell of it."""
    change = update(Generation).where(Generation.id == generation_id, Generation.state.in_(states))
    changed = change.values(dict(values)).returning(Generation)
    row = (await tx.execute(changed.execution_options(populate_existing=True))).scalar_one_or_none()
    if row is not None:
        await _tell(ctx, tx, row)
    return row


async def _tell(ctx: Context, tx: Tx, row: Generation) -> None:
    await publish(
        tx,
        EventKind.GENERATION,
        now=ctx.clock(),
        account_id=row.account_id,
        subject_id=row.id,
        detail=told(row),
    )


def _dedupe_key(generation_id: int) -> str:
    return f"generate:{generation_id}"
