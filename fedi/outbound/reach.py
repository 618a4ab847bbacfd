"""Where an object went, so that its Update and its Delete go there too.

Followers leave, move and are removed, and their servers keep what they got: a Delete that goes to today's
followers leaves copies behind for ever. So each fan-out of a post or a boost writes down its inboxes under
the object's id, as a set that is stored once however many posts went to it. What takes the object back goes
to all of them and ends the memory. An edit goes to all of them as well when the post is for everyone; the
new words of a post for followers go to those only for whom they are, not to whom its author has removed
since.

Source: ActivityPub section 6.4 and 7.4; reference behaviour of Mastodon's status reach finder.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import delete, exists, select

from activitypub.vocab import ACTOR_TYPES, PUBLIC
from fedi.db import Tx, insert
from fedi.models import InboxSet, Reach

__all__ = ["Role", "remembered", "role", "widen"]

SET_TYPES: Final = frozenset({"Create", "Announce"})
"""Activities that bring an object to others."""


class Role(StrEnum):
    """What an activity means for where its object is."""

    NONE = "none"
    """Nothing: it is about no object of ours, or about an actor."""
    FIRST = "first"
    """It brings the object somewhere."""
    AGAIN = "again"
    """It goes wherever the object went, and perhaps further."""
    LAST = "last"
    """It goes wherever the object went, and takes it away from there."""


def role(document: Mapping[str, Any]) -> Role:
    """Tell what one of our own activities means for where its object is."""
    kind, thing = document["type"], document.get("object")
    inner = thing.get("type") if isinstance(thing, Mapping) else None
    if kind in SET_TYPES:
        return Role.FIRST
    if kind == "Update" and inner is not None and inner not in ACTOR_TYPES:
        is_open = PUBLIC in document.get("to", ()) or PUBLIC in document.get("cc", ())
        return Role.AGAIN if is_open else Role.FIRST
    if kind == "Delete":
        iri = thing.get("id") if isinstance(thing, Mapping) else thing
        return Role.NONE if iri == document["actor"] else Role.LAST
    return Role.LAST if kind == "Undo" and inner == "Announce" else Role.NONE


async def widen(tx: Tx, iri: str, inboxes: set[str], role: Role, *, now: datetime) -> set[str]:
    """Return where an activity goes, and write down where its object is from now on.

    Args:
        tx: a writing transaction; the activities of one object are expanded one after the other.
        iri: the object.
        inboxes: those of the audience as it is today.
        role: from `role`.
        now: the present.
    """
    if role is Role.NONE:
        return inboxes
    known = await _known(tx, iri)
    ever = inboxes.union(*known.values())
    if role is Role.LAST:
        await _forget(tx, iri, known)
    else:
        await _remember(tx, iri, ever, known, now)
    return inboxes if role is Role.FIRST else ever


async def remembered(tx: Tx, iri: str) -> set[str]:
    """Return the inboxes that an object went to, as far as it has not been taken back."""
    return set().union(*(await _known(tx, iri)).values())


async def _known(tx: Tx, iri: str) -> dict[str, list[str]]:
    """Return the sets that are kept for an object, by digest."""
    rows = await tx.execute(
        select(InboxSet.digest, InboxSet.inboxes)
        .join(Reach, Reach.digest == InboxSet.digest)
        .where(Reach.iri == iri)
    )
    return {row.digest: row.inboxes for row in rows}


async def _remember(tx: Tx, iri: str, ever: set[str], known: dict[str, list[str]], now: datetime) -> None:
    digest = _digest(ever)
    if not ever or digest in known:
        return
    kept = insert(tx, InboxSet).values(digest=digest, inboxes=sorted(ever))
    await tx.execute(kept.on_conflict_do_nothing(index_elements=[InboxSet.digest]))
    # One row for each object: the new set holds the old one.
    await _forget(tx, iri, known)
    await tx.execute(insert(tx, Reach).values(iri=iri, digest=digest, created_at=now))


async def _forget(tx: Tx, iri: str, known: dict[str, list[str]]) -> None:
    """Keep nothing for an object any more, and no set that nothing else went to."""
    if not known:
        return
    await tx.execute(delete(Reach).where(Reach.iri == iri))
    used = exists().where(Reach.digest == InboxSet.digest)
    await tx.execute(
        delete(InboxSet).where(InboxSet.digest.in_(known), ~used).execution_options(synchronize_session=False)
    )


def _digest(inboxes: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(inboxes)).encode()).hexdigest()
