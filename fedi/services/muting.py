"""Muting: a person here no longer wants to see somebody, who is not told.

A mute is one row that the timelines and notifications leave out (`queries.visibility.wanted_clause`), so its
end brings everything back. One that ends by itself has a job that ends it: a condition on the time in each
timeline would cost every reader for the few who set one.

Source: Mastodon's documentation, "accounts API methods: mute".
"""

from datetime import timedelta

from sqlalchemy import delete, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Mute, Post, ThreadMute

__all__ = ["expire", "find", "mute", "mute_thread", "unmute", "unmute_thread"]

DURATION_S_MAX = 100 * 365 * 24 * 3600
"""Of a mute that ends by itself, in seconds: what a date can hold, and longer than anybody waits."""


async def find(tx: Tx, *, account: Account, target: Account) -> Mute | None:
    """Find whether somebody mutes somebody."""
    statement = select(Mute).where(Mute.account_id == account.id, Mute.target_id == target.id)
    return (await tx.execute(statement)).scalar_one_or_none()


async def mute(
    ctx: Context,
    tx: Tx,
    *,
    account: Account,
    target: Account,
    notifications: bool = True,
    duration_s: int = 0,
) -> Mute:
    """Mute somebody; a second time changes how.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        target: whom.
        notifications: whether what they do is not notified either.
        duration_s: seconds after which it ends by itself; 0 for never.

    Raises:
        Refused: 403 when it is oneself, 422 when the duration is none.
    """
    if account.id == target.id:
        raise Refused(403, "This action is not allowed")
    if not 0 <= duration_s <= DURATION_S_MAX:
        raise Refused(422, "Validation failed: duration must be a number of seconds")
    now = ctx.clock()
    how = {
        "notifications": notifications,
        "expires_at": now + timedelta(seconds=duration_s) if duration_s else None,
    }
    made = insert(tx, Mute).values(
        id=ctx.ids.next(), account_id=account.id, target_id=target.id, created_at=now, **how
    )
    await tx.execute(made.on_conflict_do_update(index_elements=[Mute.account_id, Mute.target_id], set_=how))
    muted = await find(tx, account=account, target=target)
    assert muted is not None
    await tx.refresh(muted)  # it may be in the session as it was before
    if muted.expires_at is not None:
        job = queue.NewJob(
            queue="default", kind="unmute", payload={"mute_id": muted.id}, run_at=muted.expires_at
        )
        await queue.enqueue(tx, ctx.wake, [job], now=now)
    return muted


async def unmute(tx: Tx, *, account: Account, target: Account) -> None:
    """Mute somebody no longer; nothing happens when they were not muted."""
    await tx.execute(delete(Mute).where(Mute.account_id == account.id, Mute.target_id == target.id))


async def mute_thread(ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Tell somebody nothing more of a thread; a second time changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        post: any post of the thread that they may see.
    """
    made = insert(tx, ThreadMute).values(
        account_id=account.id, thread=post.conversation or post.iri, created_at=ctx.clock()
    )
    await tx.execute(made.on_conflict_do_nothing(index_elements=[ThreadMute.account_id, ThreadMute.thread]))


async def unmute_thread(_ctx: Context, tx: Tx, *, account: Account, post: Post) -> None:
    """Tell somebody of a thread again; nothing happens when it was not muted."""
    muted = (ThreadMute.account_id == account.id, ThreadMute.thread == (post.conversation or post.iri))
    await tx.execute(delete(ThreadMute).where(*muted))


async def expire(ctx: Context, job: queue.Claim) -> None:
    """End a mute whose time is over; one that was made longer meanwhile has a job of its own."""
    async with ctx.db.write() as tx:
        over = (Mute.id == job.payload["mute_id"], Mute.expires_at <= ctx.clock())
        await tx.execute(delete(Mute).where(*over))
        await queue.finish(tx, job)
