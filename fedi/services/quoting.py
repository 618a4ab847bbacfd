"""Quoting a post with its author's leave, from both sides, and the end of it.

Somebody here who quotes a post of another server asks its author (QuoteRequest), and the quote stays pending
until a stamp has come and been verified; posts of this server are decided at once. In the other direction a
request is answered by what the author chose (`permitting`). Either side's quote ends when the author takes
the stamp back. What changes about a quoting post of ours is told to everyone who has it.

Source: FEP-044f; Mastodon's documentation, "Implementing quote posts".
"""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from activitypub.errors import ActivityPubError, UnreachableError
from activitypub.objects.note import Note
from fedi import iris
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Login, Post, PostState, Stamp
from fedi.outbound import quotations, resolve, translate
from fedi.outbound.fetch import Budget, document
from fedi.outbound.outbox import Audience, record
from fedi.outbound.quotations import Quotation
from fedi.queries import posts as find
from fedi.queries import quotes
from fedi.queries.quotes import QuoteState, Verdict
from fedi.queries.visibility import OPEN, can_see
from fedi.services import permitting
from fedi.services.notifying import notify, retract
from fedi.services.reaching import everyone_who_has

__all__ = [
    "Proposal", "ask", "attach", "policy_for", "propose", "receive_accept", "receive_grant",
    "receive_quotation", "receive_reject", "receive_revocation", "revoke", "run", "set_policy",
    "tell_quoters",
]  # fmt: skip

