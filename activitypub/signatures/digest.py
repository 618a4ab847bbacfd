"""Digest and Content-Digest: what binds a body to a signature.

A signature covers headers only. Leaving the comparison with the received bytes out accepted forged bodies in
more than one server (Misskey GHSA-3f39-6537-3cgc), so it happens before any cryptography, and a missing
digest is a refusal. An algorithm that we do not know is skipped, but at least one must be known, and every
known one must match.

Source: RFC 3230 and 5843 (Digest, retired but what draft-cavage senders write); RFC 9530 (Content-Digest).
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

from activitypub import limits
from activitypub.errors import MalformedError, SignatureError
from activitypub.signatures import sfv
from activitypub.signatures.message import Message

__all__ = ["content_digest", "digest", "require_content_digest", "require_digest"]

_ALGORITHMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "sha-256": lambda body: hashlib.sha256(body).digest(),
    "sha-512": lambda body: hashlib.sha512(body).digest(),
}


def digest(body: bytes) -> str:
    """Write the value of a Digest header."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def content_digest(body: bytes) -> str:
    """Write the value of a Content-Digest header."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii") + ":"


def require_digest(message: Message) -> None:
    """Compare the Digest header with the body.

    Raises:
        SignatureError: it is absent, names no known algorithm, or one of its values is not the body's.
    """
    value = _header(message, "digest")
    known = 0
    for entry in value.split(","):
        name, _, encoded = entry.strip().partition("=")
        if (algorithm := _ALGORITHMS.get(name.lower())) is None:
            continue
        try:
            expected = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:  # ValueError: characters outside ASCII
            raise SignatureError("the digest is not base64") from error
        known += 1
        if expected != algorithm(message.body):
            raise SignatureError("the digest is not that of the body")
    if not known:
        raise SignatureError("the digest uses no algorithm that we know")


def require_content_digest(message: Message) -> None:
    """Compare the Content-Digest header with the body.

    Raises:
        MalformedError: it is not a dictionary of byte sequences.
        SignatureError: it is absent, names no known algorithm, or one of its values is not the body's.
    """
    entries = sfv.parse_dictionary(_header(message, "content-digest"))
    known = 0
    for name, entry in entries.items():
        if not isinstance(entry, sfv.Item) or not isinstance(entry.value, bytes):
            raise MalformedError("the Content-Digest is not made of byte sequences")
        if (algorithm := _ALGORITHMS.get(name)) is None:
            continue
        known += 1
        if entry.value != algorithm(message.body):
            raise SignatureError("the Content-Digest is not that of the body")
    if not known:
        raise SignatureError("the Content-Digest uses no algorithm that we know")


def _header(message: Message, name: str) -> str:
    value = message.header(name)
    if value is None:
        raise SignatureError(f"the header {name!r} is missing")
    if len(value) > limits.DIGEST_HEADER_CHARS_MAX:
        raise SignatureError(f"the header {name!r} is too long")
    return value
