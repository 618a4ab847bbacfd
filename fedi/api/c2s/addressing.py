"""For whom a client's post is: from `to`, `cc`, `bto` and `bcc` to a visibility and people.

The activity and its object are addressed together, as the server must copy one to the other anyway. Every
recipient has to be found: a post that reaches fewer people than its author named is a letter lost in silence.

Source: ActivityPub sections 5.6 (Public), 6 (bto and bcc are removed before delivery) and 6.2 (copying).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from activitypub import read
from activitypub.addressing import recipients, visibility_of
from activitypub.read import Doc
from activitypub.vocab import PUBLIC, PUBLIC_ALIASES
from fedi.api.c2s.deed import Deed, named_account
from fedi.context import Context
from fedi.errors import Refused
from fedi.services.wording import MENTIONS_MAX

__all__ = ["Addressed", "address"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Who gets a post.

    Attributes:
        visibility: in the words of `posting`.
        named: ids of the accounts that the post names.
        blind: ids of the accounts of whom it says nothing.
    """

    visibility: str
    named: tuple[int, ...]
    blind: tuple[int, ...]


async def address(ctx: Context, deed: Deed, doc: Doc, *, mentioned: Iterable[str] = ()) -> Addressed:
    """Read how an object and its activity are addressed.

    Args:
        ctx: the context.
        deed: the activity.
        doc: its object; the activity itself when it has none.
        mentioned: ids of actors that the post mentions, who are addressed by that.

    Raises:
        Refused: 422, when somebody cannot be found, or the address is of a kind that we cannot deliver to.
    """
    to = dict.fromkeys([*recipients(deed.doc.get("to")), *recipients(doc.get("to"))])
    cc = dict.fromkeys([iri for name in ("cc", "audience") for one in (deed.doc, doc)
                        for iri in recipients(one.get(name))])  # fmt: skip
    hidden = dict.fromkeys([iri for name in ("bto", "bcc") for one in (deed.doc, doc)
                            for iri in read.many_ids(one.get(name))])  # fmt: skip
    me = deed.me
    if any(iri in PUBLIC_ALIASES or iri == me.followers for iri in hidden):
        raise Refused(422, "bto and bcc may name people only; write Public and your followers into to or cc")
    visibility = visibility_of(to, cc, followers=me.followers)
    named = dict.fromkeys([*to, *cc, *mentioned])
    people = [iri for iri in named if iri not in {PUBLIC, me.followers, me.iri}]
    blind = [iri for iri in hidden if iri not in named and iri != me.iri]
    if len(people) + len(blind) > MENTIONS_MAX:
        raise Refused(422, f"A post may be addressed to {MENTIONS_MAX} people at most")
    return Addressed(
        visibility=str(visibility),
        named=tuple([(await named_account(ctx, deed, iri)).id for iri in people]),
        blind=tuple([(await named_account(ctx, deed, iri)).id for iri in blind]),
    )
