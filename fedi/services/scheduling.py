"""Posts that come out later: kept as they were asked for, and published by a job when their time comes.

One transaction publishes the post, takes the wish off the list and finishes the job, so a process that is
killed publishes once or not yet. Whatever would be refused then (the post answered was deleted, the author
was suspended) stays on the list with the reason, since nobody waits for an answer at that hour; its author
gives it another time or throws it away. A change of time makes another job, and the earlier one finds that
nothing is due.

Source: Mastodon's documentation, "scheduled_statuses API methods" and "ScheduledStatus entity".
"""

import dataclasses
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select, update

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Attachment, Idempotency, ScheduledPost
from fedi.services import attaching, composing, polling, posting, preferring

__all__ = ["AHEAD_S_MIN", "DAILY_MAX", "TOTAL_MAX", "cancel", "postpone", "publish", "schedule"]

AHEAD_S_MIN = 300.0
"""How far ahead a post must be scheduled, in seconds; Mastodon's figure."""

TOTAL_MAX = 300
"""Scheduled posts of one person; Mastodon's figure."""

DAILY_MAX = 25
"""Scheduled posts of one person for one day of UTC; Mastodon's figure."""

log = get(__name__)


async def schedule(
    ctx: Context,
    tx: Tx,
    *,
    author: Account,
    new: posting.NewPost,
    at: datetime,
    idempotency_key: str | None = None,
) -> ScheduledPost:
    """Keep a post until its time; the same `idempotency_key` gives the same one again.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: a local account.
        new: the post.
        at: when it comes out.
        idempotency_key: what the client calls this request.

    Raises:
        Refused: 403, 404 or 422 with a sentence for the person.
    """
    if idempotency_key:
        earlier_id = await composing.claim(ctx, tx, author=author, key=idempotency_key)
        if earlier_id is not None:
            return await _require_there(tx, earlier_id)
    _require_ahead(ctx, at)
    await posting.check(ctx, tx, author=author, new=new)
    # Held, so that two requests at once do not both find room for one more.
    await tx.execute(select(Account.id).where(Account.id == author.id).with_for_update())
    await _require_room(tx, author, at)
    pictures = await posting.take_attachments(tx, author, new.attachment_ids)
    usual = await preferring.get(tx, author.id, "posting:default:quote_policy")
    new = dataclasses.replace(new, quote_policy=new.quote_policy or usual)
    row = ScheduledPost(
        id=ctx.ids.next(),
        account_id=author.id,
        scheduled_at=at,
        params=_params(new, idempotency_key),
        created_at=ctx.clock(),
    )
    tx.add(row)
    await tx.flush()
    for position, picture in enumerate(pictures):
        picture.scheduled_post_id, picture.position = row.id, position
    if idempotency_key:
        await composing.settle(tx, author=author, key=idempotency_key, made_id=row.id)
    await _publish_later(ctx, tx, row)
    return row


async def postpone(ctx: Context, tx: Tx, *, row: ScheduledPost, author: Account, at: datetime) -> None:
    """Give a scheduled post another time; one that could not be published has another try then.

    Raises:
        Refused: 422 with a sentence for the person.
    """
    _require_ahead(ctx, at)
    await tx.execute(select(Account.id).where(Account.id == author.id).with_for_update())
    await _require_room_on_day(tx, author, at, other_than=row.id)
    row.scheduled_at, row.error = at, None
    await tx.flush()
    await _publish_later(ctx, tx, row)


async def cancel(ctx: Context, tx: Tx, *, row: ScheduledPost) -> None:
    """Throw a scheduled post away; its pictures can still be posted for a day."""
    freed = await _free_pictures(tx, row)
    await tx.delete(row)
    await tx.flush()
    if freed:
        await attaching.erase_later(ctx, tx, freed, wait_s=attaching.UNPOSTED_S)


async def publish(ctx: Context, job: queue.Claim) -> None:
    """Publish a post whose time has come, or write down why that cannot be."""
    row_id = job.payload["scheduled_post_id"]
    async with ctx.db.read() as tx:
        row = await tx.get(ScheduledPost, row_id)
    if row is not None and row.error is None and row.scheduled_at <= ctx.clock():
        await composing.meet_mentioned(ctx, row.params["text"])
    try:
        async with ctx.db.write() as tx:
            await queue.finish(tx, job)
            await _publish(ctx, tx, row_id)
    except Refused as refusal:
        log.warning("scheduled_post_refused", scheduled=row_id, error=refusal.text)
        async with ctx.db.write() as tx:
            await queue.finish(tx, job)
            failed = update(ScheduledPost).where(ScheduledPost.id == row_id)
            await tx.execute(failed.values(error=refusal.text))


