"""Polls: asking, voting, counting.

A vote is a row that exists once per voter and option, and in a poll with one choice once per voter; the
figures of our own polls come from these rows alone, whatever another server claims. A poll is locked while
it is voted in, so that two votes at once are both counted and none twice.

Source: Mastodon's polls (limits, wording of refusals); `threats.md` names vote floods and late votes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from activitypub.errors import ForbiddenError
from fedi import iris
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Poll, PollVote, Post
from fedi.outbound import indexing, translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import polls as find
from fedi.queries.visibility import can_see
from fedi.services.notifying import notify

__all__ = [
    "DURATION_S_MAX", "DURATION_S_MIN", "OPTIONS_MAX", "OPTION_CHARACTERS_MAX", "NewPoll", "ask", "change",
    "check", "close_later", "receive_votes", "tell_end", "vote",
]  # fmt: skip

OPTIONS_MIN = 2
OPTIONS_MAX = 4
"""Options of a poll of ours, as on Mastodon: clients lay out no more."""

OPTION_CHARACTERS_MAX = 50
"""Of one option, as on Mastodon."""

DURATION_S_MIN = 300
DURATION_S_MAX = 2_629_746
"""How long a poll may run, in seconds: five minutes to a month, as on Mastodon."""

TALLIES_PAUSE_S = 180.0
"""After a vote until everyone is told how the poll stands, in seconds: one message for many votes."""

REMOTE_END_PAUSE_S = 300.0
"""After the end of somebody else's poll until we ask how it ended, in seconds: their server tells most of it
by itself until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPoll:
    """What a person wants to ask.

    Attributes:
        options: the answers to choose from.
        expires_in_s: how long votes are taken, in seconds.
        multiple: a voter may choose several.
        hide_totals: nobody sees how it stands before it is over.
    """

    options: Sequence[str]
    expires_in_s: int
    multiple: bool = False
    hide_totals: bool = False


def check(new: NewPoll) -> None:
    """Refuse a poll that cannot be asked.

    Raises:
        Refused: 422, with Mastodon's sentence for the person.
    """
    options = _trimmed(new.options)
    trouble = None
    if len(options) < OPTIONS_MIN:
        trouble = "Poll options must be more than one item"
    elif len(options) > OPTIONS_MAX:
        trouble = f"Poll options can't contain more than {OPTIONS_MAX} items"
    elif max(map(len, options)) > OPTION_CHARACTERS_MAX:
        trouble = f"Poll options cannot be longer than {OPTION_CHARACTERS_MAX} characters each"
    elif len(set(options)) < len(options):
        trouble = "Poll options contain duplicate items"
    elif new.expires_in_s < DURATION_S_MIN:
        trouble = "Expires at is too soon"
    elif new.expires_in_s > DURATION_S_MAX:
        trouble = "Expires at is too far into the future"
    if trouble is not None:
        raise Refused(422, f"Validation failed: {trouble}")


async def ask(ctx: Context, tx: Tx, *, post: Post, new: NewPoll) -> Poll:
    """Write the poll of a new post of ours, which was checked.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: written already.
        new: the poll.
    """
    options = _trimmed(new.options)
    poll = Poll(
        id=ctx.ids.next(),
        post_id=post.id,
        options=options,
        tallies=[0] * len(options),
        multiple=new.multiple,
        hide_totals=new.hide_totals,
        voters_count=0,
        expires_at=ctx.clock() + timedelta(seconds=new.expires_in_s),
    )
    tx.add(poll)
    await tx.flush()
    await close_later(ctx, tx, poll, is_local=True)
    return poll


async def change(ctx: Context, tx: Tx, *, post: Post, new: NewPoll | None) -> None:
    """Put another poll in the place of a post's, or take it away; other options begin with no votes.

    The time that it runs begins anew, as on Mastodon.
    """
    poll = await find.by_post(tx, post.id)
    if new is None:
        if poll is not None:
            await tx.delete(poll)
            await tx.flush()
        return
    check(new)
    if poll is None:
        await ask(ctx, tx, post=post, new=new)
        return
    poll = await find.by_id(tx, poll.id, lock=True)
    assert poll is not None, "it hangs on the post, which is locked"
    options = _trimmed(new.options)
    if poll.options != options or poll.multiple != new.multiple:
        await tx.execute(delete(PollVote).where(PollVote.poll_id == poll.id))
        poll.tallies, poll.voters_count = [0] * len(options), 0
    poll.options, poll.multiple, poll.hide_totals = options, new.multiple, new.hide_totals
    poll.expires_at, poll.closed_at = ctx.clock() + timedelta(seconds=new.expires_in_s), None
    await tx.flush()
    await close_later(ctx, tx, poll, is_local=True)


async def vote(
    ctx: Context, tx: Tx, *, account: Account, post: Post, poll: Poll, choices: Sequence[int]
) -> None:
    """Vote, as somebody here; in a poll with several choices more may be added later.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        post: the poll's post.
        poll: the poll.
        choices: the places of the options, from 0.

    Raises:
        Refused: 404 when the account may not see the post, else 422 with Mastodon's sentence.
    """
    locked = await find.by_id(tx, poll.id, lock=True)
    if locked is None or not await can_see(tx, account.id, post):
        raise Refused(404, "Record not found")
    chosen = list(dict.fromkeys(choices))
    before = (await find.choices(tx, [locked.id], account.id)).get(locked.id, ())
    trouble = _trouble(locked, chosen, before)
    if find.is_over(locked, ctx.clock()):
        trouble = "The poll has already ended"
    elif post.account_id == account.id:
        trouble = "You cannot vote in your own polls"
    if trouble is not None:
        raise Refused(422, f"Validation failed: {trouble}")
    author = await tx.get_one(Account, post.account_id)
    await indexing.remember(tx, post)
    for choice in chosen:
        row = await _cast(ctx, tx, poll_id=locked.id, voter=account, choice=choice, iri=None)
        if row is not None and not author.is_local:
            said = translate.vote(
                row, account, option=locked.options[choice], question=post.iri, author=author.iri
            )
            audience = Audience(account_ids=(author.id,))
            await record(ctx, tx, sender=account, activity=said, audience=audience, order_on=row.iri)
    _count(locked, chosen, is_new_voter=not before)
    await tx.flush()
    if author.is_local:
        await _tell_later(ctx, tx, locked)
    else:
        await close_later(ctx, tx, locked, is_local=False)


