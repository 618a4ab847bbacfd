"""Polls: what a Question has beside a Note, and the votes in it.

A Question is a Note with `oneOf` or `anyOf`, and is read and written as one; this module knows those fields
alone. Its end is said in two ways: `endTime` is when it will be, `closed` that it was, as a time or as true;
Pleroma writes the future end into `closed`, so only the time tells which is meant. A vote is a Note without
content, whose `name` is the text of an option: nothing else ties it to one.

Source: https://www.w3.org/TR/activitystreams-vocabulary/#questions;
https://docs.joinmastodon.org/spec/activitypub/#Question; GoToSocial's documentation of polls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from activitypub import limits, read
from activitypub.errors import MalformedError
from activitypub.vocab import context_for

__all__ = ["Option", "Poll", "Vote"]

# Longest text of an option in characters that is kept; a vote repeats it, so it must not be cut differently.
OPTION_CHARS_MAX: Final = limits.NAME_CHARS_MAX
# Most votes or voters that we believe: everyone on earth, and room in 32 bits for those who vote here.
VOTES_MAX: Final = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to choose.

    Args:
        name: its text, plain.
        votes: how many chose it, as the poll's server says.
    """

    name: str
    votes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The part of a Question that a Note does not have.

    Args:
        options: in their order; at least one.
        multiple: a voter may choose several.
        end_time: when voting ends; None is never, or not said.
        closed: since when no votes are taken; may lie in the future.
        is_closed: its server says that it is over, without saying since when.
        voters_count: how many people voted; None if it is not said.
    """

    options: tuple[Option, ...]
    multiple: bool = False
    end_time: datetime | None = None
    closed: datetime | None = None
    is_closed: bool = False
    voters_count: int | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read the poll of a Question; of many options the first `limits.POLL_OPTIONS_MAX` count.

        Raises:
            MalformedError: there is nothing to choose from.
        """
        doc = read.document(doc, "poll")
        multiple = bool(read.as_list(doc.get("anyOf"), 1))
        entries = read.as_list(doc.get("anyOf" if multiple else "oneOf"), limits.POLL_OPTIONS_MAX)
        options = tuple(found for entry in entries if (found := _read_option(entry)) is not None)
        if not options:
            raise MalformedError("oneOf and anyOf name nothing to choose", iri=read.one_id(doc.get("id")))
        return cls(
            options=options,
            multiple=multiple,
            end_time=read.instant(doc.get("endTime")),
            closed=read.instant(doc.get("closed")),
            is_closed=read.boolean(doc.get("closed")) or False,
            voters_count=_figure(doc.get("votersCount")),
        )

    def to_json(self) -> dict[str, Any]:
        """Render the fields that a Question adds to its Note."""
        options = [
            {
                "type": "Note",
                "name": option.name,
                "replies": {"type": "Collection", "totalItems": option.votes},
            }
            for option in self.options
        ]
        fields: dict[str, Any] = {
            "anyOf" if self.multiple else "oneOf": options,
            "endTime": None if self.end_time is None else read.rfc3339(self.end_time),
            "closed": (self.is_closed or None) if self.closed is None else read.rfc3339(self.closed),
            "votersCount": self.voters_count,
        }
        return {key: value for key, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One choice of somebody of ours, for the author of a poll elsewhere.

    It is written without `content`, which is how GoToSocial and Pleroma tell it from a post.

    Args:
        id: its identifier.
        attributed_to: who votes.
        name: the chosen option's text, exactly.
        in_reply_to: the Question.
        to: its author, and nobody else.
    """

    id: str
    attributed_to: str
    name: str
    in_reply_to: str
    to: tuple[str, ...]

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded in its Create."""
        doc: dict[str, Any] = {
            "id": self.id,
            "type": "Note",
            "name": self.name,
            "attributedTo": self.attributed_to,
            "inReplyTo": self.in_reply_to,
            "to": list(self.to),
        }
        return {"@context": context_for(doc), **doc} if context else doc


def _read_option(entry: object) -> Option | None:
    """Read one option; one without a text cannot be voted for, and is skipped."""
    if not isinstance(entry, Mapping):
        return None
    name, _ = read.language_text(entry, "name", OPTION_CHARS_MAX)
    if not name or not name.strip():
        return None
    replies = entry.get("replies")
    votes = _figure(replies.get("totalItems")) if isinstance(replies, Mapping) else None
    return Option(name=name, votes=votes or 0)


def _figure(value: object) -> int | None:
    """Read a number of votes or voters; more than can be is cut."""
    found = read.integer(value, maximum=limits.INTEGER_MAX)
    return None if found is None else min(found, VOTES_MAX)
