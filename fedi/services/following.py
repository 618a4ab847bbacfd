"""Following: asking to, agreeing, declining and ending it, between people here and elsewhere.

A follow is one row, `pending` until the other side agrees. Between two people here it is settled at once; to
and from other servers it goes as Follow, Accept, Reject and Undo, all of one pair in order, because Mastodon
takes an Undo for whatever follow of that pair it knows.

Source: ActivityPub sections 6.5, 7.5 to 7.7; Mastodon's handling of repeated Follow and late Reject.
"""

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, literal, or_, select, true

from fedi.context import Context
from fedi.db import Tx, insert, step
from fedi.errors import Refused
from fedi.models import Account, Endorsement, Follow, FollowState, HomeEntry, Post, PostState
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, Outgoing, record
from fedi.queries.visibility import are_apart
from fedi.services import listing
from fedi.services.notifying import notify, retract

__all__ = [
    "accept_request", "catch_up", "find", "follow", "receive_accept", "receive_follow", "receive_reject",
    "receive_undo_accept", "receive_undo_follow", "refuse", "reject_request", "remove_follower", "unfollow",
    "wanted_languages",
]  # fmt: skip

CATCH_UP_MAX = 40
"""Earlier posts of somebody that appear in the home timeline of who begins to follow them."""


LANGUAGES_MAX = 20
"""Languages of one follow; nobody reads more."""


async def find(tx: Tx, *, follower: Account, target: Account) -> Follow | None:
    """Find who follows, or asks to follow, whom."""
    statement = select(Follow).where(Follow.account_id == follower.id, Follow.target_id == target.id)
    return (await tx.execute(statement)).scalar_one_or_none()


async def follow(
    ctx: Context,
    tx: Tx,
    *,
    follower: Account,
    target: Account,
    show_reblogs: bool | None = None,
    notify_posts: bool | None = None,
    languages: Sequence[str] | None = None,
) -> Follow:
    """Follow somebody, here or elsewhere; doing so again only changes the three wishes.

    Args:
        ctx: the context.
        tx: a writing transaction.
        follower: a local account.
        target: whom.
        show_reblogs: whether their boosts are wanted; unchanged (at first yes) when None.
        notify_posts: whether to be told of each post; unchanged (at first no) when None.
        languages: of the posts that are wanted at home; unchanged (at first all) when None, all when empty.

    Raises:
        Refused: 403, when it is oneself, a server, somebody suspended, somebody who lives elsewhere now, or
            one of the two blocks the other.
    """
    if follower.id == target.id or (target.is_local and target.kind == "Application"):
        raise Refused(403, "This action is not allowed")
    if target.suspended_at is not None:
        raise Refused(403, "This account is suspended here")
    relation = await find(tx, follower=follower, target=target)
    if relation is None:
        if not await _is_welcome(tx, follower, target):
            raise Refused(403, "This action is not allowed")
        relation = _new(ctx, follower, target, f"{follower.iri}#follows/{secrets.token_hex(16)}")
        relation.languages = _joined(languages or ())
        tx.add(relation)
        await tx.flush()
        if target.is_local:
            await _welcome(ctx, tx, relation, follower, target)
        else:
            ask = translate.follow(relation, follower, target)
            await _send(ctx, tx, ask, sender=follower, to=target, relation=relation)
    if show_reblogs is not None:
        relation.show_reblogs = show_reblogs
    if notify_posts is not None:
        relation.notify = notify_posts
    if languages is not None:
        relation.languages = _joined(languages)
    await tx.flush()
    return relation


async def unfollow(ctx: Context, tx: Tx, *, follower: Account, target: Account) -> None:
    """Stop following, or withdraw the wish to; nothing happens when there was neither."""
    relation = await find(tx, follower=follower, target=target)
    if relation is None:
        return
    await _end(tx, relation)
    if target.is_local:
        await _retract(tx, follower, target)
    else:
        undo = translate.undo_follow(relation, follower, target)
        await _send(ctx, tx, undo, sender=follower, to=target, relation=relation)


async def accept_request(ctx: Context, tx: Tx, *, follower: Account, target: Account) -> None:
    """Agree that somebody follows a local account.

    Raises:
        Refused: 404, when they did not ask.
    """
    relation = await find(tx, follower=follower, target=target)
    if relation is None or relation.state != FollowState.PENDING:
        raise Refused(404, "Record not found")
    await _begin(tx, relation)
    await retract(tx, account_id=target.id, from_account_id=follower.id, kind="follow_request")
    if not follower.is_local:
        answer = translate.accept(ctx.ids.next(), relation, follower, target)
        await _send(ctx, tx, answer, sender=target, to=follower, relation=relation)


