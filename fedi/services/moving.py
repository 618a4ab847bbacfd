"""Moving: an account is continued at another one, and those who follow it follow that one.

A move counts when both sides say it: the old account announces it, and the new one names the old among its
aliases. Ours go out as `movedTo`, `alsoKnownAs` and a Move; what our own people follow is changed here, a few
at a time by a job, because a loved account may have thousands of followers. A mute or block of the old
account goes on with the new one, so that nobody shakes off either by moving.

Source: FEP-7628 (Move actor); Mastodon's `move_service` and `move_worker`.
"""

import math
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Block, Follow, FollowState, Mute
from fedi.outbound import resolve, translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import lists
from fedi.services import blocking, curating, following, muting, noting

__all__ = ["can_be_moved_to", "carry", "come_back", "move", "receive_move", "require_present", "set_aliases"]

PAUSE = timedelta(days=30)
"""Between two moves of one of ours; Mastodon's figure."""

ALIASES_MAX = 20
"""Of one of ours; nobody had more accounts before."""

AT_ONCE = 20
"""People whose follows, blocks and mutes one job carries over; each costs some ten statements."""

log = get(__name__)


def can_be_moved_to(target: Account) -> bool:
    """Tell whether an account is somebody's and in use."""
    return target.kind != "Application" and target.suspended_at is None and target.deleted_at is None


def require_present(account: Account) -> None:
    """Refuse what somebody cannot do here any more who lives elsewhere, or was suspended meanwhile.

    Raises:
        Refused: 403, when the account moved or is suspended: a picture of theirs may still be drawn.
    """
    if account.suspended_at is not None:
        raise Refused(403, "This account is suspended.")
    if account.moved_to is not None:
        raise Refused(403, "This account has moved; post from the new one, or end the move first.")


async def set_aliases(ctx: Context, tx: Tx, *, account: Account, iris: Sequence[str]) -> None:
    """Say which other accounts are the same person's, and tell followers.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        iris: ids of the others, all of them; what is missing from it is an alias no longer.

    Raises:
        Refused: 422, when they are too many or the account itself is among them.
    """
    if len(iris) > ALIASES_MAX:
        raise Refused(422, f"An account may have {ALIASES_MAX} aliases at most.")
    if account.iri in iris:
        raise Refused(422, "An account is no alias of itself.")
    account.also_known_as = list(dict.fromkeys(iris))
    await tx.flush()
    await _tell_changed(ctx, tx, account)


async def move(ctx: Context, *, account_id: int, target_iri: str) -> Account:
    """Move a local account to another one, here or elsewhere, and return that; opens its own transactions.

    Raises:
        Refused: 403 or 422 with a sentence for the person.
        ActivityPubError: the other server cannot be asked, or what it says cannot be believed.
    """
    target = await resolve.actor(ctx, target_iri, fresh=True)
    async with ctx.db.write() as tx:
        account = await tx.get_one(Account, account_id, with_for_update=True)
        now = ctx.clock()
        if account.moved_to is not None:
            raise Refused(422, "This account has moved already; end that move first.")
        if account.moved_at is not None and now - account.moved_at < PAUSE:
            raise Refused(422, f"This account moved less than {PAUSE.days} days ago.")
        if target.id == account.id or target.moved_to is not None or not can_be_moved_to(target):
            raise Refused(422, f"Nobody can move to @{target.acct}.")
        if account.iri not in target.also_known_as:
            raise Refused(422, f"@{target.acct} must name {account.iri} as an alias first.")
        await receive_move(ctx, tx, account=account, target=target)
        await _tell_changed(ctx, tx, account)
        said = translate.move(ctx.ids.next(), account, target)
        await record(
            ctx,
            tx,
            sender=account,
            activity=said,
            audience=Audience(followers_of=account.id),
            order_on=account.iri,
        )
    return target


async def come_back(ctx: Context, tx: Tx, *, account: Account) -> None:
    """End the move of a local account: it is used again. Its followers have gone, and the pause goes on."""
    if account.moved_to is not None:
        account.moved_to = None
        await tx.flush()
        await _tell_changed(ctx, tx, account)


