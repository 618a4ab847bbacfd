"""How polls stand and end: what is told of ours, and what is asked of others'.

Jobs do both, so that a thousand votes make one message and the end of a poll is told whoever is awake.
Another server's poll is read again where it lives when somebody here looks at it or its end has come; what
cannot be read then is left as it was, since nobody waits for it.
"""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import update

from activitypub.errors import ActivityPubError
from activitypub.objects.note import Note
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Poll, Post
from fedi.outbound import translate
from fedi.outbound.fetch import Budget, document
from fedi.outbound.outbox import record
from fedi.queries import polls as find
from fedi.queries import posts as find_post
from fedi.services import polling, revising
from fedi.services.reaching import everyone_who_has

__all__ = ["close", "refresh_if_stale", "tell"]

STALE_S = 60.0
"""Between two looks at another server's poll, in seconds; Mastodon's pause."""

REFRESH_DEADLINE_S = 5.0
"""For the answer of that server while somebody waits for the poll, in seconds."""

REFRESH_FETCHES = 3
"""Requests of one such look: the post, and its author's actor when it is stale."""

log = get(__name__)


async def tell(ctx: Context, job: queue.Claim) -> None:
    """Tell everyone who has a poll of ours how it stands."""
    async with ctx.db.write() as tx:
        post = await find_post.by_id(tx, job.payload["post_id"])
        poll = await find.by_post(tx, post.id) if post is not None else None
        poll = await find.by_id(tx, poll.id, lock=True) if poll is not None else None
        # Its end is told in a moment by itself.
        if post is not None and poll is not None and not find.is_over(poll, ctx.clock()):
            await _announce(ctx, tx, post)
        await queue.finish(tx, job)


async def close(ctx: Context, job: queue.Claim) -> None:
    """End a poll whose time has come, and tell those whom it concerns."""
    async with ctx.db.read() as tx:
        poll = await find.by_id(tx, job.payload["poll_id"])
        post = await find_post.by_id(tx, poll.post_id) if poll is not None else None
    if poll is not None and post is not None and not post.local:
        await _refresh(ctx, post)
    async with ctx.db.write() as tx:
        poll = await find.by_id(tx, job.payload["poll_id"], lock=True)
        # An edit may have given it more time; then another job waits for that.
        if poll is not None and find.is_over(poll, ctx.clock()):
            post = await tx.get_one(Post, poll.post_id)
            if post.local and poll.closed_at is None:
                poll.closed_at = ctx.clock()
                await tx.flush()
                await _announce(ctx, tx, post)
            await polling.tell_end(ctx, tx, post=post, poll=poll)
        await queue.finish(tx, job)


async def refresh_if_stale(ctx: Context, poll_id: int) -> None:
    """Read another server's poll again before it is shown, unless that was done a moment ago.

    Opens its own transactions. One that was read after its end does not change any more.
    """
    now = ctx.clock()
    async with ctx.db.read() as tx:
        poll = await find.by_id(tx, poll_id)
        post = await find_post.by_id(tx, poll.post_id) if poll is not None else None
    if poll is None or post is None or post.local:
        return
    read_at = poll.fetched_at
    if read_at is not None:
        final = find.is_over(poll, read_at)
        if final or now - read_at < timedelta(seconds=STALE_S):
            return
    async with ctx.db.write() as tx:  # whoever comes second does not ask as well, and no failure is repeated
        mine = update(Poll).where(Poll.id == poll_id, Poll.fetched_at == read_at).values(fetched_at=now)
        if (await tx.execute(mine.returning(Poll.id))).first() is None:
            return
    await _refresh(ctx, post, deadline_s=REFRESH_DEADLINE_S)


async def _refresh(ctx: Context, post: Post, *, deadline_s: float = 30.0) -> None:
    """Read a post again where it lives, and take over what it tells."""
    try:
        budget = Budget(REFRESH_FETCHES)
        data = (await document(ctx, post.iri, budget=budget, deadline_s=deadline_s)).data
        note = Note.from_json(data)
    except ActivityPubError as trouble:
        log.info("poll_not_refreshed", iri=post.iri, error=str(trouble))
        return
    async with ctx.db.write() as tx:
        author = await tx.get_one(Account, post.account_id)
        if note.id == post.iri and note.attributed_to == author.iri:
            with suppress(ActivityPubError):
                await revising.update_note(ctx, tx, author=author, note=note)


async def _announce(ctx: Context, tx: Tx, post: Post) -> None:
    view = await find_post.load_one(tx, post.id)
    assert view is not None
    audience = await everyone_who_has(tx, post, with_words=True)
    said = translate.as_update_of_tallies(translate.update(view, ctx.settings), ctx.clock())
    await record(ctx, tx, sender=view.account, activity=said, audience=audience, order_on=post.iri)
