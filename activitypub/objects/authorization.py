"""A stamp: the author of a post says that something may be done with it.

Its document lies with who gave it, and says who gave it, what is allowed (the quoting post, the answer, the
Like, the Announce) and to which post. All three have to be compared: a stamp that is valid for another post,
or that somebody gave who is not the author, is the way in that two of Mastodon's advisories describe.

Source: FEP-044f; https://docs.gotosocial.org/en/latest/federation/interaction_controls/; Mastodon
GHSA-q4g8-82c5-9h33 and GHSA-8h43-rcqj-wpc6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from activitypub import read
from activitypub.errors import ForbiddenError, MalformedError
from activitypub.vocab import context_for

__all__ = ["Authorization"]

# GoToSocial's names before 0.20, whose documents are still served.
_OLD_TYPES: Final[Mapping[str, str]] = {
    "AnnounceApproval": "AnnounceAuthorization",
    "LikeApproval": "LikeAuthorization",
    "ReplyApproval": "ReplyAuthorization",
}
_TYPES: Final = frozenset({*_OLD_TYPES.values(), "QuoteAuthorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A stamp.

    Args:
        id: its identifier, from which it can be fetched as long as it holds.
        type: QuoteAuthorization, ReplyAuthorization, LikeAuthorization or AnnounceAuthorization.
        attributed_to: who gave it.
        interacting_object: what is allowed.
        interaction_target: the post with which it is allowed.
    """

    id: str
    type: str
    attributed_to: str
    interacting_object: str
    interaction_target: str

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a stamp, also in GoToSocial's older form, whose fields are `object` and `target`.

        Raises:
            MalformedError: it is none, or something is missing; the message names the field.
        """
        doc = read.document(doc, "authorization")
        iri = read.require_http_iri(doc, "id")
        for kind in read.types(doc):
            if kind in _TYPES:
                fields = ("interactingObject", "interactionTarget")
                break
            if kind in _OLD_TYPES:
                fields = ("object", "target")
                break
        else:
            raise MalformedError("type is not that of an authorization", iri=iri)
        return cls(
            id=iri,
            type=_OLD_TYPES.get(kind, kind),
            attributed_to=read.require_http_iri(doc, "attributedTo"),
            interacting_object=read.require_http_iri(doc, fields[0]),
            interaction_target=read.require_http_iri(doc, fields[1]),
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded in an activity."""
        doc: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "attributedTo": self.attributed_to,
            "interactingObject": self.interacting_object,
            "interactionTarget": self.interaction_target,
        }
        return {"@context": context_for(doc), **doc} if context else doc

    def require_allows(self, kind: str, *, author: str, interacting: str, target: str) -> None:
        """Refuse unless this stamp allows exactly this.

        Args:
            kind: the type that it must have.
            author: of the target, who alone may give it.
            interacting: what is to be allowed.
            target: the post with which.

        Raises:
            ForbiddenError: it is about something else, or somebody else gave it.
        """
        if self.type != kind:
            raise ForbiddenError(f"it allows something else: {self.type}", iri=self.id)
        if self.attributed_to != author:
            raise ForbiddenError("it was given by somebody else than the author", iri=self.id)
        if self.interacting_object != interacting:
            raise ForbiddenError("it is for another object", iri=self.id)
        if self.interaction_target != target:
            raise ForbiddenError("it is about another post", iri=self.id)
