"""Accept: somebody elsewhere agrees to be followed, or to be quoted, by somebody here.

It counts only from the one who was asked, and only for a wish that we sent: `find_ours` finds it by the id of
our Follow or, where the other side lost it, by the two people; `find_quote` by the id of our request, or by
the quoting post. A leave to quote is worth what its stamp says, which is fetched first.
"""

from sqlalchemy import select

from activitypub.activities import Accept, Follow, QuoteRequest, Reject
from activitypub.errors import ForbiddenError
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account, Post
from fedi.models import Follow as Relation
from fedi.outbound import quotations
from fedi.queries import accounts as find_account
from fedi.queries import quotes
from fedi.services import following, quoting

__all__ = ["find_ours", "find_quote", "handle"]


async def handle(ctx: Context, received: Received[Accept]) -> Effect:
    """Take the agreement to a Follow or a QuoteRequest of ours."""
    activity = received.activity
    if (quoting_post := await find_quote(ctx, activity)) is not None:
        return await _quote(ctx, received, quoting_post)

    async def effect(tx: Tx) -> None:
        await following.receive_accept(tx, relation=await find_ours(tx, activity))

    return effect


async def _quote(ctx: Context, received: Received[Accept], post: Post) -> Effect:
    activity = received.activity
    if activity.result is None:
        raise ForbiddenError("a leave to quote without a stamp", iri=activity.id)
    assert post.quote_iri is not None, "it was found by what it quotes"
    stamp = activity.result
    await quotations.require_stamp(
        ctx, stamp, author=activity.actor, interacting=post.iri, target=post.quote_iri, budget=received.budget
    )

    async def effect(tx: Tx) -> None:
        held = await tx.get(Post, post.id)
        if held is None or held.quote_iri != post.quote_iri:
            raise Ignored("the post was deleted or changed since")
        await quoting.receive_accept(ctx, tx, post=held, stamp_iri=stamp)

    return effect


async def find_quote(ctx: Context, activity: Accept | Reject) -> Post | None:
    """Find the post of ours that an answer to a QuoteRequest is about; None when it is about something else.

    Raises:
        ForbiddenError: somebody else than the quoted author answers.
        MalformedError: the embedded activity cannot be read.
    """
    inner = activity.inner()
    instrument = inner.instrument if isinstance(inner, QuoteRequest) else None
    post_id = iris.requested_post_id(ctx.settings, activity.object_id or "")
    if post_id is None and instrument is None:
        return None
    async with ctx.db.read() as tx:
        post = await quotes.requested(tx, post_id=post_id, note_iri=instrument)
        if post is None or post.quote_of_id is None:
            raise Ignored("an answer to a question that we did not ask")
        quoted = await tx.get(Post, post.quote_of_id)
        author = await tx.get(Account, quoted.account_id) if quoted is not None else None
    if author is None or author.iri != activity.actor:
        raise ForbiddenError("only the quoted author answers for a quote", iri=activity.actor)
    return post


async def find_ours(tx: Tx, activity: Accept | Reject) -> Relation:
    """Find the follow that an answer is about: from somebody here, to the one who answers.

    Raises:
        Ignored: there is none.
        MalformedError: the embedded activity cannot be read.
    """
    target = await find_account.by_iri(tx, activity.actor)
    if target is None:
        raise Ignored("nobody here asked to follow this actor")
    ours = (
        select(Relation)
        .join(Account, Account.id == Relation.account_id)
        .where(Relation.target_id == target.id, Account.domain == "")
    )
    inner = activity.inner()
    found = None
    if activity.object_id is not None:
        found = (await tx.execute(ours.where(Relation.iri == activity.object_id))).scalar_one_or_none()
    if found is None and isinstance(inner, Follow) and inner.object_id == activity.actor:
        found = (await tx.execute(ours.where(Account.iri == inner.actor))).scalar_one_or_none()
    if found is None:
        raise Ignored("an answer to a question that we did not ask")
    return found
