"""That somebody here blocks somebody elsewhere, and no longer does.

Source: ActivityPub section 6.9. Mastodon sends a Block to whom it is about, so that their server can hide
the one from the other; whether we do is the blocker's choice (`Login.tells_of_blocks`).
"""

from activitypub.activities import Block, Undo
from fedi import models
from fedi.outbound.translate.deeds import undo

__all__ = ["block", "undo_block"]


def block(made: models.Block, blocker: models.Account, target: models.Account) -> Block:
    """Refuse all dealings with somebody."""
    return Block(id=made.iri, actor=blocker.iri, object_id=target.iri)


def undo_block(made: models.Block, blocker: models.Account, target: models.Account) -> Undo:
    """End a block."""
    return undo(block(made, blocker, target))
