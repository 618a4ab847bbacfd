"""Passing replies on: who answers a post of ours, and means its author's followers, is heard by them.

The server of somebody who answers knows its own people's followers, and not those of whom they answer. So
what is addressed to the followers of an author here is sent on to them, byte for byte, signed by that
author's key. Its receivers cannot believe that signature for somebody else's words, so only what proves
itself is passed on, and only after the proof was checked. Changes and the end of such a reply go where it
went.

It is done once, because only what comes from its author's own server is passed on, and that is taken in once.

Source: ActivityPub section 7.1.2 (forwarding from inbox); FEP-8b32.
"""

from typing import Final

from sqlalchemy import select

from activitypub.activities import Activity, Create, Delete, Update
from activitypub.normalise import parse
from activitypub.origin import same_origin
from activitypub.read import Doc
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound import authority
from fedi.inbound.received import Effect
from fedi.jobs import queue
from fedi.models import Account, Post
from fedi.models import Activity as Row
from fedi.outbound import audience, reach
from fedi.outbound.reach import Role

__all__ = ["INBOXES_MAX", "passed_on", "run"]

INBOXES_MAX = 2_000
"""Inboxes that one reply is passed on to: a stranger makes us send them."""

ROLES: Final = {Create: Role.FIRST, Delete: Role.LAST, Update: Role.AGAIN}
"""What is passed on, and what it means for where the reply is."""


async def passed_on(ctx: Context, effect: Effect, activity: Activity, row: Row) -> Effect:
    """Return the effect of an activity, which includes that it is passed on if it is to be."""
    role = ROLES.get(type(activity))
    if role is None or row.signer != activity.actor or b'"proof"' not in row.raw:
        return effect
    async with ctx.db.read() as tx:
        sender_id = await _answered(tx, activity) if role is Role.FIRST else await _known(tx, activity)
    if sender_id is None:
        return effect

    async def both(tx: Tx) -> None:
        await effect(tx)
        job = queue.NewJob(
            queue="inbox",
            kind="forward",
            payload={
                "activity_id": row.id, "sender_id": sender_id, "iri": activity.object_id, "reach": role,
            },
            order_key=f"forward|{activity.object_id}",
            dedupe_key=f"forward:{row.id}",
        )  # fmt: skip
        await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())

    return both


async def run(ctx: Context, job: queue.Claim) -> None:
    """Check the proof of a reply, and have it delivered to the followers of whom it answers.

    Raises:
        UnreachableError: the key's server does not answer; try again later.
        ActivityPubError: it does not prove itself.
    """
    payload, rules = job.payload, await ctx.rules.now()
    async with ctx.db.read() as tx:
        row = await tx.get(Row, payload["activity_id"])
    if row is not None and row.signer is not None:
        await authority.require_proof(ctx, row.signer, parse(row.raw))
    async with ctx.db.write() as tx:
        if row is not None and row.signer is not None:
            targets = sorted(await _targets(ctx, tx, payload, row.signer))[:INBOXES_MAX]
            await audience.send(
                ctx, tx, row.id, targets, rules=rules, order_on=payload["iri"], sender_id=payload["sender_id"]
            )
        await queue.finish(tx, job)


async def _targets(ctx: Context, tx: Tx, payload: Doc, signer: str) -> set[str]:
    role = Role(payload["reach"])
    today: set[str] = set()
    if role is Role.FIRST:
        found = await audience.inboxes(tx, followers_of=payload["sender_id"], account_ids=())
        today = {inbox for inbox in found if not same_origin(inbox, signer)}
    return await reach.widen(tx, payload["iri"], today, role, now=ctx.clock())


async def _answered(tx: Tx, activity: Activity) -> int | None:
    """Return whose followers should hear a reply: of whom it answers, if it is addressed to them."""
    doc = activity.object_doc or {}
    answered = doc.get("inReplyTo")
    if not isinstance(answered, str):
        return None
    statement = (
        select(Account.id, Account.iri)
        .join(Post, Post.account_id == Account.id)
        .where(Post.iri == answered, Post.local, Post.visibility != "direct", Account.suspended_at.is_(None))
    )
    author = (await tx.execute(statement)).first()
    if author is None or iris.followers(author.iri) not in {*activity.to, *activity.cc}:
        return None
    return int(author.id)


async def _known(tx: Tx, activity: Activity) -> int | None:
    """Return whose followers heard a reply that now changes or ends."""
    iri = activity.object_id
    if iri is None or not await reach.remembered(tx, iri):
        return None
    statement = (
        select(Account.id)
        .join(Post, Post.in_reply_to_account_id == Account.id)
        .where(Post.iri == iri, Account.domain == "", Account.suspended_at.is_(None))
    )
    return (await tx.execute(statement)).scalar_one_or_none()