async def receive_move(ctx: Context, tx: Tx, *, account: Account, target: Account) -> None:
    """Write it down that an account moved, and have what people here have to do with it follow.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: the old account.
        target: the new one; the caller has seen that both say so.
    """
    account.moved_to, account.moved_at = target.iri, ctx.clock()
    await tx.flush()
    await _carry_later(ctx, tx, account.id, target.id, after=0)


async def carry(ctx: Context, job: queue.Claim) -> None:
    """Carry over what some people here have to do with an account that moved."""
    old_id, new_id, after = (job.payload[name] for name in ("account_id", "target_id", "after"))
    async with ctx.db.write() as tx:
        old, new = await tx.get(Account, old_id), await tx.get(Account, new_id)
        if old is not None and new is not None and _still_moves(old, new):
            people = await _concerned(tx, old_id, after)
            for person in people:
                await _carry_blocks(ctx, tx, person, old, new)
                await _carry_follow(ctx, tx, person, old, new)
            if len(people) == AT_ONCE:
                await _carry_later(ctx, tx, old_id, new_id, after=people[-1].id)
        await queue.finish(tx, job)


def _still_moves(old: Account, new: Account) -> bool:
    """Tell whether a move that began goes on; the document of a remote account may lag behind its Move."""
    return can_be_moved_to(new) and (not old.is_local or old.moved_to == new.iri)


async def _concerned(tx: Tx, account_id: int, after: int) -> Sequence[Account]:
    """Return people here who follow, block or mute an account, in the order of their ids."""
    concerned = select(Follow.account_id).where(
        Follow.target_id == account_id, Follow.state == FollowState.ACCEPTED
    )
    concerned_too = [select(model.account_id).where(model.target_id == account_id) for model in (Block, Mute)]
    people = (
        select(Account)
        .where(Account.id.in_(concerned.union(*concerned_too)), Account.domain == "", Account.id > after)
        .order_by(Account.id)
        .limit(AT_ONCE)
    )
    return (await tx.execute(people)).scalars().all()


async def _carry_follow(ctx: Context, tx: Tx, person: Account, old: Account, new: Account) -> None:
    relation = await following.find(tx, follower=person, target=old)
    if relation is None:
        return
    holding = await lists.holding(tx, person.id, old.id)
    try:
        await following.follow(
            ctx,
            tx,
            follower=person,
            target=new,
            show_reblogs=relation.show_reblogs,
            notify_posts=relation.notify,
            languages=following.wanted_languages(relation),
        )
        for one in holding:
            await curating.add(ctx, tx, found=one, account_ids=[new.id])
        await noting.carry(ctx, tx, account=person, old=old, new=new)
    except Refused as refusal:  # it is themselves, or they block the new account
        log.info("follow_not_carried", follower=person.acct, target=new.acct, why=refusal.why)
    await following.unfollow(ctx, tx, follower=person, target=old)


async def _carry_blocks(ctx: Context, tx: Tx, person: Account, old: Account, new: Account) -> None:
    """Block or mute the new account as the old one is, unless it is followed: then it is known."""
    if person.id == new.id or await following.find(tx, follower=person, target=new) is not None:
        return
    if await blocking.find(tx, account=person, target=old) is not None:
        await blocking.block(ctx, tx, account=person, target=new)
    muted = await muting.find(tx, account=person, target=old)
    if muted is not None and await muting.find(tx, account=person, target=new) is None:
        left_s = (muted.expires_at - ctx.clock()).total_seconds() if muted.expires_at is not None else 0
        await muting.mute(
            ctx,
            tx,
            account=person,
            target=new,
            notifications=muted.notifications,
            duration_s=math.ceil(left_s) if left_s > 0 else int(muted.expires_at is not None),
        )


async def _carry_later(ctx: Context, tx: Tx, account_id: int, target_id: int, *, after: int) -> None:
    payload = {"account_id": account_id, "target_id": target_id, "after": after}
    job = queue.NewJob(queue="default", kind="carry", payload=payload)
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def _tell_changed(ctx: Context, tx: Tx, account: Account) -> None:
    said = translate.update_actor(account, ctx.settings, ctx.clock())
    audience = Audience(followers_of=account.id)
    await record(ctx, tx, sender=account, activity=said, audience=audience, order_on=account.iri)
