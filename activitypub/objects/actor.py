"""Someone who acts: a person, a bot, a group, or a server.

The lowest common actor that every peer takes has AS2 and security/v1 in its context, `id`, `type`,
`preferredUsername`, `inbox`, and `publicKey` as one object (a list stops snac). Coming in, more shapes
are understood than go out, and every limit on size is that of Mastodon's FEDERATION.md: names and texts are
cut, a user name that is too long refuses the actor.

Source: https://www.w3.org/TR/activitypub/#actor-objects; https://docs.joinmastodon.org/spec/activitypub/#Actor;
FEP-521a (Multikey), FEP-2c59 (`webfinger`), FEP-844e (`implements`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from activitypub import limits, read
from activitypub.errors import MalformedError
from activitypub.objects.policy import InteractionPolicy
from activitypub.objects.tag import Tag, read_tags
from activitypub.origin import same_origin
from activitypub.vocab import ACTOR_TYPES, context_for

__all__ = ["Actor", "Application", "ClientEndpoints", "Field", "Multikey", "Picture", "PublicKey"]

# Not in any user name: what would end it in a handle, a path or a line of text. What cannot be
# printed is refused besides.
_NOT_IN_NAMES: Final = re.compile(r'[\s@/\\:?#%<>"]')
# Bidirectional overrides and invisible characters let one display name pass for another. The joiners
# U+200C and U+200D stay: Persian and emoji need them.
_MASKING: Final = re.compile("[\x00-\x1f\x7f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key of `publicKey`: its id, whose it is, the PEM text, and when it is over, if ever."""

    id: str
    owner: str
    pem: str
    expires: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it for an actor document."""
        return {"id": self.id, "owner": self.owner, "publicKeyPem": self.pem}


@dataclass(frozen=True, slots=True, kw_only=True)
class Multikey:
    """A key of `assertionMethod`: its id, whose it is, its multibase text, and when it is over, if ever."""

    id: str
    controller: str
    multibase: str
    expires: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it for an actor document."""
        doc = {"id": self.id, "type": "Multikey", "controller": self.controller}
        return {**doc, "publicKeyMultibase": self.multibase}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An avatar or a header: its address, media type, and what it shows (empty: decoration)."""

    url: str
    media_type: str | None = None
    alt: str | None = None

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read an address, an Image, or a list (the first usable one); None if there is none."""
        for entry in read.as_list(value, items_max=10):
            found = read.links(entry.get("url", entry.get("href")) if isinstance(entry, Mapping) else entry)
            if found:
                doc: read.Doc = entry if isinstance(entry, Mapping) else {}
                kind = read.media_type(doc.get("mediaType")) or found[0].media_type
                alt = read.text(doc.get("summary"), limits.ALT_TEXT_CHARS_MAX)
                alt = alt or read.text(doc.get("name"), limits.ALT_TEXT_CHARS_MAX) or alt
                return cls(url=found[0].href, media_type=kind, alt=alt)
        return None

    def to_json(self) -> dict[str, Any]:
        """Render it as an Image with both spellings of the alternative text."""
        doc: dict[str, Any] = {"type": "Image"}
        if self.media_type is not None:
            doc["mediaType"] = self.media_type
        doc["url"] = self.url
        return doc if self.alt is None else {**doc, "name": self.alt, "summary": self.alt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A line of a profile: a name in plain text and a value in HTML."""

    name: str
    value: str

    def to_json(self) -> dict[str, Any]:
        """Render it as a PropertyValue."""
        return {"type": "PropertyValue", "name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The `generator` of an actor or a post: the software or the model behind it.

    Args:
        name: for people.
        id: its actor, if it has one.
        url: its page.
        implements: (address, name) of specifications that it keeps (FEP-844e).
    """

    name: str | None = None
    id: str | None = None
    url: str | None = None
    implements: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read an object or an identifier; None if it is neither."""
        if not isinstance(value, Mapping):
            iri = read.http_iri(value)
            return None if iri is None else cls(id=iri)
        return cls(
            name=_name_of(value),
            id=read.http_iri(value.get("id")),
            url=read.page_url(value.get("url")),
            implements=_read_implements(value.get("implements")),
        )

    def to_json(self) -> dict[str, Any]:
        """Render it; what is None or empty is left out."""
        implements = _write_implements(self.implements)
        doc = {"id": self.id, "url": self.url, "name": self.name, "implements": implements}
        return {"type": "Application", **{key: value for key, value in doc.items() if value is not None}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEndpoints:
    """Where an actor's own applications go (ActivityPub section 4.1; SocialCG's media upload)."""

    oauth_authorization: str
    oauth_token: str
    proxy: str
    upload_media: str

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read them from `endpoints`; None unless all four are there."""
        doc: read.Doc = value if isinstance(value, Mapping) else {}
        names = ("oauthAuthorizationEndpoint", "oauthTokenEndpoint", "proxyUrl", "uploadMedia")
        found = [iri for name in names if (iri := read.http_iri(doc.get(name))) is not None]
        if len(found) < len(names):
            return None
        return cls(oauth_authorization=found[0], oauth_token=found[1], proxy=found[2], upload_media=found[3])

    def to_json(self) -> dict[str, str]:
        """Render them as members of `endpoints`."""
        return {
            "oauthAuthorizationEndpoint": self.oauth_authorization,
            "oauthTokenEndpoint": self.oauth_token,
            "proxyUrl": self.proxy,
            "uploadMedia": self.upload_media,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An actor, as far as we use its document.

    Args:
        id: its identifier.
        type: Person, Service, Group, Application or Organization.
        username: the name in its handle.
        inbox: where deliveries go; on the same origin as `id`.
        webfinger: its handle `user@host` as it says itself, to be confirmed by a look-up.
        name: display name, plain text.
        summary: biography, HTML, not yet sanitised.
        url: its page for browsers.
        shared_inbox: one inbox for all actors of its server.
        client_endpoints: for the actor's own applications.
        manually_approves_followers: a Follow waits for its answer.
        discoverable: may be suggested; absence counts as no.
        indexable: its posts may be searched; absence counts as no.
        public_keys: keys that sign its requests.
        assertion_methods: keys that sign its documents.
        icon: avatar.
        image: header.
        generator: the software that speaks for it, and what that keeps to.
        implements: (address, name) of specifications, where the actor is the software itself (FEP-844e).
        policy: what others may do with the actor itself (FEP-7aa9).
    """

    id: str
    type: str
    username: str
    inbox: str
    webfinger: str | None = None
    name: str | None = None
    summary: str | None = None
    url: str | None = None
    outbox: str | None = None
    followers: str | None = None
    following: str | None = None
    featured: str | None = None
    featured_tags: str | None = None
    shared_inbox: str | None = None
    client_endpoints: ClientEndpoints | None = None
    published: datetime | None = None
    manually_approves_followers: bool = False
    discoverable: bool = False
    indexable: bool = False
    memorial: bool = False
    suspended: bool = False
    attribution_domains: tuple[str, ...] = ()
    moved_to: str | None = None
    also_known_as: tuple[str, ...] = ()
    public_keys: tuple[PublicKey, ...] = ()
    assertion_methods: tuple[Multikey, ...] = ()
    icon: Picture | None = None
    image: Picture | None = None
    fields: tuple[Field, ...] = ()
    tags: tuple[Tag, ...] = ()
    generator: Application | None = None
    implements: tuple[tuple[str, str | None], ...] = ()
    policy: InteractionPolicy | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read an actor document.

        Required are `id`, one of the five types, `inbox` on the same origin as `id`, and a user name:
        `preferredUsername`, or the part of `webfinger` before the `@`. Anything else that is odd is read as
        absent. Collections that claim to live on another origin are too.

        Raises:
            MalformedError: something required is missing or unusable; the message names the field.
        """
        doc = read.document(doc, "actor")
        iri = read.require_http_iri(doc, "id")
        kind = next((entry for entry in read.types(doc) if entry in ACTOR_TYPES), None)
        if kind is None:
            raise MalformedError("type is not that of an actor", iri=iri)
        inbox = read.require_http_iri(doc, "inbox")
        if not same_origin(inbox, iri):
            # Otherwise anyone could have us POST to a third server.
            raise MalformedError("inbox is on another origin than id", iri=iri)
        handle = read.text(doc.get("webfinger"), limits.USERNAME_CHARS_MAX)
        endpoints = doc.get("endpoints")
        shared = endpoints.get("sharedInbox") if isinstance(endpoints, Mapping) else None
        return cls(
            id=iri,
            type=kind,
            username=_require_username(doc, handle, iri),
            inbox=inbox,
            webfinger=None if handle is None else handle.removeprefix("acct:"),
            name=_display_name(doc),
            summary=_summary(doc),
            url=read.page_url(doc.get("url")),
            outbox=_own(doc, "outbox", iri),
            followers=_own(doc, "followers", iri),
            following=_own(doc, "following", iri),
            featured=_own(doc, "featured", iri),
            featured_tags=_own(doc, "featuredTags", iri),
            shared_inbox=read.http_iri(shared),
            client_endpoints=ClientEndpoints.from_json(endpoints),
            published=read.instant(doc.get("published")),
            manually_approves_followers=read.boolean(doc.get("manuallyApprovesFollowers")) or False,
            discoverable=read.boolean(doc.get("discoverable")) or False,
            indexable=read.boolean(doc.get("indexable")) or False,
            memorial=read.boolean(doc.get("memorial")) or False,
            suspended=read.boolean(doc.get("suspended")) or False,
            attribution_domains=read.many_ids(doc.get("attributionDomains"), limits.ALIASES_MAX),
            moved_to=read.http_iri(doc.get("movedTo")),
            also_known_as=read.many_ids(doc.get("alsoKnownAs"), limits.ALIASES_MAX),
            public_keys=_public_keys(doc.get("publicKey")),
            assertion_methods=_multikeys(doc.get("assertionMethod")),
            icon=Picture.from_json(doc.get("icon")),
            image=Picture.from_json(doc.get("image")),
            fields=_fields(doc.get("attachment")),
            tags=read_tags(doc.get("tag")),
            generator=Application.from_json(doc.get("generator")),
            implements=_read_implements(doc.get("implements")),
            policy=InteractionPolicy.from_json(doc.get("interactionPolicy")),
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded in an activity.

        The first public key goes out alone, as an object: snac reads no list.
        """
        endpoints = {} if self.shared_inbox is None else {"sharedInbox": self.shared_inbox}
        endpoints |= {} if self.client_endpoints is None else self.client_endpoints.to_json()
        doc: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "webfinger": self.webfinger,
            "preferredUsername": self.username,
            "name": self.name,
            "summary": self.summary,
            "url": self.url,
            "inbox": self.inbox,
            "outbox": self.outbox,
            "followers": self.followers,
            "following": self.following,
            "featured": self.featured,
            "featuredTags": self.featured_tags,
            "endpoints": endpoints or None,
            "published": None if self.published is None else read.rfc3339(self.published),
            "manuallyApprovesFollowers": self.manually_approves_followers,
            "discoverable": self.discoverable,
            "indexable": self.indexable,
            "memorial": self.memorial or None,
            "suspended": self.suspended or None,
            "attributionDomains": list(self.attribution_domains) or None,
            "movedTo": self.moved_to,
            "alsoKnownAs": list(self.also_known_as),
            "publicKey": self.public_keys[0].to_json() if self.public_keys else None,
            "assertionMethod": [key.to_json() for key in self.assertion_methods] or None,
            "icon": None if self.icon is None else self.icon.to_json(),
            "image": None if self.image is None else self.image.to_json(),
            "attachment": [entry.to_json() for entry in self.fields],
            "tag": [entry.to_json() for entry in self.tags],
            "generator": None if self.generator is None else self.generator.to_json(),
            "implements": _write_implements(self.implements),
            "interactionPolicy": None if self.policy is None else self.policy.to_json(),
        }
        doc = {key: value for key, value in doc.items() if value is not None}
        return {"@context": context_for(doc), **doc} if context else doc


def _read_implements(value: object) -> tuple[tuple[str, str | None], ...]:
    entries = read.as_list(value, items_max=32)
    found = ((read.http_iri(entry), _name_of(entry)) for entry in entries)
    return tuple((href, name) for href, name in found if href is not None)


def _write_implements(entries: tuple[tuple[str, str | None], ...]) -> list[dict[str, str]] | None:
    return [{"href": href} | ({} if name is None else {"name": name}) for href, name in entries] or None


def _require_username(doc: read.Doc, handle: str | None, iri: str) -> str:
    """Find the user name, and refuse one that cannot stand in a handle."""
    name = doc.get("preferredUsername")
    if name is None and handle is not None:
        name = handle.removeprefix("acct:").removeprefix("@").partition("@")[0]
    # A language map is read too: `preferredUsernameMap` exists in old Mobilizon documents.
    name = read.text(name, limits.USERNAME_CHARS_MAX + 1)
    fits = name is not None and 0 < len(name) <= limits.USERNAME_CHARS_MAX and name.isprintable()
    if name is None or not fits or _NOT_IN_NAMES.search(name):
        raise MalformedError("preferredUsername is missing, too long, or cannot stand in a handle", iri=iri)
    return name


def _display_name(doc: read.Doc) -> str | None:
    """Read `name`, or the first of `nameMap`, without the characters that disguise one name as another."""
    name, _ = read.language_text(doc, "name", limits.NAME_CHARS_MAX)
    return None if name is None else _MASKING.sub("", name).strip()


def _summary(doc: read.Doc) -> str | None:
    """Read `summary`, or the first of `summaryMap`, cut to the number of UTF-8 bytes that Mastodon keeps."""
    summary, _ = read.language_text(doc, "summary", limits.SUMMARY_BYTES_MAX)
    if summary is None:
        return None
    cut = summary.encode("utf-8", "surrogatepass")[: limits.SUMMARY_BYTES_MAX]
    return cut.decode("utf-8", "ignore")


def _own(doc: read.Doc, field: str, iri: str) -> str | None:
    """Read a collection of the actor's own: nobody may claim a list that another server keeps."""
    found = read.http_iri(doc.get(field))
    return found if found is not None and same_origin(found, iri) else None


def _is_over(key: read.Doc) -> bool:
    """Tell whether a key was taken back, or was to be used until a time that has passed.

    A revocation counts from when it is seen: nobody announces one for later.

    Source: W3C Controlled Identifiers 1.0, section 2.2.2 (Multikey).
    """
    expires = read.instant(key.get("expires"))
    return key.get("revoked") is not None or (expires is not None and expires <= datetime.now(UTC))


def _public_keys(value: object) -> tuple[PublicKey, ...]:
    """Read `publicKey`: one object or a list; entries without id, owner or PEM text, or over, are skipped."""
    found: list[PublicKey] = []
    for entry in read.as_list(value, limits.KEYS_PER_ACTOR_MAX):
        if not isinstance(entry, Mapping) or _is_over(entry):
            continue
        iri, owner = (
            read.http_iri(entry.get("id")),
            read.http_iri(entry.get("owner", entry.get("controller"))),
        )
        pem = entry.get("publicKeyPem")
        if iri and owner and isinstance(pem, str) and 0 < len(pem) <= limits.PUBLIC_KEY_PEM_CHARS_MAX:
            found.append(PublicKey(id=iri, owner=owner, pem=pem, expires=read.instant(entry.get("expires"))))
    return tuple(found)


def _multikeys(value: object) -> tuple[Multikey, ...]:
    """Read `assertionMethod`: a Multikey or a list; references, other kinds and what is over are skipped."""
    found: list[Multikey] = []
    for entry in read.as_list(value, limits.KEYS_PER_ACTOR_MAX):
        if not isinstance(entry, Mapping) or "Multikey" not in read.types(entry) or _is_over(entry):
            continue
        iri, controller = read.http_iri(entry.get("id")), read.http_iri(entry.get("controller"))
        multibase = entry.get("publicKeyMultibase")
        if (
            iri
            and controller
            and isinstance(multibase, str)
            and 0 < len(multibase) <= limits.MULTIBASE_CHARS_MAX
        ):
            expires = read.instant(entry.get("expires"))
            found.append(Multikey(id=iri, controller=controller, multibase=multibase, expires=expires))
    return tuple(found)


def _fields(value: object) -> tuple[Field, ...]:
    """Read the PropertyValue entries of an actor's `attachment`; others (proofs, badges) are skipped."""
    found: list[Field] = []
    for entry in read.as_list(value):
        if len(found) == limits.FIELDS_MAX:
            break
        if not isinstance(entry, Mapping) or "PropertyValue" not in read.types(entry):
            continue
        name = read.text(entry.get("name"), limits.FIELD_CHARS_MAX)
        content = read.text(entry.get("value"), limits.FIELD_CHARS_MAX)
        if name is not None and content is not None:
            found.append(Field(name=name, value=content))
    return tuple(found)


def _name_of(value: object) -> str | None:
    """Read `name` of an object; None of anything else."""
    return read.text(value.get("name"), limits.NAME_CHARS_MAX) if isinstance(value, Mapping) else None
