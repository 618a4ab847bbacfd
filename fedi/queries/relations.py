"""How one viewer stands with others: follows, blocks, mutes and blocked servers, and the lists of these.

The relations to many accounts cost the same number of statements as those to one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import String, cast, exists, null, or_, select, union_all

from fedi.db import Tx
from fedi.models import Account, AccountNote, Block, DomainBlock, Endorsement, Follow, Mute
from fedi.queries import follows
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.visibility import covers

__all__ = ["Standing", "between", "blocked", "blocked_domains", "muted"]


@dataclass(slots=True, kw_only=True)
class Standing:
    """How a viewer and another account stand.

    Attributes:
        outgoing: the viewer's follow of it.
        incoming: its follow of the viewer.
        blocking: whether the viewer blocks it.
        blocked_by: whether it blocks the viewer.
        mute: the viewer's mute of it.
        domain_blocking: whether the viewer blocks its server.
        endorsed: whether the viewer shows it on their profile.
        note: what the viewer wrote down about it.
    """

    outgoing: Follow | None = None
    incoming: Follow | None = None
    blocking: bool = False
    blocked_by: bool = False
    mute: Mute | None = None
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""


async def between(tx: Tx, viewer_id: int, account_ids: Collection[int]) -> dict[int, Standing]:
    """Return how a viewer stands with some accounts, by their ids, in five statements."""
    pairs = await follows.between(tx, viewer_id, account_ids)
    found = {one: Standing(outgoing=pairs[one][0], incoming=pairs[one][1]) for one in account_ids}
    blocks = await tx.execute(
        select(Block.account_id, Block.target_id).where(
            or_(
                (Block.account_id == viewer_id) & Block.target_id.in_(account_ids),
                (Block.target_id == viewer_id) & Block.account_id.in_(account_ids),
            )
        )
    )
    for who, whom in blocks:
        if who == viewer_id and whom in found:
            found[whom].blocking = True
        if whom == viewer_id and who in found:
            found[who].blocked_by = True
    mutes = select(Mute).where(Mute.account_id == viewer_id, Mute.target_id.in_(account_ids))
    for mute in (await tx.execute(mutes)).scalars():
        found[mute.target_id].mute = mute
    rule = exists().where(DomainBlock.account_id == viewer_id, covers(DomainBlock.domain, Account.domain))
    for account_id in (
        await tx.execute(select(Account.id).where(Account.id.in_(account_ids), rule))
    ).scalars():
        found[account_id].domain_blocking = True
    kept = union_all(
        select(AccountNote.target_id, AccountNote.comment).where(
            AccountNote.account_id == viewer_id, AccountNote.target_id.in_(account_ids)
        ),
        select(Endorsement.target_id, cast(null(), String)).where(
            Endorsement.account_id == viewer_id, Endorsement.target_id.in_(account_ids)
        ),
    )
    for row in await tx.execute(kept):
        if row.comment is None:
            found[row.target_id].endorsed = True
        else:
            found[row.target_id].note = row.comment
    return found


async def blocked(tx: Tx, account_id: int, page: Page) -> Slice[tuple[int, Account]]:
    """Return whom an account blocks, last first, with the block's id as the key of the page."""
    statement = (
        select(Block.id, Account)
        .join(Account, Account.id == Block.target_id)
        .where(Block.account_id == account_id, Account.suspended_at.is_(None))
    )
    rows = (await tx.execute(within(statement, Block.id, page))).all()
    return cut([(row.id, row.Account) for row in rows], page)


async def muted(tx: Tx, account_id: int, page: Page) -> Slice[tuple[Mute, Account]]:
    """Return whom an account mutes, last first; the mute's id is the key of the page."""
    statement = (
        select(Mute, Account)
        .join(Account, Account.id == Mute.target_id)
        .where(Mute.account_id == account_id, Account.suspended_at.is_(None))
    )
    rows = (await tx.execute(within(statement, Mute.id, page))).all()
    return cut([(row.Mute, row.Account) for row in rows], page)


async def blocked_domains(tx: Tx, account_id: int, page: Page) -> Slice[tuple[int, str]]:
    """Return which servers an account blocks, last first, with the block's id as the key of the page."""
    statement = select(DomainBlock.id, DomainBlock.domain).where(DomainBlock.account_id == account_id)
    rows: Sequence[tuple[int, str]] = [
        (row.id, row.domain) for row in await tx.execute(within(statement, DomainBlock.id, page))
    ]
    return cut(rows, page)
