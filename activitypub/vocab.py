"""The words of ActivityPub that we say: type names, media types, and the `@context` of what we send.

Every term that is not in a published context stands inline, because a peer that expands JSON-LD answers
500 to each delivery when a context address does not resolve (seen with Fedify 2.3.6). There is one
context for actors and one for posts, each listing only what that document uses, and the plain string for
everything else: a Follow needs no vocabulary beyond ActivityStreams.

Source: https://www.w3.org/TR/activitystreams-vocabulary/, and for the extension IRIs the contexts that
Mastodon 4.x, GoToSocial, Misskey, Fedibird and FEP-044f publish.
"""

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "ACCEPT",
    "ACTIVITY_JSON",
    "ACTOR_TYPES",
    "AS_CONTEXT",
    "CONVERTED_TYPES",
    "LD_JSON",
    "MEDIA_TYPES",
    "POST_TYPES",
    "PUBLIC",
    "PUBLIC_ALIASES",
    "TRAINED_ALGORITHMIC_MEDIA",
    "actor_context",
    "context_for",
    "note_context",
]

AS_CONTEXT: Final = "https://www.w3.org/ns/activitystreams"
SECURITY_CONTEXT: Final = "https://w3id.org/security/v1"
MULTIKEY_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
WEBFINGER_CONTEXT: Final = "https://purl.archive.org/socialweb/webfinger"

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
# Takahe writes the compact form, some others the bare word; we always send the full IRI, because Lemmy
# knows no other (AP §5.6 allows all three).
PUBLIC_ALIASES: Final = frozenset({PUBLIC, "as:Public", "Public"})

ACTIVITY_JSON: Final = "application/activity+json"
LD_JSON: Final = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
ACCEPT: Final = f"{ACTIVITY_JSON}, {LD_JSON}"

ACTOR_TYPES: Final = frozenset({"Person", "Service", "Group", "Application", "Organization"})
# Shown as title, text and link: their own layout is not ours to draw.
CONVERTED_TYPES: Final = frozenset({"Article", "Audio", "Event", "Image", "Page", "Video"})
# Shown in full.
POST_TYPES: Final = frozenset({"Note", "Question"})
MEDIA_TYPES: Final = frozenset({"Audio", "Document", "Image", "Video"})

# IPTC's word for "made by a trained model"; https://cv.iptc.org/newscodes/digitalsourcetype/
TRAINED_ALGORITHMIC_MEDIA: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

_FOCAL_POINT: Final = {"@container": "@list", "@id": "toot:focalPoint"}


def _iri(name: str) -> dict[str, str]:
    """Define a term whose values are identifiers rather than text."""
    return {"@id": name, "@type": "@id"}


def actor_context() -> list[Any]:
    """Build the `@context` of an actor document, and of an Update that embeds one."""
    return [
        AS_CONTEXT,
        SECURITY_CONTEXT,
        MULTIKEY_CONTEXT,
        WEBFINGER_CONTEXT,
        {
            # Neither of the addresses above defines it, and Fedify reads no keys without.
            "assertionMethod": {
                "@id": "https://w3id.org/security#assertionMethod",
                "@type": "@id",
                "@container": "@set",
            },
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "movedTo": _iri("as:movedTo"),
            "alsoKnownAs": _iri("as:alsoKnownAs"),
            "toot": "http://joinmastodon.org/ns#",
            "featured": _iri("toot:featured"),
            "featuredTags": _iri("toot:featuredTags"),
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "memorial": "toot:memorial",
            "gts": "https://gotosocial.org/ns#",
            "interactionPolicy": _iri("gts:interactionPolicy"),
            "canFeature": _iri("https://w3id.org/fep/7aa9#canFeature"),
            "automaticApproval": _iri("gts:automaticApproval"),
            "manualApproval": _iri("gts:manualApproval"),
            "suspended": "toot:suspended",
            "attributionDomains": {"@id": "toot:attributionDomains", "@container": "@set"},
            "schema": "http://schema.org#",  # sic: Mastodon's IRI ends in a hash, and peers compare it
            "PropertyValue": "schema:PropertyValue",
            "value": "schema:value",
            "Hashtag": "as:Hashtag",
            "Emoji": "toot:Emoji",
            "focalPoint": dict(_FOCAL_POINT),
        },
    ]


