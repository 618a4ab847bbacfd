"""What came for somebody: activities as they crossed the wire, newest first.

There is one table of activities for the whole server and none by reader, since most are never asked for. So
a page looks at a bounded stretch of that table, and says where it ended whether or not it found anything: a
reader of few people walks through more pages, and nobody's reading costs more than one stretch.

Whether an activity is for somebody is decided on its document, as its sender addressed it. A copy that
another server passed on is reduced to what could be checked: who did what to which thing; and of something
that the sender embedded from another server the id is left, which leads to the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import or_, select

from activitypub import read
from activitypub.addressing import recipients
from activitypub.errors import ActivityPubError
from activitypub.normalise import normalise
from activitypub.origin import same_origin
from activitypub.read import Doc
from activitypub.vocab import PUBLIC
from fedi.db import Tx
from fedi.models import (
    Account,
    Activity,
    ActivityState,
    Direction,
    Follow,
    FollowState,
    Mention,
    Post,
    Tombstone,
)
from fedi.queries.visibility import apart_from

__all__ = ["Stretch", "is_about", "look"]

LOOKED_AT_MAX = 100
"""Activities that one page looks at."""

SHOWN_MAX = 20
"""Activities on one page."""

CHUNK = 20
"""Activities in memory at once: each may have a megabyte."""


VOUCHED = ("@context", "id", "type", "actor", "to", "cc")
"""What is shown of a copy that another server passed on."""


SECRET = frozenset({"Block", "Flag"})
"""What nobody is told of whom it is about: a report is for moderators, a block says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One page of an inbox.

    Attributes:
        items: the documents, newest first.
        ended_at: the last one looked at, before which the next page begins; None at the end of all.
    """

    items: tuple[Mapping[str, Any], ...]
    ended_at: int | None


async def look(tx: Tx, owner: Account, *, max_id: int | None) -> Stretch:
    """Return the next activities that came for a local account.

    Args:
        tx: a transaction.
        owner: for whom.
        max_id: look at older ones only.
    """
    ids = select(Activity.id).order_by(Activity.id.desc()).limit(LOOKED_AT_MAX)
    if max_id is not None:
        ids = ids.where(Activity.id < max_id)
    looked_at = list((await tx.execute(ids)).scalars())
    items: list[Mapping[str, Any]] = []
    for start in range(0, len(looked_at), CHUNK):
        for row, doc in await _of_interest(tx, owner, looked_at[start : start + CHUNK]):
            items.append(doc)
            if len(items) == SHOWN_MAX:
                return Stretch(items=tuple(items), ended_at=row.id)
    more = len(looked_at) == LOOKED_AT_MAX
    return Stretch(items=tuple(items), ended_at=looked_at[-1] if more else None)


def is_about(doc: Doc, owner: Account) -> bool:
    """Tell whether an activity concerns somebody by what it says, however it is addressed.

    Follow, Like and the answers to what one did are sent without an address, to whom they are about.
    """
    named = {*recipients(doc.get("to")), *recipients(doc.get("cc"))}
    thing = doc.get("object")
    about = {read.one_id(thing)}
    if isinstance(thing, Mapping) and "actor" in thing:
        about |= {read.one_id(thing.get("actor")), read.one_id(thing.get("object"))}
    own = f"{owner.iri}/statuses/"
    return owner.iri in named | about or any(iri is not None and iri.startswith(own) for iri in about)


async def _of_interest(
    tx: Tx, owner: Account, ids: Sequence[int]
) -> list[tuple[Activity, Mapping[str, Any]]]:
    """Return those of some activities that came for the owner."""
    came = or_(
        Activity.direction == Direction.IN,
        (Activity.direction == Direction.OUT) & (Activity.account_id != owner.id),
    )
    statement = select(Activity).where(Activity.id.in_(ids), came, Activity.state == ActivityState.DONE)
    rows = (await tx.execute(statement.order_by(Activity.id.desc()))).scalars()
    known = [(row, doc) for row in rows if (doc := _read(row)) is not None]
    actors = [read.one_id(doc.get("actor")) for _, doc in known]
    followed, shut_out = await _followed(tx, owner, actors), await _shut_out(tx, owner, actors)
    things = [read.one_id(doc.get("object")) for _, doc in known]
    written_to, gone = await _written_to(tx, owner, things), await _gone(tx, things)
    return [
        (row, _shown(row, doc))
        for (row, doc), actor, thing in zip(known, actors, things, strict=True)
        if not _is_secret(doc)
        and actor not in shut_out
        and (is_about(doc, owner) or _reaches(doc, followed) or thing in written_to)
        and (thing not in gone or "Delete" in read.types(doc))
    ]


def _is_secret(doc: Doc) -> bool:
    """Tell whether an activity is kept from whom it is about; so is taking it back."""
    thing = doc.get("object")
    undone = read.types(thing) if isinstance(thing, Mapping) and "Undo" in read.types(doc) else ()
    return not SECRET.isdisjoint((*read.types(doc), *undone))


def _read(row: Activity) -> dict[str, Any] | None:
    try:
        return normalise(row.raw)
    except ActivityPubError:  # it could be read when it came, so the rules became stricter since
        return None


def _shown(row: Activity, doc: Doc) -> Mapping[str, Any]:
    """Return the document as it came, without what is nobody's business or was vouched for by nobody."""
    actor, thing = read.one_id(doc.get("actor")), read.one_id(doc.get("object"))
    if row.direction == Direction.IN and actor != row.signer:
        return {name: doc[name] for name in VOUCHED if name in doc} | {"object": thing}
    whole: dict[str, Any] = msgspec.json.decode(row.raw)
    shown = {name: value for name, value in whole.items() if name not in {"bto", "bcc"}}
    if isinstance(shown.get("object"), dict) and not _same_origin(actor, thing):
        shown["object"] = thing
    return shown