async def _publish(ctx: Context, tx: Tx, row_id: int) -> None:
    row = await tx.get(ScheduledPost, row_id, with_for_update=True)
    if row is None or row.error is not None or row.scheduled_at > ctx.clock():
        return  # thrown away, waiting for its author, or put off: then it has another job
    author = await tx.get_one(Account, row.account_id)
    await _free_pictures(tx, row)
    await tx.delete(row)
    await tx.flush()
    post = await composing.compose(ctx, tx, author=author, new=_new_post(row.params))
    await tx.execute(update(Idempotency).where(Idempotency.post_id == row.id).values(post_id=post.id))
    log.info("scheduled_post_published", author=author.acct, post=post.id)


async def _free_pictures(tx: Tx, row: ScheduledPost) -> list[int]:
    held = update(Attachment).where(Attachment.scheduled_post_id == row.id)
    freed = await tx.execute(held.values(scheduled_post_id=None).returning(Attachment.id))
    return sorted(freed.scalars())


async def _publish_later(ctx: Context, tx: Tx, row: ScheduledPost) -> None:
    job = queue.NewJob(
        queue="default", kind="publish", payload={"scheduled_post_id": row.id}, run_at=row.scheduled_at
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def _require_there(tx: Tx, row_id: int) -> ScheduledPost:
    row = await tx.get(ScheduledPost, row_id)
    if row is None:
        raise Refused(404, "What this request scheduled was published or deleted since.")
    return row


def _require_ahead(ctx: Context, at: datetime) -> None:
    if at < ctx.clock() + timedelta(seconds=AHEAD_S_MIN):
        raise Refused(422, "Validation failed: Scheduled at must be at least 5 minutes in the future")


async def _require_room(tx: Tx, author: Account, at: datetime) -> None:
    waiting = select(func.count()).select_from(ScheduledPost).where(ScheduledPost.account_id == author.id)
    if (await tx.execute(waiting)).scalar_one() >= TOTAL_MAX:
        raise Refused(422, f"Validation failed: You have exceeded the limit of {TOTAL_MAX} scheduled posts")
    await _require_room_on_day(tx, author, at)


async def _require_room_on_day(tx: Tx, author: Account, at: datetime, *, other_than: int = 0) -> None:
    day = datetime.combine(at.astimezone(UTC).date(), time(), tzinfo=UTC)
    same_day = select(func.count()).where(
        ScheduledPost.account_id == author.id,
        ScheduledPost.id != other_than,
        ScheduledPost.scheduled_at >= day,
        ScheduledPost.scheduled_at < day + timedelta(days=1),
    )
    if (await tx.execute(same_day)).scalar_one() >= DAILY_MAX:
        raise Refused(
            422, f"Validation failed: You have exceeded the limit of {DAILY_MAX} scheduled posts for that day"
        )


def _params(new: posting.NewPost, key: str | None) -> dict[str, Any]:
    """Write a post down with Mastodon's names, as clients are shown it."""
    poll = None
    if new.poll is not None:
        poll = {
            "options": list(new.poll.options),
            "expires_in": new.poll.expires_in_s,
            "multiple": new.poll.multiple,
            "hide_totals": new.poll.hide_totals,
        }
    return {
        "text": new.text,
        "media_ids": [str(one) for one in new.attachment_ids] or None,
        "sensitive": new.sensitive,
        "spoiler_text": new.spoiler_text,
        "visibility": new.visibility,
        "language": new.language,
        "scheduled_at": None,
        "poll": poll,
        "idempotency": key,
        "with_rate_limit": False,
        "in_reply_to_id": new.in_reply_to_id,
        "application_id": new.application_id,
        "quoted_status_id": None if new.quote_of_id is None else str(new.quote_of_id),
        "quote_approval_policy": new.quote_policy,
    }


def _new_post(params: dict[str, Any]) -> posting.NewPost:
    """Read what `_params` wrote."""
    poll, quoted = params["poll"], params["quoted_status_id"]
    return posting.NewPost(
        text=params["text"],
        visibility=params["visibility"],
        spoiler_text=params["spoiler_text"],
        sensitive=params["sensitive"],
        language=params["language"],
        in_reply_to_id=params["in_reply_to_id"],
        attachment_ids=tuple(int(one) for one in params["media_ids"] or ()),
        application_id=params["application_id"],
        poll=None
        if poll is None
        else polling.NewPoll(
            options=tuple(poll["options"]),
            expires_in_s=poll["expires_in"],
            multiple=poll["multiple"],
            hide_totals=poll["hide_totals"],
        ),
        quote_of_id=None if quoted is None else int(quoted),
        quote_policy=params["quote_approval_policy"],
    )
