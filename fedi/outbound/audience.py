"""Who gets an activity: followers and named people, as a list of distinct inboxes.

The `fanout` job is expanded here, once, into one `deliver` job per inbox. A server with a shared inbox gets
what is for many of its people once; what is between two people goes to the personal inbox, because a shared
one tells the other side nothing about for whom it is. What changes or ends an object goes to wherever that
went before, too (`reach`). People here are passed over: what they should see was written when the post was.

Source: ActivityPub section 7.1.3 (shared inbox delivery).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, select

from activitypub.origin import origin
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.models import Account, Follow, FollowState
from fedi.outbound import reach
from fedi.queries.domains import Rules

__all__ = ["inboxes", "run", "send"]

ROWS_MAX = 500
"""Jobs of one INSERT; each has nine values, and SQLite takes 32 766 of them."""

NAMED_MAX = 500
"""Accounts asked for in one SELECT."""

ORDER_KEY_CHARACTERS_MAX = 1000
"""Of an order key as it is; PostgreSQL refuses an index entry above 2704 bytes, so longer ones are hashed."""


async def run(ctx: Context, job: queue.Claim) -> None:
    """Expand a `fanout` job into deliveries, all in one transaction."""
    payload, rules = job.payload, await ctx.rules.now()
    async with ctx.db.write() as tx:
        targets = await inboxes(
            tx,
            followers_of=payload["followers_of"],
            account_ids=payload["account_ids"],
            extra=payload["inboxes"],
        )
        role = reach.Role(payload.get("reach", reach.Role.NONE))
        targets = await reach.widen(tx, payload["order_on"], targets, role, now=ctx.clock())
        await send(ctx, tx, payload["activity_id"], targets, rules=rules, order_on=payload["order_on"])
        await queue.finish(tx, job)


async def send(
    ctx: Context,
    tx: Tx,
    activity_id: int,
    inboxes: Iterable[str],
    *,
    rules: Rules,
    order_on: str,
    sender_id: int | None = None,
) -> None:
    """Have an activity delivered to inboxes, but for those of servers that are suspended here.

    Args:
        ctx: the context.
        tx: a writing transaction.
        activity_id: the row of the activity.
        inboxes: where to.
        rules: which servers are suspended; asked for before the transaction.
        order_on: what is about the same thing arrives in the order of these calls.
        sender_id: whose key signs the requests; the account that the activity is by when missing.
    """
    payload = {"activity_id": activity_id} | ({} if sender_id is None else {"sender_id": sender_id})
    jobs = [
        _delivery({**payload, "inbox": inbox}, order_on)
        for inbox in sorted(inboxes)
        if not rules.of_iris(inbox).suspended
    ]
    for start in range(0, len(jobs), ROWS_MAX):
        await queue.enqueue(tx, ctx.wake, jobs[start : start + ROWS_MAX], now=ctx.clock())


async def inboxes(
    tx: Tx, *, followers_of: int | None, account_ids: Iterable[int], extra: Iterable[str] = ()
) -> set[str]:
    """Return the distinct inboxes of other servers that an activity goes to.

    Args:
        tx: a transaction.
        followers_of: everyone who follows this account.
        account_ids: people named; without followers it is between them and goes to their personal inboxes.
        extra: further inboxes.
    """
    found = set(extra)
    shared = func.coalesce(Account.shared_inbox, Account.inbox)
    if followers_of is not None:
        found |= await _all(tx, _elsewhere(shared).join(Follow, Follow.account_id == Account.id).where(
            Follow.target_id == followers_of, Follow.state == FollowState.ACCEPTED
        ))  # fmt: skip
    named = sorted(set(account_ids))
    inbox = Account.inbox if followers_of is None else shared
    for start in range(0, len(named), NAMED_MAX):
        found |= await _all(tx, _elsewhere(inbox).where(Account.id.in_(named[start : start + NAMED_MAX])))
    return found


def _elsewhere(inbox: Any) -> Select[Any]:
    return select(inbox).distinct().where(Account.domain != "", Account.suspended_at.is_(None))


async def _all(tx: Tx, statement: Select[Any]) -> set[str]:
    return set((await tx.execute(statement)).scalars())


def _delivery(payload: Mapping[str, Any], order_on: str) -> queue.NewJob:
    inbox = payload["inbox"]
    order_key = f"{order_on}|{inbox}"
    if len(order_key) > ORDER_KEY_CHARACTERS_MAX:
        order_key = hashlib.sha256(order_key.encode()).hexdigest()
    return queue.NewJob(
        queue="deliver",
        kind="deliver",
        host=origin(inbox).authority,
        payload=payload,
        order_key=order_key,
        dedupe_key=f"deliver:{payload['activity_id']}:{inbox}",
    )
