"""A post: Note, Question, and what other software publishes instead of one.

A Question is a Note with a poll (`objects.question`). Article, Page, Image, Video, Audio and Event are read
into the same class with their `type` kept, to be shown as title, text and link. `to_json` writes the fields
in the order that Mastodon's serialiser made usual, with `to` and `cc` always lists and Public always in full.

Source: https://docs.joinmastodon.org/spec/activitypub/#Status; FEP-044f (quotes), FEP-7888 (`context`),
FEP-fe34 (`attributedTo`); PieFed's `genAI`; https://schema.org/digitalSourceType.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from activitypub import limits, read
from activitypub.addressing import Visibility, recipients, visibility_of
from activitypub.errors import MalformedError
from activitypub.objects.actor import Application
from activitypub.objects.attachment import Attachment, read_attachments
from activitypub.objects.collection import Tally
from activitypub.objects.policy import InteractionPolicy
from activitypub.objects.question import Poll
from activitypub.objects.tag import Hashtag, Mention, Tag, read_tags
from activitypub.vocab import ACTOR_TYPES, CONVERTED_TYPES, POST_TYPES, context_for

__all__ = ["NOTE_TYPES", "Note"]

NOTE_TYPES: Final = CONVERTED_TYPES | POST_TYPES

# FEP-044f's name first, then what Misskey, Fedibird and Pleroma call the same.
_QUOTE_FIELDS: Final = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A post, as far as we use its document.

    Args:
        id: its identifier.
        attributed_to: its author's identifier.
        type: Note, Question, or one of `vocab.CONVERTED_TYPES`.
        name: the title of an Article, Page, Video, …; of a Note, the answer of a poll vote.
        content: HTML, not yet sanitised; empty if there is none.
        language: BCP 47, of `content`.
        summary: content warning, text.
        sensitive: its media are to be hidden at first.
        in_reply_to: the post that it answers.
        url: its page for browsers.
        to, cc: whom it is addressed to, Public in full.
        published, updated: aware times.
        conversation, context: identifiers of the thread; any string.
        attachments: media.
        tags: mentions, hashtags, emoji, links.
        replies: the collection of its replies.
        likes, shares: collection and count, as its server tells.
        policy: what others may do with it.
        quote: the post that it quotes; `quote_authorization` is the quoted author's stamp.
        digital_source_type: IPTC's IRI for how its pictures were made.
        gen_ai: it is marked as made with AI in PieFed's way.
        generator: the software or model that made it.
        poll: what a Question asks; None for everything else, and for a Question without usable options.
    """

    id: str
    attributed_to: str
    type: str = "Note"
    name: str | None = None
    content: str = ""
    language: str | None = None
    summary: str | None = None
    sensitive: bool = False
    in_reply_to: str | None = None
    url: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    conversation: str | None = None
    context: str | None = None
    attachments: tuple[Attachment, ...] = ()
    tags: tuple[Tag, ...] = ()
    replies: str | None = None
    likes: Tally | None = None
    shares: Tally | None = None
    policy: InteractionPolicy | None = None
    quote: str | None = None
    quote_authorization: str | None = None
    digital_source_type: str | None = None
    gen_ai: bool = False
    generator: Application | None = None
    poll: Poll | None = None

    @property
    def is_converted(self) -> bool:
        """Whether it is to be shown as title, text and link: neither a Note nor a poll that can be shown."""
        return self.type in CONVERTED_TYPES or (self.type == "Question" and self.poll is None)

    @property
    def is_vote(self) -> bool:
        """Whether it is an answer to a poll, which is a Note with a name, a question and no text."""
        return self.type == "Note" and bool(self.name) and self.in_reply_to is not None and not self.content

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The mentions among its tags."""
        return tuple(tag for tag in self.tags if isinstance(tag, Mention))

    @property
    def hashtags(self) -> tuple[Hashtag, ...]:
        """The hashtags among its tags."""
        return tuple(tag for tag in self.tags if isinstance(tag, Hashtag))

    def visibility(self, *, followers: str | None) -> Visibility:
        """Tell who may see it, given its author's followers collection."""
        return visibility_of(self.to, self.cc, followers=followers)

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a post.

        Required are `id`, one of the known types, and `attributedTo` (or `actor`, as old Pleroma had it): a
        string, an object, or a list, of which the first Person counts, or else the first actor (PeerTube
        names the account and the channel). Anything else that is odd is read as absent.

        Raises:
            MalformedError: something required is missing or unusable; the message names the field.
        """
        doc = read.document(doc, "post")
        iri = read.require_http_iri(doc, "id")
        kind = next((entry for entry in read.types(doc) if entry in NOTE_TYPES), None)
        if kind is None:
            raise MalformedError("type is not that of a post", iri=iri)
        author = _author(doc.get("attributedTo", doc.get("actor")))
        if author is None:
            raise MalformedError("attributedTo is missing or is not an http(s) identifier", iri=iri)
        content, language = read.language_text(doc, "content")
        name, _ = read.language_text(doc, "name", limits.NAME_CHARS_MAX)
        summary, _ = read.language_text(doc, "summary")
        quote = next((found for field in _QUOTE_FIELDS if (found := read.http_iri(doc.get(field)))), None)
        return cls(
            id=iri,
            attributed_to=author,
            type=kind,
            name=name,
            content=content or "",
            language=language,
            summary=summary or None,
            sensitive=read.boolean(doc.get("sensitive")) or False,
            in_reply_to=read.http_iri(doc.get("inReplyTo")),
            url=read.page_url(doc.get("url")),
            to=recipients(doc.get("to")),
            cc=recipients(doc.get("cc")),
            published=read.instant(doc.get("published")),
            updated=read.instant(doc.get("updated")),
            conversation=read.one_id(doc.get("conversation")),
            context=read.one_id(doc.get("context")),
            attachments=read_attachments(doc.get("attachment")),
            tags=read_tags(doc.get("tag")),
            replies=read.one_id(doc.get("replies")),
            likes=Tally.from_json(doc.get("likes")),
            shares=Tally.from_json(doc.get("shares")),
            policy=InteractionPolicy.from_json(doc.get("interactionPolicy")),
            quote=quote,
            quote_authorization=read.http_iri(doc.get("quoteAuthorization")),
            digital_source_type=read.http_iri(doc.get("digitalSourceType")),
            gen_ai=read.boolean(doc.get("genAI")) or False,
            generator=Application.from_json(doc.get("generator")),
            poll=_poll(doc) if kind == "Question" else None,
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded in an activity."""
        doc: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.name is not None:
            doc["name"] = self.name
        doc["attributedTo"] = self.attributed_to
        if self.published is not None:
            doc["published"] = read.rfc3339(self.published)
        if self.url is not None:
            doc["url"] = self.url
        doc |= {
            "to": list(self.to),
            "cc": list(self.cc),
            "sensitive": self.sensitive,
            "summary": self.summary,
            "inReplyTo": self.in_reply_to,
            "content": self.content,  # a string even if empty: Pixelfed requires it
        }
        if self.language is not None:
            doc["contentMap"] = {self.language: self.content}
        rest = self._quote_json() | {
            "conversation": self.conversation,
            "context": self.context,
            "attachment": [entry.to_json() for entry in self.attachments],
            "tag": [entry.to_json() for entry in self.tags],
            "replies": None if self.replies is None else _replies_json(self.replies),
            "likes": None if self.likes is None else self.likes.to_json(),
            "shares": None if self.shares is None else self.shares.to_json(),
            "interactionPolicy": None if self.policy is None else self.policy.to_json(),
            "digitalSourceType": self.digital_source_type,
            "genAI": self.gen_ai or None,
            "generator": None if self.generator is None else self.generator.to_json(),
            "updated": None if self.updated is None else read.rfc3339_exact(self.updated),
            **({} if self.poll is None else self.poll.to_json()),
        }
        doc |= {key: value for key, value in rest.items() if value is not None}
        return {"@context": context_for(doc), **doc} if context else doc

    def _quote_json(self) -> dict[str, Any]:
        """Name the quoted post in the three ways that peers look for (FEP-044f, Misskey, Fedibird)."""
        quoted = {"quote": self.quote, "_misskey_quote": self.quote, "quoteUri": self.quote}
        return {**quoted, "quoteAuthorization": self.quote_authorization}


def _poll(doc: read.Doc) -> Poll | None:
    try:
        return Poll.from_json(doc)
    except MalformedError:
        return None


def _author(value: object) -> str | None:
    """Choose the author: the first person, else the first plain identifier or object with one."""
    entries = read.as_list(value, items_max=32)
    people = [entry for entry in entries if isinstance(entry, Mapping) and "Person" in read.types(entry)]
    others = [entry for entry in entries if not isinstance(entry, Mapping) or _may_author(entry)]
    found = (read.http_iri(entry) for entry in [*people, *others] if not isinstance(entry, (list, tuple)))
    return next((entry for entry in found if entry is not None), None)


def _may_author(doc: read.Doc) -> bool:
    """Whether an embedded author is untyped or an actor; a Group counts when no Person stands beside it."""
    kinds = read.types(doc)
    return not kinds or any(kind in ACTOR_TYPES for kind in kinds)


def _replies_json(iri: str) -> dict[str, Any]:
    """Render the replies as Mastodon does: an embedded empty first page that leads to the first real one."""
    page = {"type": "CollectionPage", "next": f"{iri}?page=true", "partOf": iri, "items": []}
    return {"id": iri, "type": "Collection", "first": page}
