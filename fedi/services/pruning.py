"""Looking after people whose inbox answered that it is not there.

A 404 or 410 may mean that an account was deleted, that it moved to another inbox, or that a proxy is broken.
So their own servers are asked: who is gone for good (410) is deleted here, who is not known there any more
(404) follows nobody here from now on, who answers from another inbox gets that one, and who answers as before
stays.
"""

from sqlalchemy import or_, select

from activitypub.errors import ActivityPubError, GoneError, NotFoundError
from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Account, Follow
from fedi.outbound import resolve
from fedi.queries import accounts as find
from fedi.services import following, receiving

__all__ = ["run"]

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
