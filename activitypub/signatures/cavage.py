"""The Signature header of draft-cavage-http-signatures-12, read, made and checked.

The draft never became a standard, yet it is what most of the fediverse signs with, in several dialects. What
we accept is the common ground of Mastodon, GoToSocial, Takahe, Fedify, Pixelfed and snac; their differences
that matter are named beside the code. Parameters that could be understood in two ways are refused: doubled
ones, an absent `headers` (whose default would leave the body unsigned), a header covered twice.

Source: draft-cavage-http-signatures-12; SWICG ActivityPub HTTP Signatures report; docs of the named servers.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from activitypub import limits
from activitypub.errors import SignatureError
from activitypub.keys import PrivateKey
from activitypub.signatures import algorithms
from activitypub.signatures.algorithms import AnyPublicKey
from activitypub.signatures.message import Message

__all__ = ["GET_HEADERS", "POST_HEADERS", "CavageSignature", "check", "parse", "sign", "signing_string"]

#: What we cover, in this order (Mastodon's, Takahe's and GoToSocial's union).
POST_HEADERS: Final = ("(request-target)", "host", "date", "digest", "content-type")
GET_HEADERS: Final = ("(request-target)", "host", "date")

_PREFIX: Final = re.compile(r"Signature +", re.IGNORECASE)
_PARAMETER: Final = re.compile(r'[ \t]*([A-Za-z][A-Za-z0-9_-]*)=(?:"([^"\\]*)"|(-?[0-9]{1,15}))[ \t]*')
_HS2019: Final = "hs2019"
_ALGORITHMS: Final = {"rsa-sha256": ("rsa-v1_5-sha256",), "rsa-sha512": ("rsa-v1_5-sha512",)}
# hs2019 says "the key decides". The draft wanted PSS with SHA-512; every server in the field means PKCS#1
# v1.5 with SHA-256, and GoToSocial's documentation adds SHA-512 and Ed25519.
_HS2019_RSA: Final = ("rsa-v1_5-sha256", "rsa-v1_5-sha512")
_HS2019_OTHER: Final = ("ed25519",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CavageSignature:
    """A Signature header, taken apart.

    Attributes:
        key_id: `keyId` as written.
        algorithm: lower case; `hs2019` where it was absent (Mastodon's default).
        headers: covered names, lower case, in order.
        signature: decoded.
        created: seconds since the epoch, if given.
        expires: seconds since the epoch, if given.
    """

    key_id: str
    algorithm: str
    headers: tuple[str, ...]
    signature: bytes
    created: int | None = None
    expires: int | None = None


def parse(value: str) -> CavageSignature:
    """Read a Signature header strictly.

    Raises:
        SignatureError: too long, not of this form, a parameter doubled, missing or of the wrong kind.
    """
    if len(value) > limits.SIGNATURE_HEADER_CHARS_MAX:
        raise SignatureError("the Signature header is too long")
    parameters = _parameters(value)
    headers = tuple(_text(parameters, "headers").lower().split(" "))
    if len(headers) > limits.COVERED_COMPONENTS_MAX or len(set(headers)) != len(headers) or "" in headers:
        raise SignatureError("the list of covered headers is empty, doubled or too long")
    try:
        signature = base64.b64decode(_text(parameters, "signature"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError("the signature is not base64") from error
    algorithm = _text(parameters, "algorithm").lower() if "algorithm" in parameters else _HS2019
    if algorithm != _HS2019 and algorithm not in _ALGORITHMS:
        raise SignatureError("the signature's algorithm is not supported")
    return CavageSignature(
        key_id=_text(parameters, "keyid"),
        algorithm=algorithm,
        headers=headers,
        signature=signature,
        created=_number(parameters, "created"),
        expires=_number(parameters, "expires"),
    )


def signing_string(signature: CavageSignature, message: Message, *, with_query: bool = True) -> str:
    """Build the text that the signature covers: one line for each header, no line break at the end.

    Args:
        signature: which headers, and the times of `(created)` and `(expires)`.
        message: the request.
        with_query: False leaves the query out of `(request-target)`, as some senders do.

    Raises:
        SignatureError: a covered header is absent, or a pseudo-header is not allowed here.
        MalformedError: a covered header holds a line break.
    """
    target = message.request_target if with_query else message.path
    return "\n".join(f"{name}: {_value(name, signature, message, target)}" for name in signature.headers)


def check(signature: CavageSignature, message: Message, key: AnyPublicKey) -> bool:
    """Say whether the signature verifies with the key.

    Tries the algorithms that `hs2019` may mean, and the request target without its query where there is one
    (Mastodon accepts both, because senders differ).

    Raises:
        SignatureError: the algorithm does not fit the key, or a covered header is absent.
    """
    by_key = _HS2019_RSA if isinstance(key, RSAPublicKey) else _HS2019_OTHER
    names = by_key if signature.algorithm == _HS2019 else _ALGORITHMS[signature.algorithm]
    return any(
        algorithms.verifies(name, key, signature.signature, text)
        for text in _candidates(signature, message)
        for name in names
    )


def sign(
    message: Message,
    *,
    key: PrivateKey,
    key_id: str,
    headers: Sequence[str],
    created: datetime | None = None,
    expires: datetime | None = None,
) -> str:
    """Write the value of a Signature header.

    An RSA key signs as `rsa-sha256`, the name that every peer knows; Ed25519 has no name of its own in the
    draft and goes as `hs2019`.

    Args:
        message: the request, with all headers that are to be covered.
        key: our private key.
        key_id: the address under which its public half is found.
        headers: what to cover, lower case.
        created: for `(created)`; only with Ed25519.
        expires: for `(expires)`; only with Ed25519.

    Raises:
        SignatureError: a header to be covered is absent.
    """
    rsa = isinstance(key, RSAPrivateKey)
    unsigned = CavageSignature(
        key_id=key_id,
        algorithm="rsa-sha256" if rsa else _HS2019,
        headers=tuple(headers),
        signature=b"",
        created=None if created is None else int(created.timestamp()),
        expires=None if expires is None else int(expires.timestamp()),
    )
    data = signing_string(unsigned, message).encode("latin-1")
    signature = algorithms.sign("rsa-v1_5-sha256" if rsa else "ed25519", key, data)
    parts = [f'keyId="{key_id}"', f'algorithm="{unsigned.algorithm}"']
    if unsigned.created is not None:
        parts.append(f"created={unsigned.created}")
    if unsigned.expires is not None:
        parts.append(f"expires={unsigned.expires}")
    parts.append(f'headers="{" ".join(unsigned.headers)}"')
    parts.append(f'signature="{base64.b64encode(signature).decode("ascii")}"')
    return ",".join(parts)


def _parameters(value: str) -> dict[str, str | int]:
    # Some senders copy the scheme word of an Authorization header into the value.
    prefix = _PREFIX.match(value)
    at = prefix.end() if prefix else 0
    parameters: dict[str, str | int] = {}
    while True:
        match = _PARAMETER.match(value, at)
        if match is None:
            raise SignatureError("the Signature header cannot be read")
        name = match[1].lower()
        if name in parameters:
            raise SignatureError(f"the Signature header has two parameters {name!r}")
        parameters[name] = match[2] if match[3] is None else int(match[3])
        at = match.end()
        if at == len(value):
            return parameters
        if value[at] != ",":
            raise SignatureError("the Signature header cannot be read")
        at += 1


def _text(parameters: dict[str, str | int], name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value:
        raise SignatureError(f"the Signature header has no {name}")
    return value


def _number(parameters: dict[str, str | int], name: str) -> int | None:
    value = parameters.get(name)
    if isinstance(value, str):
        raise SignatureError(f"the Signature header's {name} is not a number")
    return value


def _value(name: str, signature: CavageSignature, message: Message, target: str) -> str:
    if name == "(request-target)":
        return f"{message.method.lower()} {target}"
    if name in {"(created)", "(expires)"}:
        # The draft forbids both with the older algorithm names, whose implementations do not know them.
        instant = signature.created if name == "(created)" else signature.expires
        if signature.algorithm != _HS2019 or instant is None:
            raise SignatureError(f"{name} is not allowed or not given")
        return str(instant)
    value = message.header(name)
    if value is None:
        raise SignatureError(f"the signature covers {name!r}, which is missing")
    return value


def _candidates(signature: CavageSignature, message: Message) -> Iterator[bytes]:
    # Headers were read as latin-1, so this gives back exactly the bytes that were received.
    yield signing_string(signature, message).encode("latin-1")
    if message.query is not None and "(request-target)" in signature.headers:
        yield signing_string(signature, message, with_query=False).encode("latin-1")
