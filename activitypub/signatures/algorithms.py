"""The signature algorithms, as one table from name to two functions.

The names are those of the RFC 9421 registry; draft-cavage's names map onto them in `cavage`. The type of the
key must be the one that the algorithm wants: letting the sender's algorithm name decide how a key is used is
how algorithm confusion begins. The ECDSA rows serve the RFC's own vectors; `keys` hands out no such key for
a peer.

Source: RFC 9421 section 3.3; RFC 8017; RFC 8032.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

from activitypub.errors import SignatureError

__all__ = ["ALGORITHMS", "AnyPrivateKey", "AnyPublicKey", "sign", "verifies"]

AnyPublicKey = RSAPublicKey | Ed25519PublicKey | EllipticCurvePublicKey
AnyPrivateKey = RSAPrivateKey | Ed25519PrivateKey | EllipticCurvePrivateKey


class _Algorithm(NamedTuple):
    public: type[AnyPublicKey]
    private: type[AnyPrivateKey]
    # The keys are Any here because the two types beside them say which one each function gets.
    sign: Callable[[Any, bytes], bytes]
    verify: Callable[[Any, bytes, bytes], None]


def _rsa(make_padding: Callable[[], padding.AsymmetricPadding], digest: HashAlgorithm) -> _Algorithm:
    def rsa_sign(key: RSAPrivateKey, data: bytes) -> bytes:
        return key.sign(data, make_padding(), digest)

    def rsa_verify(key: RSAPublicKey, signature: bytes, data: bytes) -> None:
        key.verify(signature, data, make_padding(), digest)

    return _Algorithm(RSAPublicKey, RSAPrivateKey, rsa_sign, rsa_verify)


def _pss() -> padding.AsymmetricPadding:
    return padding.PSS(mgf=padding.MGF1(SHA512()), salt_length=64)  # RFC 9421 section 3.3.1


def _ecdsa(curve: type[EllipticCurve], digest: HashAlgorithm, number_bytes: int) -> _Algorithm:
    """ECDSA as the RFC writes it: r and s side by side, where the library speaks DER."""

    def ecdsa_sign(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(data, ECDSA(digest)))
        return r.to_bytes(number_bytes, "big") + s.to_bytes(number_bytes, "big")

    def ecdsa_verify(key: EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
        if not isinstance(key.curve, curve) or len(signature) != 2 * number_bytes:
            raise InvalidSignature
        r = int.from_bytes(signature[:number_bytes], "big")
        s = int.from_bytes(signature[number_bytes:], "big")
        key.verify(encode_dss_signature(r, s), data, ECDSA(digest))

    return _Algorithm(EllipticCurvePublicKey, EllipticCurvePrivateKey, ecdsa_sign, ecdsa_verify)


ALGORITHMS: Final = {
    "rsa-v1_5-sha256": _rsa(padding.PKCS1v15, SHA256()),
    "rsa-v1_5-sha512": _rsa(padding.PKCS1v15, SHA512()),
    "rsa-pss-sha512": _rsa(_pss, SHA512()),
    "ecdsa-p256-sha256": _ecdsa(SECP256R1, SHA256(), 32),
    "ecdsa-p384-sha384": _ecdsa(SECP384R1, SHA384(), 48),
    "ed25519": _Algorithm(
        Ed25519PublicKey,
        Ed25519PrivateKey,
        lambda key, data: key.sign(data),
        lambda key, signature, data: key.verify(signature, data),
    ),
}


def sign(name: str, key: AnyPrivateKey, data: bytes) -> bytes:
    """Sign with one of our own keys. A key of the wrong kind is our own mistake, hence the assertion."""
    algorithm = ALGORITHMS[name]
    assert isinstance(key, algorithm.private), f"{name} cannot use a {type(key).__name__}"
    return algorithm.sign(key, data)


def verifies(name: str, key: AnyPublicKey, signature: bytes, data: bytes) -> bool:
    """Say whether a signature verifies.

    Raises:
        SignatureError: there is no such algorithm, or the key is not of its kind.
    """
    algorithm = ALGORITHMS.get(name)
    if algorithm is None:
        raise SignatureError(f"no such signature algorithm: {name[:40]!r}")
    if not isinstance(key, algorithm.public):
        raise SignatureError(f"the algorithm {name!r} does not fit the key")
    try:
        algorithm.verify(key, signature, data)
    except InvalidSignature:
        return False
    return True