def note_context(iri: str) -> list[Any]:
    """Build the `@context` of a post, and of an activity that embeds one.

    Args:
        iri: the post's id. PieFed's `genAI` has no published IRI, so it is given one under the post's own
            origin: a name that nobody else can claim, and that nobody has to fetch.
    """
    return [
        AS_CONTEXT,
        {
            "ostatus": "http://ostatus.org#",
            "atomUri": "ostatus:atomUri",
            "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
            "conversation": "ostatus:conversation",
            "sensitive": "as:sensitive",
            "Hashtag": "as:Hashtag",
            "toot": "http://joinmastodon.org/ns#",
            "Emoji": "toot:Emoji",
            "blurhash": "toot:blurhash",
            "focalPoint": dict(_FOCAL_POINT),
            "votersCount": "toot:votersCount",
            "quote": _iri("https://w3id.org/fep/044f#quote"),
            "quoteUri": "http://fedibird.com/ns#quoteUri",
            "_misskey_quote": "https://misskey-hub.net/ns#_misskey_quote",
            "quoteAuthorization": _iri("https://w3id.org/fep/044f#quoteAuthorization"),
            "gts": "https://gotosocial.org/ns#",
            "interactionPolicy": _iri("gts:interactionPolicy"),
            "canQuote": _iri("gts:canQuote"),
            "canReply": _iri("gts:canReply"),
            "canLike": _iri("gts:canLike"),
            "canAnnounce": _iri("gts:canAnnounce"),
            "automaticApproval": _iri("gts:automaticApproval"),
            "manualApproval": _iri("gts:manualApproval"),
            "digitalSourceType": _iri("https://schema.org/digitalSourceType"),
            "genAI": f"{_origin(iri)}/ns#genAI",
        },
    ]


def context_for(doc: Mapping[str, Any]) -> str | list[Any]:
    """Choose the smallest `@context` that defines every term of one of our own documents.

    Args:
        doc: a document as a `to_json` rendered it, without `@context`. An activity that embeds something
            needs what the embedded thing needs, so its object decides.
    """
    inner = doc.get("object")
    if isinstance(inner, Mapping):
        return context_for(inner)
    kind = doc.get("type")
    instrument = doc.get("instrument")
    if isinstance(instrument, Mapping):
        return _with_terms(context_for(instrument), _small_terms(doc))
    if kind in ACTOR_TYPES and "inbox" in doc:
        return _with_terms(actor_context(), _capability_terms(doc))
    if kind in POST_TYPES or kind in CONVERTED_TYPES:
        return note_context(str(doc.get("id")))
    terms = _small_terms(doc)
    return [AS_CONTEXT, terms] if terms else AS_CONTEXT


def _small_terms(doc: Mapping[str, Any]) -> dict[str, Any]:
    """List the extension terms of the documents that use only a few of them."""
    terms: dict[str, Any] = {}
    match doc.get("type"):
        case "Tombstone" if "atomUri" in doc:
            terms |= {"ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri"}
        case "QuoteRequest":
            terms |= {"QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest"}
        case "AnnounceRequest" | "LikeRequest" | "ReplyRequest" as kind:
            terms |= {"gts": "https://gotosocial.org/ns#", kind: f"gts:{kind}"}
        case "QuoteAuthorization":
            terms |= {
                "gts": "https://gotosocial.org/ns#",
                "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
                "interactingObject": _iri("gts:interactingObject"),
                "interactionTarget": _iri("gts:interactionTarget"),
            }
        case "AnnounceAuthorization" | "LikeAuthorization" | "ReplyAuthorization" as kind:
            terms |= {
                "gts": "https://gotosocial.org/ns#",
                kind: f"gts:{kind}",
                "interactingObject": _iri("gts:interactingObject"),
                "interactionTarget": _iri("gts:interactionTarget"),
            }
        case "EmojiReact":
            terms |= {"EmojiReact": "http://litepub.social/ns#EmojiReact"}
    if doc.get("tag"):
        terms |= {"toot": "http://joinmastodon.org/ns#", "Emoji": "toot:Emoji"}
    return terms


def _capability_terms(doc: Mapping[str, Any]) -> dict[str, Any]:
    """Define the word with which software says what it keeps to (FEP-844e), where it is used."""
    generator = doc.get("generator")
    says = "implements" in doc or (isinstance(generator, Mapping) and "implements" in generator)
    return {"implements": _iri("https://w3id.org/fep/844e#implements")} if says else {}


def _with_terms(context: str | list[Any], terms: Mapping[str, Any]) -> list[Any]:
    """Add terms to a context; into its own list of terms, where it has one."""
    if isinstance(context, str):
        return [context, dict(terms)]
    return [*context[:-1], context[-1] | terms]


def _origin(iri: str) -> str:
    """Cut an http(s) IRI after its host: `https://a.example/x` gives `https://a.example`."""
    return "/".join(iri.split("/", 3)[:3])
