"""Keys that strangers publish, and our own."""

import base64
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from activitypub import keys, limits
from activitypub.errors import KeyUnusableError
from tests.signing import DATA, ED25519_KEY, ED25519_PUBLIC, RSA_KEY, RSA_PUBLIC, VECTORS

FEATURE = (DATA / "fep-521a" / "fep-521a.feature").read_text("utf-8")
HEX_ED25519, HEX_RSA = re.findall(r'hex string "([0-9a-f]+)"', FEATURE)
MULTIKEY_ED25519, MULTIKEY_RSA = (
    json.loads(text)["publicKeyMultibase"] for text in re.findall(r'"""(.*?)"""', FEATURE, re.DOTALL)
)


def spki(key) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def pkcs1(key) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def multibase(prefix: bytes, data: bytes) -> str:
    return "z" + keys.base58btc_encode(prefix + data)


# --- Public PEM ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [spki, pkcs1])
def test_rsa_is_read_in_both_envelopes(write):
    assert keys.load_public_pem(write(RSA_PUBLIC)) == RSA_PUBLIC


def test_ed25519_is_read():
    assert keys.load_public_pem(spki(ED25519_PUBLIC)) == ED25519_PUBLIC


@pytest.mark.parametrize("key", [RSA_PUBLIC, ED25519_PUBLIC])
def test_a_public_key_survives_pem_and_multibase(key):
    assert keys.load_public_pem(keys.public_pem(key)) == key
    assert keys.load_public_multibase(keys.public_multibase(key)) == key


@pytest.mark.parametrize(
    "change", [str.strip, lambda pem: pem.replace("\n", "\r\n"), lambda pem: f"\n {pem}\n\n"]
)
def test_white_space_around_pem_does_not_matter(change):
    assert keys.load_public_pem(change(spki(RSA_PUBLIC))) == RSA_PUBLIC


def test_the_length_of_a_text_is_bounded():
    pem = spki(RSA_PUBLIC)
    assert keys.load_public_pem(pem + "\n" * (limits.PUBLIC_KEY_PEM_CHARS_MAX - len(pem))) == RSA_PUBLIC
    with pytest.raises(KeyUnusableError, match="too long"):
        keys.load_public_pem(pem + "\n" * (limits.PUBLIC_KEY_PEM_CHARS_MAX - len(pem) + 1))
    with pytest.raises(KeyUnusableError, match="neither"):
        keys.load_public_multibase("z" + "1" * (limits.MULTIBASE_CHARS_MAX - 1))


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_small_rsa_key_is_refused(bits):
    key = rsa.generate_private_key(65_537, bits).public_key()
    for attempt in (
        lambda: keys.load_public_pem(spki(key)),
        lambda: keys.load_public_multibase(keys.public_multibase(key)),
    ):
        with pytest.raises(KeyUnusableError, match=str(bits)):
            attempt()


@pytest.mark.parametrize(("bits", "taken"), [(4096, True), (8192, True), (8193, False)])
def test_a_large_rsa_key_is_taken_up_to_a_bound(bits, taken):
    # Nobody has to know the factors of a number to publish it.
    key = RSAPublicNumbers(65_537, (1 << (bits - 1)) + 1).public_key()
    if taken:
        assert keys.load_public_pem(spki(key)) == key
        assert keys.load_public_multibase(keys.public_multibase(key)) == key
    else:
        with pytest.raises(KeyUnusableError, match=str(bits)):
            keys.load_public_pem(spki(key))


def test_a_giant_rsa_key_is_refused_before_it_is_read():
    key = RSAPublicNumbers(65_537, (1 << 40_000) + 1).public_key()
    with pytest.raises(KeyUnusableError, match="too long"):
        keys.load_public_pem(spki(key))
    with pytest.raises(KeyUnusableError, match="not multibase"):
        keys.load_public_multibase(keys.public_multibase(key))


def test_a_giant_exponent_is_refused():
    modulus = RSA_PUBLIC.public_numbers().n
    key = RSAPublicNumbers(limits.RSA_EXPONENT_MAX + 1, modulus).public_key()
    with pytest.raises(KeyUnusableError, match="exponent"):
        keys.load_public_pem(spki(key))
    assert keys.load_public_pem(spki(RSAPublicNumbers(3, modulus).public_key()))


OTHER_KINDS = [
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ec.generate_private_key(ec.SECP256K1()),
    ed448.Ed448PrivateKey.generate(),
    x25519.X25519PrivateKey.generate(),
    dsa.generate_private_key(1024),
]


@pytest.mark.parametrize("key", OTHER_KINDS, ids=lambda key: type(key).__name__)
def test_another_kind_of_key_is_refused(key):
    with pytest.raises(KeyUnusableError, match="neither"):
        keys.load_public_pem(spki(key.public_key()))
    with pytest.raises(KeyUnusableError, match="neither"):
        keys.require_usable(key.public_key())


