"""Looking after people whose inbox answered that it is not there, or who are said to be gone.

A 404 or 410 of an inbox may mean that an account was deleted, that it moved to another inbox, or that a
proxy is broken. So their own servers are asked: who is gone for good (410) is deleted here, who is not known
there any more (404) follows nobody here from now on, who answers from another inbox gets that one, and who
answers as before stays.

A Delete by somebody whose key is gone cannot be checked by its signature; their server is asked as well.
"""

from sqlalchemy import or_, select

from activitypub.errors import ActivityPubError, GoneError, NotFoundError, UnreachableError
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Follow
from fedi.outbound import resolve
from fedi.outbound.fetch import document
from fedi.queries import accounts as find
from fedi.services import following, receiving

__all__ = ["ask_whether_gone", "confirm_gone", "run"]

ACCOUNTS_MAX = 40
"""Accounts asked for in one go; a server of more is asked again by the next delivery that fails."""

log = get(__name__)


async def run(ctx: Context, job: queue.Claim) -> None:
    """Ask after everyone behind an inbox, and delete who is gone."""
    inbox = job.payload["inbox"]
    async with ctx.db.read() as tx:
        behind = or_(Account.inbox == inbox, Account.shared_inbox == inbox)
        rows = await tx.execute(
            select(Account.id, Account.iri)
            .where(behind, Account.domain != "")
            .order_by(Account.fetched_at)
            .limit(ACCOUNTS_MAX)
        )
        people = list(rows)
    verdicts = {account_id: await _verdict(ctx, iri) for account_id, iri in people}
    async with ctx.db.write() as tx:
        for account_id, verdict in verdicts.items():
            account = await find.by_id(tx, account_id)
            if account is None or verdict is None:
                continue
            log.info("account_pruned", account=account.acct, inbox=inbox, verdict=verdict)
            if verdict == "gone":
                await receiving.delete_actor(ctx, tx, account=account)
            else:
                await _end_follows(tx, account)
        await queue.finish(tx, job)


async def ask_whether_gone(ctx: Context, tx: Tx, *, iri: str) -> None:
    """Have somebody's server asked whether they are gone; while that waits, another wish changes nothing."""
    job = queue.NewJob(
        queue="inbox", kind="confirm_gone", payload={"iri": iri}, dedupe_key=f"confirm_gone:{iri}"
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def confirm_gone(ctx: Context, job: queue.Claim) -> None:
    """Ask for an actor, and delete it if its server says that there is none (any more).

    Raises:
        UnreachableError: the server does not answer; try again later.
    """
    iri = job.payload["iri"]
    gone = False
    try:
        await document(ctx, iri)
    except (GoneError, NotFoundError):
        gone = True
    except UnreachableError:
        raise
    except ActivityPubError as refusal:
        log.info("account_kept", iri=iri, why=str(refusal))
    async with ctx.db.write() as tx:
        account = await find.by_iri(tx, iri)
        if gone and account is not None and not account.is_local:
            log.info("account_deleted", account=account.acct, why="its server says that it is gone")
            await receiving.delete_actor(ctx, tx, account=account)
        await queue.finish(tx, job)


async def _verdict(ctx: Context, iri: str) -> str | None:
    """Return `gone` or `unknown` as their server says, or None when they are there or it cannot be asked."""
    try:
        await resolve.actor(ctx, iri, fresh=True)
    except GoneError:
        return "gone"
    except NotFoundError:
        return "unknown"
    except ActivityPubError as refusal:
        log.info("account_kept", iri=iri, why=str(refusal))
    return None


async def _end_follows(tx: Tx, account: Account) -> None:
    rows = await tx.execute(
        select(Follow, Account)
        .join(Account, Account.id == Follow.target_id)
        .where(Follow.account_id == account.id, Account.domain == "")
    )
    for relation, target in rows.all():
        await following.receive_undo_follow(tx, relation=relation, follower=account, target=target)