async def reject_request(ctx: Context, tx: Tx, *, follower: Account, target: Account) -> None:
    """Decline that somebody follows a local account.

    Raises:
        Refused: 404, when they did not ask.
    """
    relation = await find(tx, follower=follower, target=target)
    if relation is None or relation.state != FollowState.PENDING:
        raise Refused(404, "Record not found")
    await _dismiss(ctx, tx, relation, follower, target)


async def remove_follower(ctx: Context, tx: Tx, *, follower: Account, target: Account) -> None:
    """Make somebody follow a local account no longer; nothing happens when they do not."""
    relation = await find(tx, follower=follower, target=target)
    if relation is not None:
        await _dismiss(ctx, tx, relation, follower, target)


async def receive_follow(
    ctx: Context, tx: Tx, *, follower: Account, target: Account, iri: str
) -> Follow | None:
    """Take the wish of somebody elsewhere to follow a local account, and answer it if it needs no asking.

    A repeated wish is answered again: the first answer may not have arrived. Whoever is not welcome, or comes
    too late since the account lives elsewhere now, is told so, because their server would ask again.

    Args:
        ctx: the context.
        tx: a writing transaction.
        follower: a remote account.
        target: a local account.
        iri: id of their Follow, which our answer embeds.

    Returns:
        The follow, or None when it was refused.
    """
    relation = await find(tx, follower=follower, target=target)
    if relation is None and not await _is_welcome(tx, follower, target):
        await refuse(ctx, tx, follower=follower, target=target, iri=iri)
        return None
    if relation is None:
        relation = _new(ctx, follower, target, iri)
        tx.add(relation)
        await tx.flush()
        await _welcome(ctx, tx, relation, follower, target)
    else:
        relation.iri = iri
        await tx.flush()
    if relation.state == FollowState.ACCEPTED:
        answer = translate.accept(ctx.ids.next(), relation, follower, target)
        await _send(ctx, tx, answer, sender=target, to=follower, relation=relation)
    return relation


async def refuse(ctx: Context, tx: Tx, *, follower: Account, target: Account, iri: str) -> None:
    """Decline the wish of somebody elsewhere at once, without keeping it."""
    refused = _new(ctx, follower, target, iri)
    said = translate.reject(ctx.ids.next(), refused, follower, target)
    await _send(ctx, tx, said, sender=target, to=follower, relation=refused)


async def receive_accept(tx: Tx, *, relation: Follow) -> None:
    """Take the agreement of whom a local account asked to follow."""
    if relation.state == FollowState.PENDING:
        await _begin(tx, relation)


async def receive_reject(tx: Tx, *, relation: Follow) -> None:
    """Take the refusal of whom a local account asked to follow, or follows already."""
    await _end(tx, relation)


async def receive_undo_accept(tx: Tx, *, relation: Follow) -> None:
    """Take it that whom a local account follows has not agreed after all: the wish waits again."""
    await _leave(tx, relation)
    relation.state = FollowState.PENDING
    await tx.flush()


async def receive_undo_follow(tx: Tx, *, relation: Follow, follower: Account, target: Account) -> None:
    """Take it that somebody elsewhere stops following a local account."""
    await _end(tx, relation)
    await _retract(tx, follower, target)


async def _is_welcome(tx: Tx, follower: Account, target: Account) -> bool:
    """Tell whether a follow may begin; one that is there already ends by the block, not by being repeated."""
    return target.moved_to is None and not await are_apart(tx, follower.id, target.id)


def _new(ctx: Context, follower: Account, target: Account, iri: str) -> Follow:
    return Follow(
        id=ctx.ids.next(),
        account_id=follower.id,
        target_id=target.id,
        state=FollowState.PENDING,
        iri=iri,
        show_reblogs=True,
        notify=False,
        languages="",
        created_at=ctx.clock(),
    )


async def _welcome(ctx: Context, tx: Tx, relation: Follow, follower: Account, target: Account) -> None:
    """Settle a fresh wish to follow a local account: at once, or by asking them."""
    if target.locked or follower.silenced_at is not None:  # who is limited is asked about
        kind = "follow_request"
    else:
        kind = "follow"
        await _begin(tx, relation)
    await notify(ctx, tx, account_id=target.id, from_account_id=follower.id, kind=kind)


