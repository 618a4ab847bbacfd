"""May a quote be shown? The stamp behind it, fetched and compared, and what follows from that for the row.

A post may say that it quotes another, and that the other's author agreed. Neither is believed: the author's
stamp (`QuoteAuthorization`) is fetched from where the author lives and must name this author, this quote and
this post. Posts of ours are looked up in our own list of stamps, whatever the quoting post says. Somebody who
quotes themselves needs none. Everything else is kept as a quote that is not shown.

Source: FEP-044f; Mastodon GHSA-q4g8-82c5-9h33 and GHSA-8h43-rcqj-wpc6.
"""

from dataclasses import dataclass

from sqlalchemy import select

from activitypub.errors import ActivityPubError, ForbiddenError, UnreachableError
from activitypub.objects.authorization import Authorization
from activitypub.objects.note import Note
from activitypub.origin import require_same_origin
from fedi import iris
from fedi.context import Context
from fedi.db import Tx, step
from fedi.models import Account, Post, Stamp
from fedi.outbound.fetch import Budget, document
from fedi.outbound.remote import require_storable
from fedi.queries import posts as find_post
from fedi.queries.quotes import QuoteState

__all__ = ["QUOTES_MAX", "Quotation", "judge", "require_stamp", "settle", "uncount"]

QUOTES_MAX = 2
"""Posts fetched behind one that quotes: the quoted one, and what that quotes. More is shown nowhere."""

_ENDED = frozenset({QuoteState.REJECTED, QuoteState.REVOKED})
"""What the quoted author said: it stands until they say otherwise, whatever is found out later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """What is known of the quote in a post.

    Attributes:
        iri: the quoted post's id.
        post_id: the quoted post, if it is known here.
        state: whether it may be shown, and why not.
        authorization: the stamp that allows it.
        again: a server that should tell did not answer, so that it may be asked again.
    """

    iri: str
    post_id: int | None = None
    state: QuoteState = QuoteState.PENDING
    authorization: str | None = None
    again: bool = False


async def judge(ctx: Context, *, note: Note, quoted: Post, budget: Budget) -> Quotation:
    """Tell what becomes of a quote whose quoted post is known; asks the quoted author's server."""
    async with ctx.db.read() as tx:
        author = await tx.get_one(Account, quoted.account_id)
        ours = await _own_stamp(tx, quoted, note.id) if quoted.local else None
    if author.iri == note.attributed_to:
        return Quotation(iri=quoted.iri, post_id=quoted.id, state=QuoteState.ACCEPTED)
    if quoted.local:
        return _by_own_stamp(author, quoted, ours)
    stamp, state, again = note.quote_authorization, QuoteState.PENDING, False
    if stamp is not None:
        try:
            await require_stamp(
                ctx, stamp, author=author.iri, interacting=note.id, target=quoted.iri, budget=budget
            )
            state = QuoteState.ACCEPTED
        except UnreachableError:
            again = True
        except ActivityPubError:
            state = QuoteState.UNAUTHORIZED
    allowed = stamp if state == QuoteState.ACCEPTED else None
    return Quotation(iri=quoted.iri, post_id=quoted.id, state=state, authorization=allowed, again=again)


async def require_stamp(
    ctx: Context, iri: str, *, author: str, interacting: str, target: str, budget: Budget
) -> None:
    """Fetch a stamp of another server and refuse unless it allows exactly this quote.

    Args:
        ctx: the context.
        iri: the stamp's id.
        author: of the quoted post, who alone may give it.
        interacting: the quoting post.
        target: the quoted post.
        budget: what may be fetched.

    Raises:
        UnreachableError: the author's server does not answer now.
        ActivityPubError: it does not allow this.
    """
    require_storable(iri)
    require_same_origin(author, iri, target)
    async with ctx.db.read() as tx:
        if await find_post.is_tombstoned(tx, iri):
            raise ForbiddenError("it was taken back", iri=iri)
    stamp = Authorization.from_json((await document(ctx, iri, budget=budget)).data)
    if stamp.id != iri:
        raise ForbiddenError("it goes by another id", iri=iri)
    stamp.require_allows("QuoteAuthorization", author=author, interacting=interacting, target=target)


async def settle(tx: Tx, *, post: Post, quotation: Quotation | None) -> None:
    """Write what is known of the quote in a post, and count it with the quoted one when it is accepted.

    Args:
        tx: a writing transaction.
        post: the quoting post.
        quotation: None when it quotes nothing.
    """
    before = _counted(post)
    if quotation is None:
        post.quote_iri = post.quote_of_id = post.quote_state = post.quote_authorization = None
    elif not _stands(post, quotation):
        post.quote_iri, post.quote_of_id = quotation.iri, quotation.post_id
        post.quote_state, post.quote_authorization = quotation.state, quotation.authorization
    await tx.flush()
    after = _counted(post)
    if before != after:
        for post_id, change in ((before, -1), (after, 1)):
            if post_id is not None:
                await step(tx, Post, post_id, quotes_count=change)


async def uncount(tx: Tx, post: Post) -> None:
    """Take a post that goes out of the quotes of the one that it quotes."""
    if (quoted := _counted(post)) is not None:
        await step(tx, Post, quoted, quotes_count=-1)


def _stands(post: Post, quotation: Quotation) -> bool:
    """Tell whether what was known before outweighs what was found now."""
    if post.quote_iri != quotation.iri or quotation.state == QuoteState.ACCEPTED:
        return False
    if quotation.again:
        return post.quote_state is not None
    return post.quote_state in _ENDED


def _counted(post: Post) -> int | None:
    return post.quote_of_id if post.quote_state == QuoteState.ACCEPTED else None


def _by_own_stamp(author: Account, quoted: Post, stamp: Stamp | None) -> Quotation:
    if stamp is None or stamp.granted_at is None:
        return Quotation(iri=quoted.iri, post_id=quoted.id)
    if stamp.revoked_at is not None:
        return Quotation(iri=quoted.iri, post_id=quoted.id, state=QuoteState.REVOKED)
    given = iris.stamp(author.iri, stamp.id)
    return Quotation(iri=quoted.iri, post_id=quoted.id, state=QuoteState.ACCEPTED, authorization=given)


async def _own_stamp(tx: Tx, quoted: Post, quoting_iri: str) -> Stamp | None:
    statement = select(Stamp).where(
        Stamp.kind == "quote", Stamp.post_id == quoted.id, Stamp.object_iri == quoting_iri
    )
    return (await tx.execute(statement)).scalar_one_or_none()
