"""Blocking: two people, or a person and a whole server, who have nothing to do with each other any more.

The row is what counts: `queries.visibility` hides the two from each other, and `following`, `interacting` and
`notifying` ask it. What a block does besides is to clear up what was there before it: follows end both ways,
and what one had of the other in timelines and notifications goes. The other server hears of the ended
follows in any case, and of the block only if the blocker wants it to.

Source: ActivityPub sections 6.9 and 7.10; Mastodon's `block_service` and `after_block_service`.
"""

from collections.abc import Sequence

from sqlalchemy import Select, delete, or_, select, union
from sqlalchemy.orm import aliased

from fedi import domains, iris
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Block, DomainBlock, Follow, HomeEntry, Login, Notification, Post
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, Outgoing, record
from fedi.queries.visibility import covers
from fedi.services import following, severing

__all__ = [
    "block", "block_domain", "find", "receive_block", "receive_undo_block", "sever", "unblock",
    "unblock_domain",
]  # fmt: skip

SEVERED_AT_ONCE = 50
"""Follows with a blocked server that one job ends: more would hold the database's only writer for long."""


async def find(tx: Tx, *, account: Account, target: Account) -> Block | None:
    """Find whether somebody blocks somebody."""
    statement = select(Block).where(Block.account_id == account.id, Block.target_id == target.id)
    return (await tx.execute(statement)).scalar_one_or_none()


async def block(ctx: Context, tx: Tx, *, account: Account, target: Account) -> Block:
    """Block somebody, here or elsewhere; a second time changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        target: whom.

    Raises:
        Refused: 403, when it is oneself, or this server.
    """
    if account.id == target.id or (target.is_local and target.kind == "Application"):
        raise Refused(403, "This action is not allowed")
    made, is_new = await _keep(ctx, tx, account, target, None)
    if is_new:
        await following.unfollow(ctx, tx, follower=account, target=target)
        await following.remove_follower(ctx, tx, follower=target, target=account)
        await _clear(tx, account, target)
        if not target.is_local and await _tells(tx, account):
            said = translate.block(made, account, target)
            await _send(ctx, tx, said, sender=account, to=target, made=made)
    return made


async def unblock(ctx: Context, tx: Tx, *, account: Account, target: Account) -> None:
    """Block somebody no longer; nothing happens when they were not blocked."""
    made = await find(tx, account=account, target=target)
    if made is None:
        return
    undo = translate.undo_block(made, account, target)
    await tx.delete(made)
    await tx.flush()
    if not target.is_local and await _tells(tx, account):
        await _send(ctx, tx, undo, sender=account, to=target, made=made)


async def receive_block(ctx: Context, tx: Tx, *, account: Account, target: Account, iri: str) -> Block:
    """Take it that somebody elsewhere blocks a local account, who is not told.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a remote account.
        target: a local account.
        iri: id of the Block.
    """
    made, is_new = await _keep(ctx, tx, account, target, iri)
    if not is_new:
        made.iri = iri
        await tx.flush()
        return made
    # Nothing is sent: they ended the follows on their side, and want to hear nothing.
    for follower, followed in ((account, target), (target, account)):
        relation = await following.find(tx, follower=follower, target=followed)
        if relation is not None:
            await following.receive_undo_follow(tx, relation=relation, follower=follower, target=followed)
    await _clear(tx, account, target)
    return made


async def receive_undo_block(tx: Tx, *, made: Block) -> None:
    """Take it that a block by somebody elsewhere ends."""
    await tx.delete(made)
    await tx.flush()


async def block_domain(ctx: Context, tx: Tx, *, account: Account, domain: str) -> str:
    """Block a server and its subdomains; return its domain as it was understood.

    Their people are hidden at once. The follows with them are ended by a job, since there may be thousands.

    Raises:
        Refused: 422, when this is no domain, or ours.
    """
    name = domains.normal(domain)
    if any(domains.covers(name, ours) for ours in (ctx.settings.domain, ctx.settings.host)):
        raise Refused(422, "Validation failed: this server cannot be blocked")
    made = insert(tx, DomainBlock).values(
        id=ctx.ids.next(), account_id=account.id, domain=name, created_at=ctx.clock()
    )
    made = made.on_conflict_do_nothing(index_elements=[DomainBlock.account_id, DomainBlock.domain])
    is_new = (await tx.execute(made.returning(DomainBlock.id))).first() is not None
    there = select(Account.id).where(covers(name, Account.domain))
    if is_new:
        gone = await _followed_or_following(tx, account.id, there)
        await severing.tell(ctx, tx, kind="user_domain_block", gone=gone, name=name, whom=account.id)
    await tx.execute(
        delete(Notification).where(
            Notification.account_id == account.id, Notification.from_account_id.in_(there)
        )
    )
    await _sever_later(ctx, tx, account.id, name)
    return name