@pytest.mark.parametrize("private", [RSA_KEY, ED25519_KEY])
def test_a_published_private_key_is_refused(private):
    with pytest.raises(KeyUnusableError, match="private key"):
        keys.load_public_pem(keys.private_pem(private))
    with pytest.raises(KeyUnusableError, match="private key"):
        keys.load_public_pem(keys.public_pem(private.public_key()) + keys.private_pem(private))


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "key",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        spki(RSA_PUBLIC)[:200],
        spki(RSA_PUBLIC).replace("PUBLIC", "PÜBLIC"),
        spki(RSA_PUBLIC).replace("-----BEGIN PUBLIC KEY-----", "-----BEGIN RSA PUBLIC KEY-----"),
    ],
)
def test_what_is_no_key_is_refused(pem):
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        keys.load_public_pem(pem)


@given(st.binary(max_size=600), st.integers(0, 400), st.integers(0, 255))
def test_any_bytes_are_a_key_or_refused(data, at, value):
    der = bytearray(load_der(RSA_PUBLIC))
    der[at % len(der)] = value
    for body in (data, bytes(der)):
        text = re.sub("(.{64})", r"\1\n", base64.b64encode(body).decode())
        for label in ("PUBLIC KEY", "RSA PUBLIC KEY"):
            attempt(keys.load_public_pem, f"-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
        attempt(keys.load_public_multibase, multibase(b"\x85\x24", body))
        attempt(keys.load_public_multibase, multibase(b"\xed\x01", body))


def load_der(key) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def attempt(load, text) -> None:
    try:
        keys.require_usable(load(text))
    except KeyUnusableError:
        return


# --- Multibase -----------------------------------------------------------------------------------------------


def test_the_keys_of_the_fep():
    assert keys.public_multibase(keys.load_public_multibase(MULTIKEY_ED25519)) == MULTIKEY_ED25519
    assert (
        keys.load_public_multibase(MULTIKEY_ED25519).public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        == HEX_ED25519
    )
    key = load_der_public_key(bytes.fromhex(HEX_RSA))
    assert keys.load_public_multibase(MULTIKEY_RSA) == key
    assert isinstance(key, rsa.RSAPublicKey)
    assert keys.public_multibase(key) == MULTIKEY_RSA


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not multibase"),
        (MULTIKEY_ED25519[1:], "not multibase"),
        ("u7QEu", "not multibase"),
        ("z" * (limits.MULTIBASE_CHARS_MAX + 1), "not multibase"),
        ("z0OIl", "cannot be read"),
        (MULTIKEY_ED25519 + "é", "cannot be read"),
        (MULTIKEY_ED25519[:-1], "neither"),
        ("z", "neither"),
        (multibase(b"\xed\x01", b"\1" * 31), "cannot be read"),
        (multibase(b"\xed\x01", b"\1" * 33), "cannot be read"),
        (multibase(b"\x85\x24", b"\1" * 33), "cannot be read"),
        (multibase(b"\x80\x24", b"\2" + b"\1" * 32), "neither"),  # P-256
        (multibase(b"\x80\x26", b"\1" * 32), "neither"),  # an Ed25519 private key
        (multibase(b"\x85\x24", load_der(OTHER_KINDS[0].public_key())), "neither"),
    ],
)
def test_what_is_no_multikey_is_refused(text, reason):
    with pytest.raises(KeyUnusableError, match=reason):
        keys.load_public_multibase(text)


@pytest.mark.parametrize(
    ("data", "text"),
    [  # draft-msporny-base58-03 section 5
        (b"Hello World!", "2NEpo7TZRRrLZSi2U"),
        (
            b"The quick brown fox jumps over the lazy dog.",
            "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
        ),
        (bytes.fromhex("0000287fb4cd"), "11233QC4"),
        (b"", ""),
        (b"\0", "1"),
    ],
)
def test_base58_as_in_its_draft(data, text):
    assert keys.base58btc_encode(data) == text
    assert keys.base58btc_decode(text) == data


@given(st.binary(max_size=80))
def test_base58_survives(data):
    assert keys.base58btc_decode(keys.base58btc_encode(data)) == data


@pytest.mark.parametrize("character", ["0", "O", "I", "l", " ", "-", "é"])
def test_base58_has_no_look_alikes(character):
    with pytest.raises(ValueError, match="base58btc"):
        keys.base58btc_decode("2NEpo" + character)


# --- Our own -------------------------------------------------------------------------------------------------


def test_new_keys_are_ones_that_we_would_take():
    assert keys.require_usable(keys.generate_rsa().public_key()).key_size == 2048
    assert keys.require_usable(keys.generate_ed25519().public_key())
    assert keys.generate_ed25519().public_key() != keys.generate_ed25519().public_key()


@pytest.mark.parametrize("key", [RSA_KEY, ED25519_KEY])
def test_a_private_key_survives_the_database(key):
    loaded = keys.load_private_pem(keys.private_pem(key))
    assert loaded.public_key() == key.public_key()
    assert "BEGIN PRIVATE KEY" in keys.private_pem(key)


def test_a_private_key_in_pkcs1_is_read():
    assert keys.load_private_pem(VECTORS["keys"]["test-key-rsa"]["private"]).public_key() == RSA_PUBLIC


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "ä",
        keys.public_pem(RSA_PUBLIC),
        RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode(),
    ],
)
def test_what_is_no_private_key_is_refused(pem):
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        keys.load_private_pem(pem)


def test_another_kind_of_private_key_is_refused():
    pem = OTHER_KINDS[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(KeyUnusableError, match="neither"):
        keys.load_private_pem(pem)
