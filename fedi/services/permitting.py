"""Giving leave to do something with a post of somebody here, on their behalf, and taking it back.

Other servers ask before they quote (FEP-044f), and GoToSocial may ask before a Like, an answer or a boost.
The answer follows from what the author chose for the post and from whom they block; nobody waits for a
person. A leave is a row, its stamp a document that third servers fetch. What was taken back stays in the
table: the stamp is gone from then on, and asking again brings no new one.

Source: FEP-044f; https://docs.gotosocial.org/en/latest/federation/interaction_controls/.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from activitypub.activities import AnnounceRequest, LikeRequest, QuoteRequest, ReplyRequest, Request
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.models import Account, Post, PostState, Stamp
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.queries.quotes import Verdict, follows, verdict
from fedi.queries.visibility import OPEN, are_apart, can_see

__all__ = ["KINDS", "answer", "find", "give", "is_allowed", "receive_request"]

KINDS: Final[Mapping[type, str]] = {
    AnnounceRequest: "announce",
    LikeRequest: "like",
    QuoteRequest: "quote",
    ReplyRequest: "reply",
}
"""What is asked for by which request."""


async def is_allowed(tx: Tx, kind: str, *, post: Post, author: Account, requester: Account) -> bool:
    """Tell whether somebody may do something with a post of ours.

    Args:
        tx: a transaction.
        kind: one of the values of `KINDS`.
        post: a local post.
        author: who wrote it.
        requester: who wants to.
    """
    if post.state != PostState.PUBLISHED or post.reblog_of_id is not None:
        return False
    if await are_apart(tx, author.id, requester.id) or not await can_see(tx, requester.id, post):
        return False
    match kind:
        case "quote":
            follower = await follows(tx, requester.id, author.id)
            return verdict(post, author, account=requester, follows=follower) is Verdict.AUTOMATIC
        case "announce":
            return post.visibility in OPEN
    # Who can see a post may like and answer it: people here have no other setting.
    return True


async def find(tx: Tx, kind: str, *, post: Post, object_iri: str) -> Stamp | None:
    """Find the leave that was given for something, or taken back."""
    statement = select(Stamp).where(
        Stamp.kind == kind, Stamp.post_id == post.id, Stamp.object_iri == object_iri
    )
    return (await tx.execute(statement)).scalar_one_or_none()


async def give(
    ctx: Context, tx: Tx, kind: str, *, post: Post, to: Account, object_iri: str, request_iri: str
) -> Stamp | None:
    """Give leave; a second time changes nothing.

    Returns:
        The stamp, or None when it was taken back before.
    """
    now = ctx.clock()
    statement = insert(tx, Stamp).values(
        id=ctx.ids.next(),
        kind=kind,
        post_id=post.id,
        account_id=to.id,
        object_iri=object_iri,
        request_iri=request_iri,
        granted_at=now,
        created_at=now,
    )
    unique = [Stamp.kind, Stamp.post_id, Stamp.object_iri]
    await tx.execute(statement.on_conflict_do_nothing(index_elements=unique))
    stamp = await find(tx, kind, post=post, object_iri=object_iri)
    assert stamp is not None
    return stamp if stamp.revoked_at is None and stamp.account_id == to.id else None


async def receive_request(
    ctx: Context, tx: Tx, *, request: Request, requester: Account, post: Post
) -> Stamp | None:
    """Answer a request from elsewhere, and return the stamp when leave is given.

    Args:
        ctx: the context.
        tx: a writing transaction.
        request: what is asked; the caller has seen that what it is for is the requester's own.
        requester: who asks.
        post: the local post that it is about.
    """
    author = await tx.get_one(Account, post.account_id)
    kind, stamp = KINDS[type(request)], None
    if await is_allowed(tx, kind, post=post, author=author, requester=requester):
        stamp = await give(
            ctx,
            tx,
            kind,
            post=post,
            to=requester,
            object_iri=request.instrument,
            request_iri=request.id or request.instrument,
        )
    await answer(ctx, tx, request=request, requester=requester, author=author, stamp=stamp)
    return stamp


async def answer(
    ctx: Context, tx: Tx, *, request: Request, requester: Account, author: Account, stamp: Stamp | None
) -> None:
    """Send what was decided to whoever asked."""
    answer_id = ctx.ids.next()
    said = (
        translate.refuse(answer_id, request, author)
        if stamp is None
        else translate.grant(answer_id, request, stamp, author)
    )
    audience = Audience(account_ids=(requester.id,))
    await record(ctx, tx, sender=author, activity=said, audience=audience, order_on=request.instrument)
