"""What follows from a changed profile: other servers are told, who waits is let in, old pictures go.

An editor saves names, pictures and fields in several requests, so the Update is not sent with each: a job
sends one a moment after the first, and renders the profile as it is then. It goes to all followers and to
everyone whose server had to do with the account lately and shows it.

Source: ActivityPub section 7.3; Mastodon lets in who waits when an account stops to approve followers.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.models import Account, Follow, FollowState
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import interactors
from fedi.services import attaching, following

__all__ = [
    "admit_soon", "admit_waiting", "announce", "announce_soon", "discard_later", "discard_pictures",
]  # fmt: skip

COALESCE_S = 5.0
"""How long after an edit others are told, in seconds: what an editor saves in one go is told once."""

RECENTLY = timedelta(days=30)
"""How long ago somebody elsewhere may have liked, answered, boosted or mentioned to be told of an edit."""

REPLACED_PICTURE_S = 24 * 3600.0
"""How long a replaced picture is kept, in seconds: other servers still show its address until they asked."""

ADMITTED_AT_ONCE = 100
"""Waiting followers let in within one transaction."""


async def announce_soon(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Have other servers told of the profile as it will be in a moment; until then more wishes are one."""
    await _enqueue(ctx, tx, account, "announce_profile", wait_s=COALESCE_S)


async def announce(ctx: Context, job: queue.Claim) -> None:
    """Send the profile as it is now."""
    async with ctx.db.write() as tx:
        held = select(Account).where(Account.id == job.payload["account_id"]).with_for_update()
        account = (await tx.execute(held)).scalar_one_or_none()
        if account is not None and account.suspended_at is None:
            now = ctx.clock()
            people = await interactors.recent(tx, account.id, now - RECENTLY)
            await record(
                ctx,
                tx,
                sender=account,
                activity=translate.update_actor(account, ctx.settings, now),
                audience=Audience(followers_of=account.id, account_ids=tuple(people)),
                order_on=account.iri,
            )
        await queue.finish(tx, job)


async def admit_soon(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Have everyone let in who waits to follow an account that lets everyone in now."""
    await _enqueue(ctx, tx, account, "admit_waiting")


async def admit_waiting(ctx: Context, job: queue.Claim) -> None:
    """Let in who asked to follow somebody who lets everyone in now, but whom the operator limited."""
    async with ctx.db.write() as tx:
        target = await tx.get(Account, job.payload["account_id"])
        open_now = target is not None and not target.locked and target.suspended_at is None
        waiting = (
            select(Account)
            .join(Follow, Follow.account_id == Account.id)
            .where(
                Follow.target_id == job.payload["account_id"],
                Follow.state == FollowState.PENDING,
                Account.silenced_at.is_(None),
                Account.suspended_at.is_(None),
            )
            .order_by(Follow.id)
            .limit(ADMITTED_AT_ONCE)
        )
        people = list((await tx.execute(waiting)).scalars()) if open_now else []
        for follower in people:
            assert target is not None
            await following.accept_request(ctx, tx, follower=follower, target=target)
        await queue.finish(tx, job)
        if target is not None and len(people) == ADMITTED_AT_ONCE:
            await admit_soon(ctx, tx, account=target)


async def discard_later(
    ctx: Context, tx: Tx, keys: Sequence[str], *, wait_s: float = REPLACED_PICTURE_S
) -> None:
    """Have stored pictures that were replaced erased, once nobody should ask for them any more."""
    if keys:
        due = ctx.clock() + timedelta(seconds=wait_s)
        job = queue.NewJob(queue="default", kind="discard_pictures", payload={"keys": list(keys)}, run_at=due)
        await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def discard_pictures(ctx: Context, job: queue.Claim) -> None:
    """Erase pictures that were replaced, unless something shows them again."""
    await attaching.discard(ctx, job.payload["keys"])
    async with ctx.db.write() as tx:
        await queue.finish(tx, job)


async def _enqueue(ctx: Context, tx: Tx, account: Account, kind: str, *, wait_s: float = 0.0) -> None:
    job = queue.NewJob(
        queue="default",
        kind=kind,
        payload={"account_id": account.id},
        run_at=ctx.clock() + timedelta(seconds=wait_s),
        dedupe_key=f"{kind}:{account.id}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())
