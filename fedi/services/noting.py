"""Notes that somebody writes down about another person, for themselves only."""

from sqlalchemy import delete, select

from fedi.context import Context
from fedi.db import Tx, insert
from fedi.errors import Refused
from fedi.models import Account, AccountNote

__all__ = ["carry", "note"]

NOTE_CHARACTERS_MAX = 2000
"""Of a note; Mastodon's figure."""


async def note(ctx: Context, tx: Tx, *, account: Account, target: Account, comment: str) -> None:
    """Write down something about somebody in place of what was there; nothing removes it.

    Raises:
        Refused: 422, when it is too long.
    """
    comment = comment.strip()
    if len(comment) > NOTE_CHARACTERS_MAX:
        raise Refused(422, f"Validation failed: A note may have {NOTE_CHARACTERS_MAX} characters at most")
    if not comment:
        mine = (AccountNote.account_id == account.id, AccountNote.target_id == target.id)
        await tx.execute(delete(AccountNote).where(*mine))
        return
    written = {"comment": comment, "updated_at": ctx.clock()}
    made = insert(tx, AccountNote).values(account_id=account.id, target_id=target.id, **written)
    keys = [AccountNote.account_id, AccountNote.target_id]
    await tx.execute(made.on_conflict_do_update(index_elements=keys, set_=written))


async def carry(ctx: Context, tx: Tx, *, account: Account, old: Account, new: Account) -> None:
    """Write down about somebody's new account what was about the old one, unless there is something."""
    about = select(AccountNote).where(AccountNote.account_id == account.id)
    found = (await tx.execute(about.where(AccountNote.target_id.in_((old.id, new.id))))).scalars().all()
    if [one.target_id for one in found] == [old.id]:
        await note(ctx, tx, account=account, target=new, comment=found[0].comment)
