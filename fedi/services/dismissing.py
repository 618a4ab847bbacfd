"""Suggestions that somebody does not want to see again."""

from fedi.db import Tx, insert
from fedi.models import Account, SuggestionDismissal

__all__ = ["dismiss"]


async def dismiss(tx: Tx, *, account: Account, target_id: int) -> None:
    """Suggest an account to somebody no longer; a second time changes nothing."""
    made = insert(tx, SuggestionDismissal).values(account_id=account.id, target_id=target_id)
    keys = [SuggestionDismissal.account_id, SuggestionDismissal.target_id]
    await tx.execute(made.on_conflict_do_nothing(index_elements=keys))
