"""That somebody here lives elsewhere from now on.

Source: FEP-7628 (Move actor).
"""

from activitypub.activities import Move
from fedi import iris, models

__all__ = ["move"]


def move(move_id: int, account: models.Account, target: models.Account) -> Move:
    """Tell one's followers where one went."""
    return Move(
        id=iris.move(account.iri, move_id),
        actor=account.iri,
        object_id=account.iri,
        target=target.iri,
        to=(account.followers or iris.followers(account.iri),),
    )
