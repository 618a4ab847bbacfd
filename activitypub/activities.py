"""What actors do: Follow, Create, Undo and the others, read from and written to JSON.

All of them share an envelope (who, to whom, about what), so they share one class for it; a subclass adds its
own fields and says in which order its document is written. The object is kept as it came, as an identifier
and, where it was embedded, as the dict: whether an embedded copy may be believed depends on who signed it,
which is not known here. Types that we do not know become `Unknown`, a named case rather than an error,
because peers invent new ones.

Source: https://www.w3.org/TR/activitypub/#server-to-server-interactions; FEP-044f (QuoteRequest), FEP-c0e0
(EmojiReact); https://docs.gotosocial.org/en/latest/federation/interaction_controls/ (the other requests);
https://docs.joinmastodon.org/spec/activitypub/#supported-activities-for-statuses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Self, TypeAlias

from activitypub import limits, read
from activitypub.addressing import recipients
from activitypub.errors import MalformedError
from activitypub.objects.tag import Emoji, read_tags
from activitypub.vocab import context_for

__all__ = [
    "PARSERS",
    "Accept",
    "Activity",
    "Add",
    "Announce",
    "AnnounceRequest",
    "Block",
    "Create",
    "Delete",
    "EmojiReact",
    "Envelope",
    "Flag",
    "Follow",
    "Like",
    "LikeRequest",
    "Move",
    "Parser",
    "QuoteRequest",
    "Reject",
    "Remove",
    "ReplyRequest",
    "Request",
    "Undo",
    "Unknown",
    "Update",
    "parse",
]

# Longest comment of a report in characters; Mastodon cuts there.
FLAG_CONTENT_CHARS_MAX: Final = 5000
# Longest reaction in characters: one emoji with all its joiners, or a custom emoji's name in colons.
REACTION_CHARS_MAX: Final = 2050
# Most reported things kept of one report: an account and some of its posts.
FLAG_OBJECTS_MAX: Final = 100

_USUAL_ORDER: Final = ("id", "type", "actor", "published", "to", "cc", "object")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every activity carries.

    Args:
        id: its identifier. Some peers leave it out of Accept, Add and Remove; then it cannot be deduplicated
            by id.
        actor: who does it. Nothing is proven by it until it has been compared with the signer.
        object_id: the identifier of what it is about; None only where an embedded object has none.
        object_doc: the embedded object, if it was embedded.
        to, cc: whom it is addressed to, Public in full.
        published: when.
    """

    # Wire names in the order they are written; also the only fields that are written.
    ORDER: ClassVar[tuple[str, ...]] = _USUAL_ORDER
    # Whether an object without an identifier will do.
    OBJECT_MAY_BE_ANONYMOUS: ClassVar[bool] = False

    id: str | None = None
    actor: str
    object_id: str | None
    object_doc: read.Doc | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    published: datetime | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read an activity of this type.

        `actor` and `object` may be an identifier, an object with one, or a list of which the first usable
        entry counts.

        Raises:
            MalformedError: something required is missing or unusable; the message names the field.
        """
        doc = read.document(doc, "activity")
        object_id, object_doc = _require_object(doc, may_be_anonymous=cls.OBJECT_MAY_BE_ANONYMOUS)
        return cls(
            id=read.http_iri(doc.get("id")),
            actor=read.require_http_iri(doc, "actor"),
            object_id=object_id,
            object_doc=object_doc,
            to=recipients(doc.get("to")),
            cc=recipients(doc.get("cc")),
            published=read.instant(doc.get("published")),
            **cls._own_fields(doc),
        )

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:  # noqa: ARG003 - for subclasses
        """Read the fields that only this type has, as constructor arguments."""
        return {}

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded in another activity."""
        values: dict[str, Any] = {
            "id": self.id,
            "type": type(self).__name__,
            "actor": self.actor,
            "published": None if self.published is None else read.rfc3339(self.published),
            "to": list(self.to) or None,
            "cc": list(self.cc) or None,
            "object": self.object_id if self.object_doc is None else dict(self.object_doc),
        } | self._own_json()
        doc = {field: values[field] for field in self.ORDER if values[field] is not None}
        return {"@context": context_for(doc), **doc} if context else doc

    def _own_json(self) -> dict[str, Any]:
        """Render the fields that only this type has, by wire name."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _About(Envelope):
    """An activity whose object always has an identifier."""

    object_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answering(Envelope):
    """An activity about another one: Undo, Accept, Reject. It is embedded: Mastodon finds few by id."""

    OBJECT_MAY_BE_ANONYMOUS: ClassVar[bool] = True

    def inner(self) -> "Activity | Unknown | None":
        """Parse the embedded activity; None if only its identifier was given.

        Raises:
            MalformedError: it is malformed.
        """
        return None if self.object_doc is None else parse(self.object_doc)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targeting(_About):
    """An activity that leads somewhere: Move, Add, Remove."""

    ORDER: ClassVar[tuple[str, ...]] = ("id", "type", "actor", "object", "target", "to", "cc")

    target: str

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        return {"target": read.require_http_iri(doc, "target")}

    def _own_json(self) -> dict[str, Any]:
        return {"target": self.target}


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(_About):
    """Publish an object; its document should be embedded.

    Args:
        others: further embedded objects: GoToSocial sends all votes of one voter in a poll at once.
    """

    others: tuple[read.Doc, ...] = ()

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        entries = read.as_list(doc.get("object"), limits.POLL_OPTIONS_MAX)
        embedded = [entry for entry in entries if isinstance(entry, Mapping) and read.http_iri(entry)]
        return {"others": tuple(embedded[1:])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_About):
    """Publish a new version of an object or of the actor itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_About):
    """Withdraw an object, or the actor itself; the object is an id or a Tombstone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow(_About):
    """Ask to receive what an actor publishes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(_Answering):
    """Agree to a Follow or a request.

    Args:
        result: the stamp that a request was answered with (FEP-044f).
    """

    ORDER: ClassVar[tuple[str, ...]] = (*_USUAL_ORDER, "result")

    result: str | None = None

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        return {"result": read.http_iri(doc.get("result"))}

    def _own_json(self) -> dict[str, Any]:
        return {"result": self.result}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject(_Answering):
    """Decline a Follow or a request, or end what was accepted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(_Answering):
    """Take back an activity of one's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce(_About):
    """Pass a post on to one's own followers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(_About):
    """Like a post; with `content`, react to it with an emoji as Misskey does.

    Args:
        content: the emoji, or `:name:` of a custom one.
        emoji: the custom emoji, if the document brings it along.
    """

    ORDER: ClassVar[tuple[str, ...]] = (*_USUAL_ORDER, "content", "tag")

    content: str | None = None
    emoji: Emoji | None = None

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        said = (read.text(doc.get(field), REACTION_CHARS_MAX) for field in ("content", "_misskey_reaction"))
        return {"content": next(filter(None, said), None), "emoji": _first_emoji(doc)}

    def _own_json(self) -> dict[str, Any]:
        return {"content": self.content, "tag": None if self.emoji is None else [self.emoji.to_json()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiReact(_About):
    """React to a post with an emoji (FEP-c0e0); the fields are those of Like, but an emoji is required."""

    ORDER: ClassVar[tuple[str, ...]] = (*_USUAL_ORDER, "content", "tag")

    content: str
    emoji: Emoji | None = None

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        content = read.text(doc.get("content"), REACTION_CHARS_MAX)
        if not content:
            raise MalformedError(
                "content is missing: a reaction needs an emoji", iri=read.one_id(doc.get("id"))
            )
        return {"content": content, "emoji": _first_emoji(doc)}

    def _own_json(self) -> dict[str, Any]:
        return {"content": self.content, "tag": None if self.emoji is None else [self.emoji.to_json()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(_About):
    """Refuse all dealings with an actor."""

    ORDER: ClassVar[tuple[str, ...]] = ("id", "type", "actor", "object", "to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(_About):
    """Report an account and posts of it to their server.

    Args:
        object_ids: everything that is reported; `object_id` is the first.
        content: why, as plain text.
    """

    ORDER: ClassVar[tuple[str, ...]] = ("id", "type", "actor", "content", "object", "to")

    object_ids: tuple[str, ...] = ()
    content: str = ""

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        content = read.text(doc.get("content"), FLAG_CONTENT_CHARS_MAX) or ""
        return {"object_ids": read.many_ids(doc.get("object"), FLAG_OBJECTS_MAX), "content": content}

    def _own_json(self) -> dict[str, Any]:
        return {"object": list(self.object_ids) or self.object_id, "content": self.content}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(_Targeting):
    """Declare that the actor (the object) lives at `target` from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(_Targeting):
    """Put an object into a collection of one's own (`target`), such as the pinned posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(_Targeting):
    """Take an object out of a collection of one's own (`target`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Requesting(_About):
    """An activity that asks the author of a post (the object) for leave to do something with it.

    Args:
        instrument: identifier of what is to be allowed: the quoting post, the answer, the Like, the Announce.
        instrument_doc: the same, if it was embedded.
    """

    ORDER: ClassVar[tuple[str, ...]] = ("id", "type", "actor", "to", "object", "instrument")

    instrument: str
    instrument_doc: read.Doc | None = None

    @classmethod
    def _own_fields(cls, doc: read.Doc) -> dict[str, Any]:
        instrument = doc.get("instrument")
        embedded = instrument if isinstance(instrument, Mapping) else None
        return {"instrument": read.require_http_iri(doc, "instrument"), "instrument_doc": embedded}

    def _own_json(self) -> dict[str, Any]:
        return {"instrument": self.instrument if self.instrument_doc is None else dict(self.instrument_doc)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest(_Requesting):
    """Ask to quote (FEP-044f)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeRequest(_Requesting):
    """Ask to like, as GoToSocial does where a post's policy does not allow it to everyone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest(_Requesting):
    """Ask to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceRequest(_Requesting):
    """Ask to pass on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An activity of a type that we do not handle: recorded, and otherwise ignored."""

    type: str
    id: str | None = None
    actor: str | None = None


Activity: TypeAlias = (
    Accept
    | Add
    | Announce
    | AnnounceRequest
    | Block
    | Create
    | Delete
    | EmojiReact
    | Flag
    | Follow
    | Like
    | LikeRequest
    | Move
    | QuoteRequest
    | Reject
    | Remove
    | ReplyRequest
    | Undo
    | Update
)
Request: TypeAlias = AnnounceRequest | LikeRequest | QuoteRequest | ReplyRequest
Parser: TypeAlias = Callable[[read.Doc], Activity]

PARSERS: Final[Mapping[str, Parser]] = {
    "Accept": Accept.from_json,
    "Add": Add.from_json,
    "Announce": Announce.from_json,
    "AnnounceRequest": AnnounceRequest.from_json,
    "Block": Block.from_json,
    "Create": Create.from_json,
    "Delete": Delete.from_json,
    "EmojiReact": EmojiReact.from_json,
    "Flag": Flag.from_json,
    "Follow": Follow.from_json,
    "Like": Like.from_json,
    "LikeRequest": LikeRequest.from_json,
    "Move": Move.from_json,
    "QuoteRequest": QuoteRequest.from_json,
    "Reject": Reject.from_json,
    "Remove": Remove.from_json,
    "ReplyRequest": ReplyRequest.from_json,
    "Undo": Undo.from_json,
    "Update": Update.from_json,
}


def parse(doc: read.Doc) -> Activity | Unknown:
    """Read an activity by its type; of several types the first that we know counts.

    Raises:
        MalformedError: it has no type, or something that its type requires is missing.
    """
    doc = read.document(doc, "activity")
    kinds = read.types(doc)
    if not kinds:
        raise MalformedError("type is missing", iri=read.one_id(doc.get("id")))
    parser = next((PARSERS[kind] for kind in kinds if kind in PARSERS), None)
    if parser is None:
        return Unknown(type=kinds[0], id=read.http_iri(doc.get("id")), actor=read.http_iri(doc.get("actor")))
    return parser(doc)


def _require_object(doc: read.Doc, *, may_be_anonymous: bool) -> tuple[str | None, read.Doc | None]:
    """Read `object`: its identifier, and its document if it is embedded.

    An embedded object without a usable identifier is malformed, unless anonymous objects will do; then it has
    to say at least what it is.
    """
    entries = [entry for entry in read.as_list(doc.get("object")) if isinstance(entry, (str, Mapping))]
    for entry in entries:
        object_id = read.http_iri(entry)
        object_doc = entry if isinstance(entry, Mapping) else None
        if object_id is not None or (may_be_anonymous and object_doc is not None and read.types(object_doc)):
            return object_id, object_doc
    raise MalformedError("object is missing or has no http(s) identifier", iri=read.one_id(doc.get("id")))


def _first_emoji(doc: read.Doc) -> Emoji | None:
    """Find the custom emoji that a reaction brings along in `tag`."""
    return next((tag for tag in read_tags(doc.get("tag")) if isinstance(tag, Emoji)), None)
