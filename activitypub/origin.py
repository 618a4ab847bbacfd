"""Who may speak for what: origins of identifiers, compared strictly.

Authority in the fediverse is the origin: scheme, host and port of an https identifier. Every rule of the
kind "this server may say that about this object" ends in one comparison here, so that it is made in one way.
An identifier that could be read in two ways (user information, backslashes, percent signs in the host, a
trailing dot, numbers that some parsers take for addresses) has no origin: it is refused, not repaired.

Both http and https have origins, and they differ; which of them may be *fetched* is the client's question.

Source: RFC 6454, RFC 3986, RFC 5891; FEP-fe34 (origin-based security model).
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from activitypub import limits
from activitypub.errors import ForbiddenError, MalformedError

__all__ = [
    "Origin",
    "origin",
    "require_actor_is_signer",
    "require_same_origin",
    "same_origin",
    "without_fragment",
]

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# No white space, control characters, backslashes or quotes anywhere: two parsers would cut there differently.
_SPLIT: Final = re.compile(r"(https?)://([^/?#]*)(?:[/?#].*)?", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\<>\"\u0080-\u00a0\u2028\u2029\u3000]")
_PORT: Final = re.compile(r"(.*?)(?::([0-9]{1,5}))?")
_ASCII_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOOKS_NUMERIC: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_HOST_CHARS_MAX: Final = 253  # RFC 1035, without the root's dot
# One request asks for the origin of the same few addresses six times over; 2 kB each at the very most.
_REMEMBERED_MAX: Final = 1_000
_LABEL_CATEGORIES: Final = ("L", "M", "N")


class Origin(NamedTuple):
    """Scheme, host in ASCII form and port: the unit of authority."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host`, or `host:port` where the port is not the scheme's own; what a Host header holds."""
        if self.port == _DEFAULT_PORTS[self.scheme]:
            return self.host
        return f"{self.host}:{self.port}"


@lru_cache(maxsize=_REMEMBERED_MAX)
def origin(iri: str) -> Origin:
    """Give the origin of an http or https identifier.

    Raises:
        MalformedError: it has none, or could be read in more than one way.
    """
    if len(iri) > limits.IRI_CHARS_MAX:
        raise MalformedError("the identifier is too long", iri=iri[:100])
    match = _SPLIT.fullmatch(iri)
    if match is None or _UNSAFE.search(iri):
        raise MalformedError("not an http or https identifier", iri=iri)
    scheme = match[1].lower()
    # A user part (`@`) or a percent sign falls out with the host's alphabet.
    if (parts := _PORT.fullmatch(match[2])) is None:  # pragma: no cover - the pattern matches any text
        raise MalformedError("the host cannot be read", iri=iri)
    port = int(parts[2]) if parts[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        raise MalformedError("no such port", iri=iri)
    return Origin(scheme, _host(parts[1], iri), port)


def same_origin(first_iri: str, second_iri: str) -> bool:
    """Say whether two identifiers have an origin, and the same one. What has none is the same as nothing."""
    try:
        return origin(first_iri) == origin(second_iri)
    except MalformedError:
        return False


def require_same_origin(iri: str, *others: str) -> None:
    """Refuse unless every identifier lives at the origin of the first.

    Raises:
        ForbiddenError: one of them does not, or has no origin at all.
    """
    for other in others:
        if not same_origin(iri, other):
            raise ForbiddenError("an identifier belongs to another server", iri=other)


def require_actor_is_signer(actor_iri: str, signer_iri: str) -> None:
    """Refuse unless the activity's actor is exactly who signed, character by character.

    No normalisation: two spellings of one address are two strings that different servers may treat as two
    actors.

    Raises:
        ForbiddenError: it is somebody else.
    """
    if actor_iri != signer_iri:
        raise ForbiddenError("the actor is not the signer", iri=actor_iri)


def without_fragment(iri: str) -> str:
    """Cut `#…` off: the part of an identifier that can be requested."""
    return iri.partition("#")[0]


def _host(host: str, iri: str) -> str:
    if host.startswith("["):
        return _ipv6(host, iri)
    labels = [_label(label, iri) for label in host.lower().split(".")]
    ascii_host = ".".join(labels)
    if len(ascii_host) > _HOST_CHARS_MAX:
        raise MalformedError("the host is too long", iri=iri)
    # `0x7f.1`, `127.1` and `2130706433` are 127.0.0.1 to some resolvers: a numeric last label must be a
    # plain address.
    if _LOOKS_NUMERIC.fullmatch(labels[-1]):
        try:
            ipaddress.IPv4Address(ascii_host)
        except ValueError as error:
            raise MalformedError("the host is an odd number", iri=iri) from error
    return ascii_host


def _label(label: str, iri: str) -> str:
    """One label in ASCII form. An empty one (two dots, a trailing dot, no host) matches no pattern."""
    ascii_label = label if label.isascii() else _punycode(label, iri)
    if _ASCII_LABEL.fullmatch(ascii_label) is None:
        raise MalformedError("the host cannot be read", iri=iri)
    return ascii_label


def _punycode(label: str, iri: str) -> str:
    """An internationalised label as `xn--…`, one-to-one.

    The standard library's idna codec follows the 2003 rules, which map `faß` to `fass`: two hosts to every
    modern resolver. Here nothing is mapped. What NFKC would change, or what is no letter, mark or number, is
    refused.
    """
    if unicodedata.normalize("NFKC", label) != label or any(
        unicodedata.category(character)[0] not in _LABEL_CATEGORIES and character != "-"
        for character in label
    ):
        raise MalformedError("the host is not a plain internationalised name", iri=iri)
    return "xn--" + label.encode("punycode").decode("ascii")


def _ipv6(host: str, iri: str) -> str:
    # A zone (`%eth0`) is a matter of the machine that reads it; the address type would take it.
    if not host.endswith("]") or "%" in host:
        raise MalformedError("the host is not an address", iri=iri)
    try:
        return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
    except ValueError as error:
        raise MalformedError("the host is not an address", iri=iri) from error