async def unblock_domain(tx: Tx, *, account: Account, domain: str) -> None:
    """Block a server no longer; nothing happens when it was not blocked.

    Raises:
        Refused: 422, when this is no domain.
    """
    name = domains.normal(domain)
    await tx.execute(
        delete(DomainBlock).where(DomainBlock.account_id == account.id, DomainBlock.domain == name)
    )


async def sever(ctx: Context, job: queue.Claim) -> None:
    """End the follows between a person and a server that they block, some at a time."""
    account_id, name = job.payload["account_id"], job.payload["domain"]
    async with ctx.db.write() as tx:
        account = await tx.get(Account, account_id)
        held = select(DomainBlock.id).where(DomainBlock.account_id == account_id, DomainBlock.domain == name)
        if account is not None and (await tx.execute(held)).first() is not None:
            pairs = await _follows_with(tx, account_id, name)
            for relation, other in pairs:
                if relation.account_id == account_id:
                    await following.unfollow(ctx, tx, follower=account, target=other)
                else:
                    await following.remove_follower(ctx, tx, follower=other, target=account)
            if len(pairs) == SEVERED_AT_ONCE:
                await _sever_later(ctx, tx, account_id, name)
        await queue.finish(tx, job)


async def _follows_with(tx: Tx, account_id: int, domain: str) -> list[tuple[Follow, Account]]:
    other = Account
    rows = await tx.execute(
        select(Follow, other)
        .join(
            other,
            or_(
                (Follow.account_id == account_id) & (other.id == Follow.target_id),
                (Follow.target_id == account_id) & (other.id == Follow.account_id),
            ),
        )
        .where(or_(Follow.account_id == account_id, Follow.target_id == account_id))
        .where(covers(domain, other.domain))
        .order_by(Follow.id)
        .limit(SEVERED_AT_ONCE)
    )
    return [(row[0], row[1]) for row in rows]


async def _followed_or_following(tx: Tx, account_id: int, there: Select[int]) -> Sequence[int]:
    """Return which of some accounts somebody follows, or is followed by."""
    followed = select(Follow.target_id).where(Follow.account_id == account_id, Follow.target_id.in_(there))
    following = select(Follow.account_id).where(Follow.target_id == account_id, Follow.account_id.in_(there))
    return (await tx.execute(union(followed, following))).scalars().all()


async def _sever_later(ctx: Context, tx: Tx, account_id: int, domain: str) -> None:
    job = queue.NewJob(queue="default", kind="sever", payload={"account_id": account_id, "domain": domain})
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def _keep(
    ctx: Context, tx: Tx, account: Account, target: Account, iri: str | None
) -> tuple[Block, bool]:
    """Write a block, with an id of ours unless it has one; return it and whether it is new."""
    block_id = ctx.ids.next()
    statement = insert(tx, Block).values(
        id=block_id,
        account_id=account.id,
        target_id=target.id,
        iri=iri or iris.block(account.iri, block_id),
        created_at=ctx.clock(),
    )
    statement = statement.on_conflict_do_nothing(index_elements=[Block.account_id, Block.target_id])
    is_new = (await tx.execute(statement.returning(Block.id))).first() is not None
    made = await find(tx, account=account, target=target)
    assert made is not None
    return made, is_new


async def _clear(tx: Tx, one: Account, other: Account) -> None:
    """Take what two people have of each other out of home timelines and notifications."""
    for owner, author in ((one, other), (other, one)):
        if not owner.is_local:
            continue
        written = select(Post.id).where(Post.account_id == author.id)
        held = aliased(Post)
        boosted = select(Post.id).join(held, held.id == Post.reblog_of_id).where(held.account_id == author.id)
        for posts in (written, boosted):
            await tx.execute(
                delete(HomeEntry).where(HomeEntry.account_id == owner.id, HomeEntry.post_id.in_(posts))
            )
        await tx.execute(
            delete(Notification).where(
                Notification.account_id == owner.id, Notification.from_account_id == author.id
            )
        )


async def _tells(tx: Tx, account: Account) -> bool:
    login = await tx.get(Login, account.id)
    return login is None or login.tells_of_blocks


async def _send(
    ctx: Context, tx: Tx, activity: Outgoing, *, sender: Account, to: Account, made: Block
) -> None:
    # All of one pair in order: whoever is blocked again must not get the Undo of the block before it last.
    order_on = f"block|{made.account_id}|{made.target_id}"
    audience = Audience(account_ids=(to.id,))
    await record(ctx, tx, sender=sender, activity=activity, audience=audience, order_on=order_on)
