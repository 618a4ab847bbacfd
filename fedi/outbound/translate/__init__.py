"""Rows to wire objects: pure functions from models to dataclasses of `activitypub`, one module per matter.

Nothing here reads the database or decides who may see what; the caller has loaded a `PostView` and knows
its audience.
"""

from fedi.outbound.translate.blocks import block, undo_block
from fedi.outbound.translate.deeds import (
    accept,
    announce,
    announce_audience,
    follow,
    like,
    reject,
    undo,
    undo_announce,
    undo_follow,
    undo_like,
)
from fedi.outbound.translate.moves import move
from fedi.outbound.translate.notes import MADE_BY_A_MODEL, attachment, create, delete, note, tombstone, update
from fedi.outbound.translate.people import actor_document, delete_actor, gone_actor, update_actor
from fedi.outbound.translate.pins import feature_tag, featured_hashtag, pin, unfeature_tag, unpin
from fedi.outbound.translate.polls import as_update_of_tallies, poll, vote
from fedi.outbound.translate.quotes import (
    authorization,
    grant,
    quote_request,
    refuse,
    restate,
    revocation,
)
from fedi.outbound.translate.reactions import is_reaction, react
from fedi.outbound.translate.reports import flag

__all__ = [
    "MADE_BY_A_MODEL", "accept", "actor_document", "announce", "announce_audience", "as_update_of_tallies",
    "attachment", "authorization", "block", "create", "delete", "delete_actor", "feature_tag",
    "featured_hashtag", "flag", "follow", "gone_actor", "grant", "is_reaction", "like", "move", "note",
    "pin", "poll", "quote_request", "react", "refuse", "reject", "restate", "revocation", "tombstone",
    "undo", "undo_announce", "undo_block", "undo_follow", "undo_like", "unfeature_tag", "unpin", "update",
    "update_actor", "vote",
]  # fmt: skip