async def _dismiss(ctx: Context, tx: Tx, relation: Follow, follower: Account, target: Account) -> None:
    await _end(tx, relation)
    await _retract(tx, follower, target)
    if not follower.is_local:
        answer = translate.reject(ctx.ids.next(), relation, follower, target)
        await _send(ctx, tx, answer, sender=target, to=follower, relation=relation)


async def _begin(tx: Tx, relation: Follow) -> None:
    relation.state = FollowState.ACCEPTED
    await tx.flush()
    await _count(tx, relation, 1)
    await catch_up(tx, relation)
    await listing.catch_up(tx, owner_id=relation.account_id, member_id=relation.target_id)


async def _end(tx: Tx, relation: Follow) -> None:
    await _leave(tx, relation)
    # Only who is followed can be on a list, or be shown on a profile.
    await listing.drop(tx, owner_id=relation.account_id, member_id=relation.target_id)
    shown = (Endorsement.account_id == relation.account_id, Endorsement.target_id == relation.target_id)
    await tx.execute(delete(Endorsement).where(*shown))
    await tx.delete(relation)
    await tx.flush()


async def _leave(tx: Tx, relation: Follow) -> None:
    """Take a follow out of the counters, and the posts that it brought out of the home timeline."""
    if relation.state == FollowState.ACCEPTED:
        await _count(tx, relation, -1)
    theirs = select(Post.id).where(Post.account_id == relation.target_id)
    await tx.execute(
        delete(HomeEntry).where(HomeEntry.account_id == relation.account_id, HomeEntry.post_id.in_(theirs))
    )


async def _count(tx: Tx, relation: Follow, change: int) -> None:
    changes = {relation.account_id: "following_count", relation.target_id: "followers_count"}
    # In the order of ids: PostgreSQL ends one of two people who follow one another at the same moment.
    for account_id in sorted(changes):
        await step(tx, Account, account_id, **{changes[account_id]: change})


async def catch_up(tx: Tx, relation: Follow) -> None:
    """Put the last posts of the followed into the follower's home timeline, if they live here.

    Nothing happens when they are on an exclusive list of the follower's.
    """
    lives_here = select(Account.id).where(
        Account.id == relation.account_id,
        Account.domain == "",
        Account.id.not_in(listing.keeping_from_home(relation.target_id)),
    )
    if (await tx.execute(lives_here)).first() is None:
        return
    earlier = (
        select(literal(relation.account_id).label("account_id"), Post.id.label("post_id"))
        .where(
            Post.account_id == relation.target_id,
            Post.state == PostState.PUBLISHED,
            Post.visibility.in_(("public", "unlisted", "private")),
            or_(Post.in_reply_to_iri.is_(None), Post.in_reply_to_account_id == relation.target_id),
            _in_wanted_language(relation),
        )
        .order_by(Post.id.desc())
        .limit(CATCH_UP_MAX)
    )
    await tx.execute(
        insert(tx, HomeEntry)
        .from_select(["account_id", "post_id"], earlier)
        .on_conflict_do_nothing(index_elements=[HomeEntry.account_id, HomeEntry.post_id])
    )


def wanted_languages(relation: Follow) -> list[str]:
    """Return the languages of the posts that are wanted; none means all."""
    return [code for code in relation.languages.split("|") if code]


def _joined(languages: Sequence[str]) -> str:
    """Write languages as the row has them, by their first part: who reads English reads Canadian English."""
    first = dict.fromkeys(code.strip().partition("-")[0].lower() for code in languages)
    codes = [code for code in first if code.isascii() and code.isalpha()][:LANGUAGES_MAX]
    return f"|{'|'.join(codes)}|" if codes else ""


def _in_wanted_language(relation: Follow) -> ColumnElement[bool]:
    codes = wanted_languages(relation)
    if not codes:
        return true()
    ways = [Post.language.ilike(way) for code in codes for way in (code, f"{code}-%")]
    return or_(Post.language.is_(None), *ways)


async def _retract(tx: Tx, follower: Account, target: Account) -> None:
    for kind in ("follow", "follow_request"):
        await retract(tx, account_id=target.id, from_account_id=follower.id, kind=kind)


async def _send(
    ctx: Context, tx: Tx, activity: Outgoing, *, sender: Account, to: Account, relation: Follow
) -> None:
    order_on = f"follow|{relation.account_id}|{relation.target_id}"
    await record(
        ctx, tx, sender=sender, activity=activity, audience=Audience(account_ids=(to.id,)), order_on=order_on
    )
