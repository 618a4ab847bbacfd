"""The table of algorithms, and that neither a name nor a key is used for what it is not."""

from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from activitypub.errors import SignatureError
from activitypub.signatures import algorithms
from tests.signing import ED25519_KEY, RSA_KEY

P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
KEYS = {
    "rsa-v1_5-sha256": RSA_KEY,
    "rsa-v1_5-sha512": RSA_KEY,
    "rsa-pss-sha512": RSA_KEY,
    "ecdsa-p256-sha256": P256,
    "ecdsa-p384-sha384": P384,
    "ed25519": ED25519_KEY,
}


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_what_was_signed_verifies_and_nothing_else(name):
    key = KEYS[name]
    signature = algorithms.sign(name, key, b"text")
    assert algorithms.verifies(name, key.public_key(), signature, b"text")
    assert not algorithms.verifies(name, key.public_key(), signature, b"test")
    for broken in (
        b"",
        bytes(len(signature)),
        signature[:-1],
        signature + b"\0",
        bytes([signature[0] ^ 1]) + signature[1:],
    ):
        assert not algorithms.verifies(name, key.public_key(), broken, b"text")


@pytest.mark.parametrize("name", algorithms.ALGORITHMS)
def test_a_key_of_another_kind_is_refused(name):
    other = ED25519_KEY if name != "ed25519" else RSA_KEY
    with pytest.raises(SignatureError, match="does not fit"):
        algorithms.verifies(name, other.public_key(), b"", b"text")
    with pytest.raises(AssertionError):
        algorithms.sign(name, other, b"text")


def test_a_curve_is_part_of_the_algorithm():
    r, s = decode_dss_signature(P256.sign(b"text", ec.ECDSA(SHA384())))
    signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
    assert not algorithms.verifies("ecdsa-p384-sha384", P256.public_key(), signature, b"text")
    assert not algorithms.verifies("ecdsa-p256-sha256", P384.public_key(), b"\1" * 64, b"text")


def test_a_number_has_one_length():
    """A short s could be written without its leading zero: a second spelling of the same signature."""
    signature = next(
        made
        for made in (algorithms.sign("ecdsa-p256-sha256", P256, b"text") for _ in count())
        if made[32] == 0
    )
    assert algorithms.verifies("ecdsa-p256-sha256", P256.public_key(), signature, b"text")
    shorter = signature[:32] + signature[33:]
    assert not algorithms.verifies("ecdsa-p256-sha256", P256.public_key(), shorter, b"text")


def test_an_algorithm_does_not_verify_for_another():
    signature = algorithms.sign("rsa-pss-sha512", RSA_KEY, b"text")
    for name in ("rsa-v1_5-sha256", "rsa-v1_5-sha512"):
        assert not algorithms.verifies(name, RSA_KEY.public_key(), signature, b"text")


@pytest.mark.parametrize("name", ["", "none", "hmac-sha256", "RSA-V1_5-SHA256", "rsa-v1_5-sha1"])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(SignatureError, match="no such"):
        algorithms.verifies(name, RSA_KEY.public_key(), b"", b"text")
