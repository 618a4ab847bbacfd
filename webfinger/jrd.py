"""The JSON document that WebFinger answers with: a subject, its other names, and links.

Two links matter here: `self`, the ActivityPub actor, and the profile page. The type of `self` is checked,
because other protocols put their own documents under the same relation.

Source: RFC 7033 §4.4; https://docs.joinmastodon.org/spec/webfinger/; FEP-3b86 (activity intents).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from webfinger.acct import Acct
from webfinger.errors import MalformedAnswerError

__all__ = ["CONTENT_TYPE", "Jrd", "JrdLink", "actor_jrd"]

CONTENT_TYPE: Final = "application/jrd+json; charset=utf-8"

PROFILE_REL: Final = "http://webfinger.net/rel/profile-page"
AVATAR_REL: Final = "http://webfinger.net/rel/avatar"
SUBSCRIBE_REL: Final = "http://ostatus.org/schema/1.0/subscribe"
INTENT_REL: Final = "https://w3id.org/fep/3b86/"
OBJECT_INTENT_REL: Final = f"{INTENT_REL}Object"

_ACTIVITY_JSON: Final = "application/activity+json"
_LD_JSON: Final = "application/ld+json"
_AS_PROFILE: Final = "https://www.w3.org/ns/activitystreams"

# Most links and aliases kept of one answer; real ones hold about ten.
LINKS_MAX: Final = 100
# Longest string kept, in characters: the same as for identifiers elsewhere.
TEXT_CHARS_MAX: Final = 2048
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class JrdLink:
    """One link; it has an `href` or a `template`."""

    rel: str
    type: str | None = None
    href: str | None = None
    template: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Render it; what is None is left out."""
        doc = {"rel": self.rel, "type": self.type, "href": self.href, "template": self.template}
        return {key: value for key, value in doc.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Jrd:
    """A WebFinger answer.

    Args:
        subject: usually `acct:user@host`; None if the server gave none.
        aliases: other identifiers of the same subject.
        links: in the server's order.
    """

    subject: str | None = None
    aliases: tuple[str, ...] = ()
    links: tuple[JrdLink, ...] = ()

    @classmethod
    def from_json(cls, doc: object) -> Self:
        """Read a decoded JSON document; entries that cannot be used are skipped.

        Raises:
            MalformedAnswerError: it is no JSON object.
        """
        if not isinstance(doc, Mapping):
            raise MalformedAnswerError("the answer is not a JSON object")
        aliases = (_text(entry) for entry in _list(doc.get("aliases")))
        links = (_link(entry) for entry in _list(doc.get("links")))
        return cls(
            subject=_text(doc.get("subject")),
            aliases=tuple(entry for entry in aliases if entry is not None),
            links=tuple(entry for entry in links if entry is not None),
        )

    def to_json(self) -> dict[str, Any]:
        """Render it; serve it as `CONTENT_TYPE`."""
        doc: dict[str, Any] = {} if self.subject is None else {"subject": self.subject}
        if self.aliases:
            doc["aliases"] = list(self.aliases)
        doc["links"] = [link.to_json() for link in self.links]
        return doc

    def only(self, rels: Collection[str]) -> "Jrd":
        """Keep only links of the given relations, as a query with `rel` asks (RFC 7033 §4.3); none keeps all.

        Args:
            rels: every `rel` of the query.
        """
        if not rels:
            return self
        return Jrd(
            subject=self.subject,
            aliases=self.aliases,
            links=tuple(link for link in self.links if link.rel in rels),
        )

    @property
    def self_href(self) -> str | None:
        """The ActivityPub actor: the first `self` link of one of the two ActivityPub types."""
        return next((link.href for link in self.links if link.href and _is_actor_link(link)), None)

    @property
    def profile_href(self) -> str | None:
        """The profile page for browsers."""
        pages = (link for link in self.links if link.rel == PROFILE_REL and link.href)
        return next((page.href for page in pages if page.type in (None, "text/html")), None)

    @property
    def subscribe_template(self) -> str | None:
        """Where the server lets its people follow somebody, with `{uri}` for whom."""
        found = (link.template for link in self.links if link.rel == SUBSCRIBE_REL and link.template)
        return next((template for template in found if "{uri}" in template), None)


def actor_jrd(
    acct: Acct,
    *,
    actor_id: str,
    profile_url: str,
    interaction_url: str | None = None,
    intents: Mapping[str, str] | None = None,
    avatar_url: str | None = None,
    avatar_type: str | None = None,
) -> Jrd:
    """Build the answer for one of our own actors.

    Args:
        acct: its handle.
        actor_id: its identifier.
        profile_url: its page for browsers.
        interaction_url: where our people confirm an action on a remote thing, without query.
        intents: templates of addresses where our people do something, by the type of the activity (FEP-3b86).
        avatar_url: its picture.
        avatar_type: the picture's media type.
    """
    links = [
        JrdLink(rel=PROFILE_REL, type="text/html", href=profile_url),
        JrdLink(rel="self", type=_ACTIVITY_JSON, href=actor_id),
    ]
    if interaction_url is not None:
        links += [
            JrdLink(rel=SUBSCRIBE_REL, template=f"{interaction_url}?uri={{uri}}"),
            JrdLink(rel=OBJECT_INTENT_REL, template=f"{interaction_url}?uri={{object}}"),
        ]
    links += [JrdLink(rel=f"{INTENT_REL}{kind}", template=made) for kind, made in (intents or {}).items()]
    if avatar_url is not None:
        links.append(JrdLink(rel=AVATAR_REL, type=avatar_type, href=avatar_url))
    return Jrd(subject=acct.uri, aliases=(profile_url, actor_id), links=tuple(links))


def _is_actor_link(link: JrdLink) -> bool:
    """Whether it leads to an ActivityPub document: activity+json, or ld+json with the AS profile."""
    if link.rel != "self" or link.type is None:
        return False
    kind, *parameters = (part.strip() for part in link.type.split(";"))
    if kind.lower() == _ACTIVITY_JSON:
        return True
    pairs = (parameter.partition("=") for parameter in parameters)
    profiles = {key.strip().lower(): value.strip().strip('"').split() for key, _, value in pairs}
    return kind.lower() == _LD_JSON and _AS_PROFILE in profiles.get("profile", [])


def _list(value: object) -> list[Any]:
    """Take at most `LINKS_MAX` entries of a list; anything else is empty."""
    return value[:LINKS_MAX] if isinstance(value, list) else []


def _text(value: object, *, spaces: bool = False) -> str | None:
    """Keep a non-empty string of acceptable length without control characters (and spaces, unless asked)."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_CHARS_MAX:
        return None
    return None if _UNSAFE.search(value.replace(" ", "") if spaces else value) else value


def _link(value: object) -> JrdLink | None:
    """Read one link; without a relation it says nothing."""
    rel = _text(value.get("rel"), spaces=True) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or rel is None:
        return None
    return JrdLink(
        rel=rel,
        type=_text(value.get("type"), spaces=True),
        href=_text(value.get("href")),
        template=_text(value.get("template")),
    )