def _same_origin(one: str | None, other: str | None) -> bool:
    """Tell whether both live on one server; what has no id lives where it stands."""
    if one is None or other is None:
        return True
    try:
        return same_origin(one, other)
    except ActivityPubError:
        return False


def _reaches(doc: Doc, followed: Mapping[str, str | None]) -> bool:
    """Tell whether an activity is for everyone, or for the followers, of somebody whom the owner follows."""
    actor = read.one_id(doc.get("actor"))
    if actor is None or actor not in followed:
        return False
    named = {*recipients(doc.get("to")), *recipients(doc.get("cc"))}
    return PUBLIC in named or followed[actor] in named


async def _followed(tx: Tx, owner: Account, actors: Sequence[str | None]) -> dict[str, str | None]:
    """Return which of these actors the owner follows, with their followers collections."""
    statement = (
        select(Account.iri, Account.followers)
        .join(Follow, Follow.target_id == Account.id)
        .where(
            Account.iri.in_({iri for iri in actors if iri}),
            Account.suspended_at.is_(None),
            Follow.account_id == owner.id,
            Follow.state == FollowState.ACCEPTED,
        )
    )
    return {row.iri: row.followers for row in await tx.execute(statement)}


async def _shut_out(tx: Tx, owner: Account, actors: Sequence[str | None]) -> set[str]:
    """Return which of these actors are suspended here, or have nothing to do with the owner any more."""
    named = select(Account.id, Account.iri, Account.suspended_at)
    rows = (await tx.execute(named.where(Account.iri.in_({iri for iri in actors if iri})))).all()
    apart = await apart_from(tx, owner.id, [row.id for row in rows])
    return {row.iri for row in rows if row.suspended_at is not None or row.id in apart}


async def _written_to(tx: Tx, owner: Account, things: Sequence[str | None]) -> set[str]:
    """Return which of these posts are addressed to the owner, silently or not."""
    named = (
        select(Post.iri)
        .join(Mention, Mention.post_id == Post.id)
        .where(Mention.account_id == owner.id, Post.iri.in_({iri for iri in things if iri}))
    )
    return set((await tx.execute(named)).scalars())


async def _gone(tx: Tx, things: Sequence[str | None]) -> set[str]:
    """Return which of these were deleted since."""
    gone = select(Tombstone.iri).where(Tombstone.iri.in_({iri for iri in things if iri}))
    return set((await tx.execute(gone)).scalars())
