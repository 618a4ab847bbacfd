"""The table of algorithms, and that neither a name nor a key is used for what it is not."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

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


@pytest.mark.parametrize(("name", "other"), [("ecdsa-p256-sha256", P384), ("ecdsa-p384-sha384", P256)])
def test_a_curve_is_part_of_the_algorithm(name, other):
    size = 64 if name == "ecdsa-p256-sha256" else 96
    assert not algorithms.verifies(name, other.public_key(), b"\1" * size, b"text")


def test_an_algorithm_does_not_verify_for_another():
    signature = algorithms.sign("rsa-pss-sha512", RSA_KEY, b"text")
    for name in ("rsa-v1_5-sha256", "rsa-v1_5-sha512"):
        assert not algorithms.verifies(name, RSA_KEY.public_key(), signature, b"text")


@pytest.mark.parametrize("name", ["", "none", "hmac-sha256", "RSA-V1_5-SHA256", "rsa-v1_5-sha1"])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(SignatureError, match="no such"):
        algorithms.verifies(name, RSA_KEY.public_key(), b"", b"text")
