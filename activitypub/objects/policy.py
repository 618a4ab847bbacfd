"""What an author allows others to do: quote a post, reply to it, like it, announce it, feature its author.

Each rule names who is approved at once and who after asking, as lists of actors or collections. An
absent rule says nothing: what follows from that is the reader's policy, not the document's.

Source: GoToSocial's interaction policies (https://docs.gotosocial.org/en/latest/federation/interaction_controls/)
FEP-044f, which takes `canQuote` from there, and FEP-7aa9 (`canFeature`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from activitypub import read
from activitypub.addressing import recipients
from activitypub.vocab import PUBLIC

__all__ = ["EVERYBODY", "Approval", "InteractionPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who may do one of these things.

    Args:
        automatic: approved without asking.
        manual: may ask, and the author decides.
    """

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Render it; without a manual list when that is empty."""
        doc = {"automaticApproval": list(self.automatic)}
        return {**doc, "manualApproval": list(self.manual)} if self.manual else doc


EVERYBODY: Final = Approval(automatic=(PUBLIC,))


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionPolicy:
    """The rules of a post, or of an actor; None where the author gives none."""

    can_quote: Approval | None = None
    can_reply: Approval | None = None
    can_like: Approval | None = None
    can_announce: Approval | None = None
    can_feature: Approval | None = None

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read `interactionPolicy`; None if it is no object."""
        if not isinstance(value, Mapping):
            return None
        return cls(
            can_quote=_approval(value.get("canQuote")),
            can_reply=_approval(value.get("canReply")),
            can_like=_approval(value.get("canLike")),
            can_announce=_approval(value.get("canAnnounce")),
            can_feature=_approval(value.get("canFeature")),
        )

    def to_json(self) -> dict[str, Any]:
        """Render the rules that are given."""
        rules = {
            "canQuote": self.can_quote,
            "canReply": self.can_reply,
            "canLike": self.can_like,
            "canAnnounce": self.can_announce,
            "canFeature": self.can_feature,
        }
        return {key: rule.to_json() for key, rule in rules.items() if rule is not None}


def _approval(value: object) -> Approval | None:
    """Read one rule; GoToSocial up to 0.19 calls the lists `always` and `approvalRequired`."""
    if not isinstance(value, Mapping):
        return None
    doc: read.Doc = value
    return Approval(
        automatic=recipients(doc.get("automaticApproval", doc.get("always"))),
        manual=recipients(doc.get("manualApproval", doc.get("approvalRequired"))),
    )
