"""Whether a request is signed as it must be: two pure functions, with the key fetched in between.

`read_claim` does everything that needs no key: which scheme, what is covered, how old it is, whether the
digest is that of the body. Only a message that passes is worth a key fetch, so a stranger cannot make us do
network work or cryptography with a careless request. `require_valid` then checks the signature itself. Both
refuse by raising; there is no boolean to forget, and what the server passes on is a `Signer`, a value that
only a checked request can give.

When a request carries both schemes, RFC 9421 is checked and the other ignored: the two share the Signature
header, so the presence of Signature-Input says how to read it, and a failed check must not be retried with a
scheme that the sender may have left in for old servers. The address in the message is built from our
configured origin, and the host that was signed must be that one: a signature made for another server is
worth nothing here.

Source: SWICG ActivityPub HTTP Signatures report; RFC 9421 section 3.2; Mastodon's documentation of its
checks.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from activitypub import keys, limits
from activitypub.errors import MalformedError, SignatureError
from activitypub.httpdate import parse_http_date
from activitypub.keys import PublicKey
from activitypub.origin import origin, without_fragment
from activitypub.signatures import cavage, rfc9421
from activitypub.signatures.cavage import CavageSignature
from activitypub.signatures.digest import require_content_digest, require_digest
from activitypub.signatures.message import Message, Scheme
from activitypub.signatures.rfc9421 import LabelledSignature

__all__ = [
    "CAVAGE_DATES",
    "CAVAGE_REQUIRED",
    "RFC9421_REQUIRED",
    "RFC9421_TARGETS",
    "Claim",
    "Signer",
    "read_claim",
    "require_valid",
]

#: What every draft-cavage signature must cover, beside one of the dates and, with a body, the digest.
CAVAGE_REQUIRED: Final = frozenset({"(request-target)", "host"})
#: One of these says when it was made.
CAVAGE_DATES: Final = frozenset({"date", "(created)"})
#: What every RFC 9421 signature must cover, beside one way to name the target and, with a body, the digest.
RFC9421_REQUIRED: Final = frozenset({"@method"})
#: The target as a whole or in parts; `@query` is added to the parts where there is a query.
RFC9421_TARGETS: Final = (frozenset({"@target-uri"}), frozenset({"@authority", "@path"}))

_CAVAGE_DIGEST: Final = "digest"
_RFC9421_DIGEST: Final = "content-digest"
_BODILESS_METHODS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a request says about its signer, complete and fresh but not yet proven.

    Attributes:
        key_id: address of the key, as written, with its fragment.
        scheme: which of the two was used.
        components: what the signature covers.
        signature: the parsed header, which `require_valid` checks.
    """

    key_id: str
    scheme: Scheme
    components: tuple[str, ...]
    signature: CavageSignature | LabelledSignature

    @property
    def key_document_iri(self) -> str:
        """What to fetch to get the key: the id without its fragment."""
        return without_fragment(self.key_id)

    @property
    def signature_bytes(self) -> bytes:
        """The signature itself; with `key_id` it identifies a replay."""
        return self.signature.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed a request, after the check. Make one only where `require_valid` has returned.

    Attributes:
        actor_iri: the owner of the key.
        key_id: address of the key.
        scheme: which signature scheme was used.
    """

    actor_iri: str
    key_id: str
    scheme: Scheme


def read_claim(message: Message, *, now: datetime) -> Claim:
    """Read who claims to have signed a request, and refuse what could not be accepted with any key.

    Args:
        message: the request; its address must come from our configured origin.
        now: the present, with a zone.

    Raises:
        SignatureError: no signature, not readable, not covering what it must, too old or too new, made for
            another host, or the digest is absent or not that of the body.
        MalformedError: the Content-Digest or a covered header cannot be read.
    """
    if "signature" not in message.headers:
        raise SignatureError("the request is not signed")
    if "signature-input" in message.headers:
        return _read_rfc9421(message, now)
    return _read_cavage(message, now)


def require_valid(claim: Claim, message: Message, key: PublicKey, *, now: datetime) -> None:
    """Check the signature itself.

    Args:
        claim: what `read_claim` gave for this message.
        message: the same request.
        key: the public key found at `claim.key_id`; the caller has checked that its owner is who it should
            be.
        now: the present; a key fetch may have taken a while since `read_claim`.

    Raises:
        SignatureError: the signature does not verify, has expired meanwhile, or does not fit the key.
        KeyUnusableError: the key is of a kind or size that we do not take.
    """
    usable = keys.require_usable(key)
    signature = claim.signature
    if isinstance(signature, CavageSignature):
        _require_not_expired(signature.expires, now)
        valid = cavage.check(signature, message, usable)
    else:
        _require_not_expired(signature.seconds("expires"), now)
        valid = rfc9421.check(signature, message, usable)
    if not valid:
        raise SignatureError("the signature does not verify", iri=claim.key_id)


def _read_cavage(message: Message, now: datetime) -> Claim:
    signature = cavage.parse(message.header("signature") or "")
    covered = frozenset(signature.headers)
    _require_covered(covered, CAVAGE_REQUIRED)
    if not covered & CAVAGE_DATES:
        raise SignatureError("the signature covers no date")
    if _needs_digest(message):
        _require_covered(covered, {_CAVAGE_DIGEST})
    _require_our_host(message)
    if "date" in covered:
        _require_recent_date(message, now)
    if "(created)" in covered:
        _require_recent(signature.created, now)
    _require_not_expired(signature.expires, now)
    if _CAVAGE_DIGEST in covered:
        require_digest(message)
    return Claim(
        key_id=_require_key_id(signature.key_id),
        scheme=Scheme.CAVAGE,
        components=signature.headers,
        signature=signature,
    )


def _read_rfc9421(message: Message, now: datetime) -> Claim:
    signature = _first_sufficient(message)
    covered = frozenset(signature.components)
    if "host" in covered:
        _require_our_host(message)
    if "date" in covered:
        _require_recent_date(message, now)
    _require_recent(signature.seconds("created"), now)
    _require_not_expired(signature.seconds("expires"), now)
    if _RFC9421_DIGEST in covered:
        require_content_digest(message)
    return Claim(
        key_id=_require_key_id(signature.text("keyid") or ""),
        scheme=Scheme.RFC9421,
        components=signature.components,
        signature=signature,
    )


def _first_sufficient(message: Message) -> LabelledSignature:
    """Choose the one label that will be checked: the first that covers what it must.

    Others may be a proxy's or for another purpose. The choice looks at coverage alone, so that a label which
    fails later is a refusal and not an invitation to try the next.
    """
    refusal = SignatureError("no label has both a Signature-Input and a Signature")
    for signature in rfc9421.parse(message):
        covered = frozenset(signature.components)
        try:
            _require_covered(covered, RFC9421_REQUIRED)
            if _needs_digest(message):
                _require_covered(covered, {_RFC9421_DIGEST})
            _require_target(covered, message)
        except SignatureError as error:
            refusal = error
        else:
            return signature
    raise refusal


def _require_covered(covered: Collection[str], required: Collection[str]) -> None:
    for name in sorted(required):
        if name not in covered:
            raise SignatureError(f"the signature does not cover {name!r}")


def _require_target(covered: frozenset[str], message: Message) -> None:
    whole, parts = RFC9421_TARGETS
    if whole <= covered:
        return
    _require_covered(covered, parts if message.query is None else parts | {"@query"})


def _needs_digest(message: Message) -> bool:
    return message.method not in _BODILESS_METHODS or bool(message.body)


def _require_our_host(message: Message) -> None:
    """The Host header must name our origin; an explicit default port is the same host."""
    host = message.header("host")
    if host is None:
        raise SignatureError("the header 'host' is missing")
    if host == message.origin.authority:  # nearly always, and cheaper
        return
    try:
        ours = origin(f"{message.origin.scheme}://{host}") == message.origin and "/" not in host
    except MalformedError:
        ours = False
    if not ours:
        raise SignatureError("the request was signed for another host")


def _require_recent_date(message: Message, now: datetime) -> None:
    value = message.header("date")
    if value is None:
        raise SignatureError("the header 'date' is missing")
    try:
        instant = parse_http_date(value)
    except MalformedError as error:
        raise SignatureError("the header 'date' cannot be read") from error
    _require_recent(int(instant.timestamp()), now)


def _require_recent(instant_s: int | None, now: datetime) -> None:
    if instant_s is None:
        raise SignatureError("the signature does not say when it was made")
    if abs(now.timestamp() - instant_s) > limits.CLOCK_SKEW_S:
        raise SignatureError("the signature is too old or from the future")


def _require_not_expired(expires_s: int | None, now: datetime) -> None:
    # No margin here: whoever sets an end means it, and the end is at most as far off as the sender chose.
    if expires_s is not None and now.timestamp() >= expires_s:
        raise SignatureError("the signature has expired")


def _require_key_id(key_id: str) -> str:
    """The key must be found at an http(s) address; an `acct:` key id would need a WebFinger look-up first."""
    try:
        origin(key_id)
    except MalformedError as error:
        raise SignatureError("the key id is not an http or https address", iri=key_id[:200]) from error
    return key_id