log = get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A quote that somebody here may make.

    Attributes:
        post: the quoted post.
        author: who wrote it.
        visibility: what the quoting post may have: that of a private post is not wider.
    """

    post: Post
    author: Account
    visibility: str


async def propose(
    tx: Tx, *, author: Account, quoted_id: int | None, visibility: str, named: Collection[int]
) -> Proposal | None:
    """Return the quote that a new post is to make; None when it quotes nothing.

    Args:
        tx: a transaction.
        author: who quotes, a local account.
        quoted_id: the post to quote; of a boost the boosted one is meant.
        visibility: of the quoting post.
        named: whom it is addressed to.

    Raises:
        Refused: 404 or 422 with a sentence for the person.
    """
    if quoted_id is None:
        return None
    post = await find.by_id(tx, quoted_id)
    if post is not None and post.reblog_of_id is not None:
        post = await find.by_id(tx, post.reblog_of_id)
    if post is None or post.state != PostState.PUBLISHED or not await can_see(tx, author.id, post):
        raise Refused(404, "The post that this quotes does not exist.")
    quoted = await tx.get_one(Account, post.account_id)
    follows = await quotes.follows(tx, author.id, quoted.id)
    allowed = quotes.verdict(post, quoted, account=author, follows=follows)
    if allowed not in {Verdict.AUTOMATIC, Verdict.MANUAL}:
        raise Refused(422, "The author of that post does not let it be quoted by you.")
    if visibility == "direct" and quoted.id not in {author.id, *named}:
        raise Refused(422, "A direct message can quote only whom it is addressed to.")
    if post.visibility not in OPEN and visibility in OPEN:
        visibility = post.visibility
    return Proposal(post=post, author=quoted, visibility=visibility)


async def policy_for(tx: Tx, author: Account, visibility: str, word: str | None) -> dict[str, Any]:
    """Return what a new post says about quotes: what is asked for, or else what its author usually chooses.

    Raises:
        Refused: 422, when the word is none of Mastodon's.
    """
    if word is None:
        login = await tx.get(Login, author.id)
        word = login.default_quote_policy if login is not None else "public"
    elif word not in quotes.POLICIES:
        raise Refused(422, f"Quote approval policy must be one of {', '.join(quotes.POLICIES)}.")
    return quotes.policy(word, author, visibility)


async def attach(ctx: Context, tx: Tx, *, post: Post, author: Account, proposal: Proposal) -> None:
    """Write into a new post of ours what it quotes; a stamp of an author here comes with it.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the quoting post, which has not gone out yet.
        author: who wrote it.
        proposal: from `propose`.
    """
    made = Quotation(iri=proposal.post.iri, post_id=proposal.post.id)
    if proposal.author.id == author.id:
        made = dataclasses.replace(made, state=QuoteState.ACCEPTED)
    elif proposal.author.is_local:
        asked = iris.quote_request(author.iri, post.id)
        stamp = await permitting.give(
            ctx, tx, "quote", post=proposal.post, to=author, object_iri=post.iri, request_iri=asked
        )
        assert stamp is not None, "a new post has no stamp that could have been taken back"
        given = iris.stamp(proposal.author.iri, stamp.id)
        made = dataclasses.replace(made, state=QuoteState.ACCEPTED, authorization=given)
    await quotations.settle(tx, post=post, quotation=made)
    if made.state == QuoteState.ACCEPTED:
        await _tell_quoted(ctx, tx, quoting=post, quoted=proposal.post)


async def ask(ctx: Context, tx: Tx, *, post: Post, author: Account, proposal: Proposal) -> None:
    """Ask an author of another server for leave; called after the post went out, which the request embeds."""
    if proposal.author.is_local:
        return
    view = await find.load_one(tx, post.id)
    assert view is not None
    request = translate.quote_request(view, proposal.post.iri, proposal.author, ctx.settings)
    audience = Audience(account_ids=(proposal.author.id,))
    await record(ctx, tx, sender=author, activity=request, audience=audience, order_on=post.iri)


async def receive_grant(ctx: Context, tx: Tx, *, stamp: Stamp, quoting: Post, quoted: Post) -> None:
    """Show a quote by somebody elsewhere of a post here, to which leave was just given."""
    author = await tx.get_one(Account, quoted.account_id)
    given = iris.stamp(author.iri, stamp.id)
    allowed = Quotation(iri=quoted.iri, post_id=quoted.id, state=QuoteState.ACCEPTED, authorization=given)
    await quotations.settle(tx, post=quoting, quotation=allowed)
    await _tell_quoted(ctx, tx, quoting=quoting, quoted=quoted)


async def receive_quotation(ctx: Context, tx: Tx, *, post: Post, quotation: Quotation | None) -> None:
    """Take in what somebody elsewhere quotes, as found out before; ask again later where nobody answered.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the quoting post, which came in just now.
        quotation: what is known of the quote; None when there is none.
    """
    if quotation is None and post.quote_iri is None:
        return
    await quotations.settle(tx, post=post, quotation=quotation)
    if quotation is not None and quotation.again and post.quote_state == QuoteState.PENDING:
        job = queue.NewJob(
            queue="inbox", kind="quote", payload={"post_id": post.id}, dedupe_key=f"quote:{post.id}"
        )
        await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def run(ctx: Context, job: queue.Claim) -> None:
    """Find out once more about a quote whose author's server did not answer.

    Raises:
        UnreachableError: it does not answer now either; try again later.
    """
    async with ctx.db.read() as tx:
        post = await find.by_id(tx, job.payload["post_id"])
    found = None
    if post is not None and post.quote_state == QuoteState.PENDING:
        try:
            note = Note.from_json((await document(ctx, post.iri, budget=(budget := Budget()))).data)
            found = await resolve.quotation(ctx, note, budget=budget)
        except UnreachableError:
            raise
        except ActivityPubError as trouble:
            log.info("quote_not_found", iri=post.iri, error=str(trouble))
        if found is not None and found.again:
            raise UnreachableError("the quoted author's server does not answer", iri=found.iri)
    async with ctx.db.write() as tx:
        held = await find.by_id(tx, job.payload["post_id"])
        if held is not None and found is not None:
            await quotations.settle(tx, post=held, quotation=found)
        await queue.finish(tx, job)


async def receive_accept(ctx: Context, tx: Tx, *, post: Post, stamp_iri: str) -> None:
    """Take the leave for a quote of ours.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the quoting post.
        stamp_iri: the stamp, which the caller has verified.
    """
    if post.quote_authorization == stamp_iri:
        return
    await _settle(ctx, tx, post, QuoteState.ACCEPTED, stamp_iri)


async def receive_reject(ctx: Context, tx: Tx, *, post: Post) -> None:
    """Take the refusal of a quote of ours; after an Accept it ends the leave."""
    accepted = post.quote_state == QuoteState.ACCEPTED
    await _settle(ctx, tx, post, QuoteState.REVOKED if accepted else QuoteState.REJECTED, None)


async def receive_revocation(ctx: Context, tx: Tx, *, iri: str, actor_iri: str) -> bool:
    """End the quotes that rest on a stamp, if it is the quoted author who takes it back.

    Returns:
        Whether there were any.
    """
    ended = False
    for post in await quotes.stamped(tx, iri):
        author = aliased(Account)
        quoted = (
            select(author.iri).join(Post, Post.account_id == author.id).where(Post.id == post.quote_of_id)
        )
        if (await tx.execute(quoted)).scalar_one_or_none() == actor_iri:
            await _settle(ctx, tx, post, QuoteState.REVOKED, None)
            ended = True
    return ended


async def revoke(ctx: Context, tx: Tx, *, author: Account, post: Post, quoting: Post) -> None:
    """Take back the leave that somebody here gave, and tell everyone who might rely on it.

    Raises:
        Refused: 404, when the other post does not quote this one with the author's leave.
    """
    stamp = await permitting.find(tx, "quote", post=post, object_iri=quoting.iri)
    if stamp is None or stamp.revoked_at is not None or quoting.quote_of_id != post.id:
        raise Refused(404, "Record not found")
    stamp.revoked_at = ctx.clock()
    await _settle(ctx, tx, quoting, QuoteState.REVOKED, None)
    await retract(
        tx, account_id=author.id, from_account_id=quoting.account_id, kind="quote", post_id=quoting.id
    )
    holders = await everyone_who_has(tx, post, with_words=False)
    audience = dataclasses.replace(
        holders, account_ids=tuple(sorted({*holders.account_ids, quoting.account_id}))
    )
    gone = translate.revocation(stamp, post, author)
    await record(ctx, tx, sender=author, activity=gone, audience=audience, order_on=quoting.iri)


async def set_policy(ctx: Context, tx: Tx, *, author: Account, post: Post, word: str | None) -> None:
    """Choose who may quote a post from now on; None is its author's usual choice. Quotes that exist stay.

    Raises:
        Refused: 422, when the word is none of Mastodon's.
    """
    chosen = await policy_for(tx, author, post.visibility, word)
    if chosen == post.interaction_policy:
        return
    post.interaction_policy = chosen
    await tx.flush()
    await _restate(ctx, tx, post)


async def tell_quoters(ctx: Context, tx: Tx, *, post: Post) -> None:
    """Tell people here that a post which they quote was edited."""
    statement = select(Post.id, Post.account_id).where(
        Post.quote_of_id == post.id, Post.local, Post.quote_state == QuoteState.ACCEPTED
    )
    for row in (await tx.execute(statement)).all():
        await notify(
            ctx,
            tx,
            account_id=row.account_id,
            from_account_id=post.account_id,
            kind="quoted_update",
            post_id=row.id,
        )


async def _settle(ctx: Context, tx: Tx, post: Post, state: QuoteState, stamp_iri: str | None) -> None:
    assert post.quote_iri is not None, "it quotes something"
    now = Quotation(iri=post.quote_iri, post_id=post.quote_of_id, state=state, authorization=stamp_iri)
    showed = post.quote_authorization
    await quotations.settle(tx, post=post, quotation=now)
    if post.local and showed != post.quote_authorization:
        await _restate(ctx, tx, post)


async def _restate(ctx: Context, tx: Tx, post: Post) -> None:
    view = await find.load_one(tx, post.id)
    assert view is not None
    said = translate.restate(view, ctx.settings, ctx.clock())
    audience = await everyone_who_has(tx, post, with_words=True)
    await record(ctx, tx, sender=view.account, activity=said, audience=audience, order_on=post.iri)


async def _tell_quoted(ctx: Context, tx: Tx, *, quoting: Post, quoted: Post) -> None:
    await notify(
        ctx,
        tx,
        account_id=quoted.account_id,
        from_account_id=quoting.account_id,
        kind="quote",
        post_id=quoting.id,
    )