async def receive_votes(
    ctx: Context, tx: Tx, *, voter: Account, post: Post, votes: Sequence[tuple[str, str]]
) -> int:
    """Count votes of somebody elsewhere in a poll of ours; what they chose before is not counted again.

    Args:
        ctx: the context.
        tx: a writing transaction.
        voter: a remote account, which is sure to have voted.
        post: the poll's post.
        votes: texts of options, each with the id of its vote.

    Returns:
        How many were counted.

    Raises:
        ForbiddenError: there is no poll of ours, it is over, or it is not for them.
    """
    poll = await find.by_post(tx, post.id) if post.local else None
    poll = await find.by_id(tx, poll.id, lock=True) if poll is not None else None
    if poll is None:
        raise ForbiddenError("it is no vote in a poll of ours", iri=post.iri)
    if not await can_see(tx, voter.id, post):
        raise ForbiddenError("the poll is not for them", iri=post.iri)
    if find.is_over(poll, ctx.clock()):
        raise ForbiddenError("the poll is over", iri=post.iri)
    before = (await find.choices(tx, [poll.id], voter.id)).get(poll.id, ())
    counted: list[int] = []
    for name, iri in votes:
        if name not in poll.options or (not poll.multiple and (before or counted)):
            continue
        choice = poll.options.index(name)
        if choice in before or choice in counted:
            continue
        if await _cast(ctx, tx, poll_id=poll.id, voter=voter, choice=choice, iri=iri) is not None:
            counted.append(choice)
    if counted:
        _count(poll, counted, is_new_voter=not before)
        await tx.flush()
        await _tell_later(ctx, tx, poll)
    return len(counted)


async def close_later(ctx: Context, tx: Tx, poll: Poll, *, is_local: bool) -> None:
    """Have the end of a poll told when it comes; of others' polls only those are awaited in which we vote."""
    if poll.expires_at is None:
        return
    due = poll.expires_at if is_local else poll.expires_at + timedelta(seconds=REMOTE_END_PAUSE_S)
    job = queue.NewJob(
        queue="default" if is_local else "inbox",  # somebody else's is asked over the network
        kind="poll_close",
        payload={"poll_id": poll.id},
        run_at=due,
        dedupe_key=f"poll-close:{poll.id}:{int(due.timestamp() * 1000)}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def tell_end(ctx: Context, tx: Tx, *, post: Post, poll: Poll) -> None:
    """Tell people here that a poll of theirs, or one in which they voted, is over; each once."""
    people = await find.local_voters(tx, poll.id)
    for account_id in [post.account_id, *people] if post.local else people:
        await notify(
            ctx, tx, account_id=account_id, from_account_id=post.account_id, kind="poll", post_id=post.id
        )


def _trimmed(options: Sequence[str]) -> list[str]:
    return [trimmed for option in options if (trimmed := option.strip())]


def _trouble(poll: Poll, chosen: Sequence[int], before: Sequence[int]) -> str | None:
    """Say in Mastodon's words why these choices cannot be made after those before; None when they can."""
    if not chosen or not all(0 <= choice < len(poll.options) for choice in chosen):
        return "The chosen vote option does not exist"
    again = set(before) & set(chosen) if poll.multiple else before or len(chosen) > 1
    return "You have already voted on this poll" if again else None


async def _cast(
    ctx: Context, tx: Tx, *, poll_id: int, voter: Account, choice: int, iri: str | None
) -> PollVote | None:
    """Write one vote, under an id of ours when it has none; None when the same was there."""
    key = ctx.ids.next()
    statement = insert(tx, PollVote).values(
        id=key, poll_id=poll_id, account_id=voter.id, choice=choice,
        iri=iri or iris.vote(voter.iri, key), created_at=ctx.clock(),
    )  # fmt: skip
    unique = [PollVote.poll_id, PollVote.account_id, PollVote.choice]
    made = await tx.execute(statement.on_conflict_do_nothing(index_elements=unique).returning(PollVote.id))
    return None if made.first() is None else await tx.get_one(PollVote, key)


def _count(poll: Poll, chosen: Sequence[int], *, is_new_voter: bool) -> None:
    """Count votes that were just written; the caller holds the poll."""
    poll.tallies = [votes + chosen.count(place) for place, votes in enumerate(poll.tallies)]
    poll.voters_count += is_new_voter


async def _tell_later(ctx: Context, tx: Tx, poll: Poll) -> None:
    """Have everyone told how a poll of ours stands, soon, and once for all votes until then."""
    job = queue.NewJob(
        queue="default",
        kind="poll_tallies",
        payload={"post_id": poll.post_id},
        run_at=ctx.clock() + timedelta(seconds=TALLIES_PAUSE_S),
        dedupe_key=f"poll-tallies:{poll.id}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())
