"""Public and private keys: read, make, write.

A public key arrives inside an actor document, so whoever wrote that document chose it. Only RSA of 2048 to
8192 bits and Ed25519 are taken: everything else is either too weak, too dear to check, or spoken by nobody
in the fediverse. Our own private keys come from our own database and are loaded without the prime tests,
which cost 36 ms a time and protect only against ourselves.

Source: RFC 7468 and 8017 (PEM, SPKI, PKCS#1); FEP-521a and W3C Controlled Identifiers 1.0 section 2.2.2
(Multikey); multicodec table (0xed ed25519-pub, 0x1205 rsa-pub); draft-msporny-base58-03.
"""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from activitypub import limits
from activitypub.errors import KeyUnusableError

__all__ = [
    "PrivateKey",
    "PublicKey",
    "base58btc_decode",
    "base58btc_encode",
    "generate_ed25519",
    "generate_rsa",
    "load_private_pem",
    "load_public_multibase",
    "load_public_pem",
    "private_pem",
    "public_multibase",
    "public_pem",
    "require_usable",
]

PublicKey = RSAPublicKey | Ed25519PublicKey
PrivateKey = RSAPrivateKey | Ed25519PrivateKey

_BASE58BTC: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE58BTC_VALUES: Final = {character: value for value, character in enumerate(_BASE58BTC)}

# Unsigned varints of the multicodec codes.
_ED25519_PUBLIC: Final = b"\xed\x01"
_RSA_PUBLIC: Final = b"\x85\x24"


def load_public_pem(pem: str) -> PublicKey:
    """Read a public key from PEM, SPKI (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).

    Raises:
        KeyUnusableError: unreadable, a private key, of another kind, or of a size we do not take.
    """
    if len(pem) > limits.PUBLIC_KEY_PEM_CHARS_MAX:
        raise KeyUnusableError("the public key is too long")
    if "PRIVATE KEY" in pem:
        raise KeyUnusableError("a private key was published; it must not be used")
    try:
        key = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:  # UnicodeEncodeError is a ValueError
        raise KeyUnusableError("the public key cannot be read") from error
    return require_usable(key)


def load_public_multibase(text: str) -> PublicKey:
    """Read a public key from a Multikey's `publicKeyMultibase` (`z6Mk…` Ed25519, `z4MX…` RSA).

    Raises:
        KeyUnusableError: not base58btc, of another kind, or of a size we do not take.
    """
    if len(text) > limits.MULTIBASE_CHARS_MAX or not text.startswith("z"):
        raise KeyUnusableError("the public key is not multibase base58btc")
    try:
        data = base58btc_decode(text[1:])
        if data.startswith(_ED25519_PUBLIC):
            return Ed25519PublicKey.from_public_bytes(data[2:])
        if data.startswith(_RSA_PUBLIC):
            return require_usable(load_der_public_key(data[2:]))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError("the public key cannot be read") from error
    raise KeyUnusableError("the public key is neither RSA nor Ed25519")


def require_usable(key: object) -> PublicKey:
    """Give the key back if it is one that we check signatures with.

    Raises:
        KeyUnusableError: another kind of key, an RSA modulus outside 2048 to 8192 bits, or an odd exponent's
            size.
    """
    if isinstance(key, Ed25519PublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise KeyUnusableError("the public key is neither RSA nor Ed25519")
    if not limits.RSA_BITS_MIN <= key.key_size <= limits.RSA_BITS_MAX:
        raise KeyUnusableError(
            f"an RSA key must have {limits.RSA_BITS_MIN} to {limits.RSA_BITS_MAX} bits, not {key.key_size}"
        )
    if key.public_numbers().e > limits.RSA_EXPONENT_MAX:
        raise KeyUnusableError("the RSA exponent is too large")
    return key


def generate_rsa() -> RSAPrivateKey:
    """Make a new RSA key of 2048 bits, the size that every peer takes. Costs a tenth of a second and more."""
    return generate_private_key(public_exponent=65_537, key_size=limits.RSA_BITS_MIN)


def generate_ed25519() -> Ed25519PrivateKey:
    """Make a new Ed25519 key."""
    return Ed25519PrivateKey.generate()


def load_private_pem(pem: str) -> PrivateKey:
    """Read one of *our own* private keys from unencrypted PEM. Costs 10 µs; keep the object all the same.

    Never for a key that somebody else gave us: the RSA validity checks are skipped.

    Raises:
        KeyUnusableError: unreadable, encrypted, or neither RSA nor Ed25519.
    """
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it wants a password
        raise KeyUnusableError("the private key cannot be read") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise KeyUnusableError("the private key is neither RSA nor Ed25519")
    return key


def private_pem(key: PrivateKey) -> str:
    """Write a private key as unencrypted PKCS#8 PEM, for our own database."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def public_pem(key: PublicKey) -> str:
    """Write a public key as SPKI PEM, the form of `publicKeyPem`."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def public_multibase(key: PublicKey) -> str:
    """Write a public key as a Multikey's `publicKeyMultibase`."""
    if isinstance(key, Ed25519PublicKey):
        data = _ED25519_PUBLIC + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        data = _RSA_PUBLIC + key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    return "z" + base58btc_encode(data)


def base58btc_encode(data: bytes) -> str:
    """Write bytes in Bitcoin's base 58, without the multibase prefix."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_BASE58BTC[digit])
    leading_zeros = len(data) - len(data.lstrip(b"\0"))
    return _BASE58BTC[0] * leading_zeros + "".join(reversed(digits))


def base58btc_decode(text: str) -> bytes:
    """Read Bitcoin's base 58, without the multibase prefix.

    Raises:
        ValueError: a character outside the alphabet.
    """
    number = 0
    for character in text:
        if character not in _BASE58BTC_VALUES:
            raise ValueError("not base58btc")
        number = number * 58 + _BASE58BTC_VALUES[character]
    leading_zeros = len(text) - len(text.lstrip(_BASE58BTC[0]))
    return b"\0" * leading_zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
