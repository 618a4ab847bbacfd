"""Suspending and limiting single accounts, here and elsewhere, and taking it back.

Whoever is suspended is as if not there: `queries.visibility` hides what they wrote, and they do nothing here.
Somebody who lives here is signed out everywhere, and their followers' servers get the actor as it is served
from then on, marked and otherwise empty. Somebody elsewhere loses the follows with people here, both ways,
and their server is told so, because it would go on showing them what comes in for others. Whoever is limited
goes on for their followers (`queries.limited`).

A suspension that a rule about a server made belongs to that rule (`domain_rules`), one that their own server
made to that server (`outbound.remote`): their follows stay, since it may end.

Source: Mastodon's documentation, "Moderation actions"; its `suspend_account_service`.
"""

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Follow
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.services import auditing, authorizing, following, severing

__all__ = ["end_follow", "limit", "suspend", "unlimit", "unsuspend"]


async def suspend(
    ctx: Context, tx: Tx, *, account: Account, by: Account | None = None, reason: str = ""
) -> None:
    """Suspend an account; a suspension by a rule becomes one of its own, which outlives the rule.

    Raises:
        Refused: 422, when it is this server's own actor.
    """
    _require_person(account)
    is_new = account.suspended_at is None or account.suspended_by_origin
    account.suspended_at = account.suspended_at or ctx.clock()
    account.suspended_by_rule = account.suspended_by_origin = False
    await auditing.record(ctx, tx, action="account.suspend", target=account.acct, by=by, reason=reason)
    if not is_new:
        return
    if account.is_local:
        await authorizing.forget_everything(ctx, tx, account_id=account.id)
        await _publish(ctx, tx, account)
    else:
        await severing.tell(ctx, tx, kind="account_suspension", gone=[account.id], name=account.acct)
        await _sever(ctx, tx, account)


async def unsuspend(
    ctx: Context, tx: Tx, *, account: Account, by: Account | None = None, reason: str = ""
) -> None:
    """Take a suspension back; follows that it ended stay ended.

    Raises:
        Refused: 422, when it is not suspended, its server is, its server did it, or it was deleted.
    """
    if account.deleted_at is not None:
        raise Refused(422, f"@{account.acct} was deleted.")
    if account.suspended_at is None:
        raise Refused(422, f"@{account.acct} is not suspended.")
    if account.suspended_by_rule:
        raise Refused(422, f"@{account.acct} is suspended because {account.domain} is; remove that rule.")
    if account.suspended_by_origin:
        raise Refused(422, f"@{account.acct} is suspended by {account.domain}, not here.")
    account.suspended_at = None
    await auditing.record(ctx, tx, action="account.unsuspend", target=account.acct, by=by, reason=reason)
    if account.is_local:
        await _publish(ctx, tx, account)


async def limit(
    ctx: Context, tx: Tx, *, account: Account, by: Account | None = None, reason: str = ""
) -> None:
    """Show an account to its followers only; a limit by a rule becomes one of its own.

    Raises:
        Refused: 422, when it is this server's own actor.
    """
    _require_person(account)
    account.silenced_at = account.silenced_at or ctx.clock()
    account.silenced_by_rule = False
    await auditing.record(ctx, tx, action="account.limit", target=account.acct, by=by, reason=reason)


async def unlimit(
    ctx: Context, tx: Tx, *, account: Account, by: Account | None = None, reason: str = ""
) -> None:
    """Show an account to everyone again.

    Raises:
        Refused: 422, when it is not limited, or its server is.
    """
    if account.silenced_at is None:
        raise Refused(422, f"@{account.acct} is not limited.")
    if account.silenced_by_rule:
        raise Refused(422, f"@{account.acct} is limited because {account.domain} is; remove that rule.")
    account.silenced_at = None
    await auditing.record(ctx, tx, action="account.unlimit", target=account.acct, by=by, reason=reason)


async def end_follow(tx: Tx, relation: Follow, *, follower: Account, target: Account) -> None:
    """End a follow between somebody here and somebody suspended, and say nothing to anyone."""
    if follower.is_local:
        await following.receive_reject(tx, relation=relation)
    else:
        await following.receive_undo_follow(tx, relation=relation, follower=follower, target=target)


async def _sever(ctx: Context, tx: Tx, account: Account) -> None:
    """End all follows of somebody elsewhere with people here, and tell their server."""
    other = aliased(Account)
    rows = await tx.execute(
        select(Follow, other)
        .join(
            other,
            or_(
                (Follow.account_id == account.id) & (other.id == Follow.target_id),
                (Follow.target_id == account.id) & (other.id == Follow.account_id),
            ),
        )
        .where(or_(Follow.account_id == account.id, Follow.target_id == account.id), other.domain == "")
        .order_by(Follow.id)
    )
    for relation, ours in rows.all():
        is_follower = relation.account_id == account.id
        follower, target = (account, ours) if is_follower else (ours, account)
        said = (
            translate.reject(ctx.ids.next(), relation, follower, target)
            if is_follower
            else translate.undo_follow(relation, follower, target)
        )
        await end_follow(tx, relation, follower=follower, target=target)
        # To the inbox itself: as an account they get nothing any more.
        await record(
            ctx,
            tx,
            sender=ours,
            activity=said,
            audience=Audience(inboxes=(account.inbox,)),
            order_on=f"follow|{relation.account_id}|{relation.target_id}",
        )


async def _publish(ctx: Context, tx: Tx, account: Account) -> None:
    """Tell the followers' servers how a local account stands now."""
    said = translate.update_actor(account, ctx.settings, ctx.clock())
    await record(
        ctx,
        tx,
        sender=account,
        activity=said,
        audience=Audience(followers_of=account.id),
        order_on=account.iri,
    )


def _require_person(account: Account) -> None:
    if account.is_local and account.kind == "Application":
        raise Refused(422, "This server itself cannot be suspended or limited.")
