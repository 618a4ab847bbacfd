"""Forgetting servers that nothing was heard of for days.

Anybody can make us deliver to hosts that they choose (by following from there), so what is remembered of
hosts must end by itself. Whoever is met for the first time has a job made that looks, an hour later and
once for all that were met meanwhile, for those that may be forgotten. What is lost by that is little: a
server that is still gone is found out anew, one that is back is greeted as a stranger.

Source: Fedify CVE-2026-69132 (state of failing hosts that grew without bound).
"""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, or_, select

from fedi.context import Context
from fedi.jobs import queue
from fedi.models import InboxSet, Peer, Reach

__all__ = ["later", "run"]

PEER_DAYS = 8
"""Days without a success, a failure or a first meeting after which a host is forgotten: one more than what is
remembered for a week."""

REFUSAL_DAYS = 90
"""The same for a host that blocks us, so that it is asked once a week and not five times."""

PEERS_MAX = 50_000
"""Hosts remembered at all, about twice the known fediverse; beyond that, those met first are forgotten."""

LOOK_AFTER = timedelta(hours=1)
"""From meeting a host to looking for those to forget."""


def later(now: datetime) -> queue.NewJob:
    """Return the job that looks for what may be forgotten; there is one at a time."""
    return queue.NewJob(queue="default", kind="forget", run_at=now + LOOK_AFTER, dedupe_key="forget")


async def run(ctx: Context, job: queue.Claim) -> None:
    """Forget hosts, and sets of inboxes that nothing refers to."""
    now = ctx.clock()
    old, refused = now - timedelta(days=PEER_DAYS), now - timedelta(days=REFUSAL_DAYS)
    quiet = and_(
        Peer.first_seen_at < old,
        or_(Peer.last_success_at.is_(None), Peer.last_success_at < old),
        or_(Peer.last_failure_on.is_(None), Peer.last_failure_on < old.date()),
        or_(Peer.refused_at.is_(None), Peer.refused_at < refused),
        ~Peer.reacts,  # learnt from what it sent, which is worth keeping and hard to forge
    )
    async with ctx.db.write() as tx:
        await tx.execute(delete(Peer).where(quiet))
        too_many = (await tx.execute(select(func.count()).select_from(Peer))).scalar_one() - PEERS_MAX
        if too_many > 0:
            oldest = select(Peer.host).order_by(Peer.first_seen_at, Peer.host).limit(too_many)
            await tx.execute(delete(Peer).where(Peer.host.in_(oldest)))
        await tx.execute(delete(InboxSet).where(InboxSet.digest.not_in(select(Reach.digest))))
        await queue.finish(tx, job)
