"""draft-cavage-http-signatures-12: the draft's own vectors, and the dialects in the field."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from activitypub import keys, limits
from activitypub.errors import KeyUnusableError, SignatureError
from activitypub.signatures import cavage
from activitypub.signatures.cavage import CavageSignature
from activitypub.signatures.message import Message
from tests.signing import (
    DATA,
    ED25519_KEY,
    ED25519_PUBLIC,
    KEY_ID,
    NOW,
    RSA_KEY,
    RSA_PUBLIC,
    unsigned,
    with_headers,
)

APPENDIX_C = json.loads((DATA / "cavage12" / "cavage-12-appendix-c.json").read_text("utf-8"))
GOOD = 'keyId="https://m.example/key",algorithm="rsa-sha256",headers="host date",signature="AAAA"'


def signature(**changes) -> CavageSignature:
    return CavageSignature(
        **{"key_id": KEY_ID, "algorithm": "rsa-sha256", "headers": ("host",), "signature": b"", **changes}
    )


# --- The draft's vectors -------------------------------------------------------------------------------------


def appendix_c_message() -> Message:
    request = APPENDIX_C["request"]
    return Message.of(
        method=request["method"],
        target_uri="https://example.com" + request["target"],
        headers=request["headers"].items(),
        body=request["body"].encode(),
    )


@pytest.mark.parametrize("vector", APPENDIX_C["vectors"], ids=lambda vector: vector["id"])
def test_the_examples_of_the_draft_verify(vector):
    headers = tuple((vector["headers"] or "date").split(" "))  # the draft's default, which we do not apply
    parsed = signature(headers=headers, signature=base64.b64decode(vector["signature"]))
    assert cavage.signing_string(parsed, appendix_c_message()) == vector["signing_string"]
    # The draft's key is too small for `keys`, and `check` takes any RSA key: the size is `verify`'s rule.
    small = load_pem_public_key(APPENDIX_C["public_key"].encode())
    assert cavage.check(parsed, appendix_c_message(), small)
    with pytest.raises(KeyUnusableError):
        keys.load_public_pem(APPENDIX_C["public_key"])


# --- Reading -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        f"Signature {GOOD}",
        GOOD.replace(",", ", "),
        GOOD.replace(",", " ,\t"),
        GOOD.replace("keyId", "keyid"),
        GOOD.replace("host date", "Host Date"),
        GOOD.replace("rsa-sha256", "RSA-SHA256"),
        f'{GOOD},nonce="ignored"',
    ],
)
def test_spellings_that_mean_the_same(value):
    expected = signature(key_id="https://m.example/key", headers=("host", "date"), signature=b"\0\0\0")
    assert cavage.parse(value) == expected


def test_an_absent_algorithm_is_hs2019():
    assert cavage.parse(GOOD.replace('algorithm="rsa-sha256",', "")).algorithm == "hs2019"


def test_times_are_integers():
    parsed = cavage.parse(f"{GOOD},created=1795435200,expires=-1")
    assert (parsed.created, parsed.expires) == (1795435200, -1)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "cannot be read"),
        ("Signature ", "cannot be read"),
        ("AAAA", "cannot be read"),
        (f"{GOOD},", "cannot be read"),
        (f"{GOOD};", "cannot be read"),
        (GOOD.replace(",", ";"), "cannot be read"),
        (GOOD.replace('",', '"'), "cannot be read"),
        (f"Bearer {GOOD}", "cannot be read"),
        (GOOD.replace('"AAAA"', "AAAA"), "cannot be read"),
        (GOOD.replace('"AAAA"', '"AA\\"AA"'), "cannot be read"),
        (f"{GOOD},created=1.5", "cannot be read"),
        (f'{GOOD},keyId="https://e.example/key"', "two parameters"),
        (f'{GOOD},KEYID="https://e.example/key"', "two parameters"),
        (f'{GOOD},headers="date"', "two parameters"),
        (GOOD.replace('keyId="https://m.example/key",', ""), "no keyid"),
        (GOOD.replace("https://m.example/key", ""), "no keyid"),
        (GOOD.replace('"https://m.example/key"', "17"), "no keyid"),
        (GOOD.replace(',headers="host date"', ""), "no headers"),
        (GOOD.replace("host date", ""), "no headers"),
        (GOOD.replace(',signature="AAAA"', ""), "no signature"),
        (GOOD.replace("AAAA", ""), "no signature"),
        (GOOD.replace("AAAA", "A"), "not base64"),
        (GOOD.replace("AAAA", "AA-_"), "not base64"),
        (GOOD.replace("AAAA", "AAAÄ"), "not base64"),
        (GOOD.replace("host date", "host host"), "doubled"),
        (GOOD.replace("host date", "host HOST"), "doubled"),
        (GOOD.replace("host date", "host  date"), "empty"),
        (GOOD.replace("host date", " ".join(map(str, range(limits.COVERED_COMPONENTS_MAX + 1)))), "too long"),
        (GOOD.replace("rsa-sha256", "rsa-sha1"), "not supported"),
        (GOOD.replace("rsa-sha256", "hmac-sha256"), "not supported"),
        (GOOD.replace("rsa-sha256", "none"), "not supported"),
        (f'{GOOD},created="1795435200"', "not a number"),
        (f'{GOOD},expires="never"', "not a number"),
        (GOOD + " " * limits.SIGNATURE_HEADER_CHARS_MAX, "too long"),
    ],
)
def test_a_header_of_another_form_is_refused(value, reason):
    with pytest.raises(SignatureError, match=reason):
        cavage.parse(value)


def test_the_longest_header_and_the_longest_list_are_taken():
    names = " ".join(f"x{n}" for n in range(limits.COVERED_COMPONENTS_MAX))
    value = GOOD.replace("host date", names)
    parsed = cavage.parse(value + " " * (limits.SIGNATURE_HEADER_CHARS_MAX - len(value)))
    assert len(parsed.headers) == limits.COVERED_COMPONENTS_MAX


def test_two_headers_are_doubled_parameters():
    message = with_headers(unsigned(), signature=[GOOD, GOOD])
    with pytest.raises(SignatureError, match="two parameters"):
        cavage.parse(message.header("signature") or "")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(value):
    try:
        parsed = cavage.parse(value)
    except SignatureError:
        return
    assert parsed.key_id
    assert parsed.headers


# --- The text that is signed ---------------------------------------------------------------------------------


def test_the_text_has_a_line_for_each_header():
    message = Message.of(
        method="POST",
        target_uri="https://ai.example/in?a=1",
        headers=[("Host", "ai.example"), ("X", "1"), ("x", "2")],
    )
    covered = signature(headers=("(request-target)", "host", "x"))
    assert (
        cavage.signing_string(covered, message) == "(request-target): post /in?a=1\nhost: ai.example\nx: 1, 2"
    )
    assert cavage.signing_string(covered, message, with_query=False).startswith(
        "(request-target): post /in\n"
    )


def test_times_are_signed_as_written():
    covered = signature(algorithm="hs2019", headers=("(created)", "(expires)"), created=5, expires=7)
    assert cavage.signing_string(covered, unsigned()) == "(created): 5\n(expires): 7"


@pytest.mark.parametrize("name", ["(created)", "(expires)"])
@pytest.mark.parametrize(
    "changes", [{"algorithm": "rsa-sha256", "created": 5, "expires": 7}, {"algorithm": "hs2019"}]
)
def test_times_need_hs2019_and_a_value(name, changes):
    with pytest.raises(SignatureError, match="not allowed or not given"):
        cavage.signing_string(signature(headers=(name,), **changes), unsigned())


@pytest.mark.parametrize("name", ["x-missing", "(something)", "(status)"])
def test_what_is_not_there_cannot_be_covered(name):
    with pytest.raises(SignatureError, match="missing"):
        cavage.signing_string(signature(headers=(name,)), unsigned())


# --- Checking ------------------------------------------------------------------------------------------------


def signed_with(algorithm: str, raw: bytes) -> CavageSignature:
    return signature(algorithm=algorithm, headers=("host", "date"), signature=raw)


def text() -> bytes:
    return cavage.signing_string(signed_with("rsa-sha256", b""), unsigned()).encode()


@pytest.mark.parametrize("digest", [SHA256(), SHA512()], ids=["SHA-256", "SHA-512"])
def test_hs2019_with_an_rsa_key_means_pkcs1(digest):
    raw = RSA_KEY.sign(text(), padding.PKCS1v15(), digest)
    assert cavage.check(signed_with("hs2019", raw), unsigned(), RSA_PUBLIC)


def test_hs2019_with_an_ed25519_key_means_ed25519():
    assert cavage.check(signed_with("hs2019", ED25519_KEY.sign(text())), unsigned(), ED25519_PUBLIC)


def test_the_algorithm_named_is_the_one_used():
    raw = RSA_KEY.sign(text(), padding.PKCS1v15(), SHA512())
    assert cavage.check(signed_with("rsa-sha512", raw), unsigned(), RSA_PUBLIC)
    assert not cavage.check(signed_with("rsa-sha256", raw), unsigned(), RSA_PUBLIC)
    pss = RSA_KEY.sign(text(), padding.PSS(padding.MGF1(SHA512()), 64), SHA512())
    assert not cavage.check(signed_with("hs2019", pss), unsigned(), RSA_PUBLIC)


def test_the_algorithm_must_fit_the_key():
    with pytest.raises(SignatureError, match="does not fit"):
        cavage.check(signed_with("rsa-sha256", ED25519_KEY.sign(text())), unsigned(), ED25519_PUBLIC)


def test_the_query_may_be_left_out_but_not_changed():
    def message(query: str) -> Message:
        return Message.of(
            method="GET", target_uri=f"https://ai.example/a{query}", headers=[("host", "ai.example")]
        )

    def signed(query: str) -> CavageSignature:
        value = cavage.sign(message(query), key=RSA_KEY, key_id=KEY_ID, headers=("(request-target)", "host"))
        return cavage.parse(value)

    assert cavage.check(signed("?a=1"), message("?a=1"), RSA_PUBLIC)
    assert cavage.check(signed(""), message("?a=1"), RSA_PUBLIC)
    assert not cavage.check(signed("?a=1"), message("?a=2"), RSA_PUBLIC)
    assert not cavage.check(signed("?a=1"), message(""), RSA_PUBLIC)


def test_a_query_does_not_matter_where_the_target_is_not_covered():
    message = Message.of(method="GET", target_uri="https://ai.example/a?b", headers=[("host", "ai.example")])
    assert not cavage.check(signature(signature=b"wrong"), message, RSA_PUBLIC)


# --- Signing -------------------------------------------------------------------------------------------------


def test_an_rsa_key_signs_as_mastodon_does():
    value = cavage.sign(unsigned(), key=RSA_KEY, key_id=KEY_ID, headers=cavage.POST_HEADERS)
    assert value.startswith(
        f'keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",signature="'
    )
    assert cavage.check(cavage.parse(value), unsigned(), RSA_PUBLIC)


def test_an_ed25519_key_signs_as_hs2019_with_its_times():
    headers = ("host", "(created)", "(expires)")
    value = cavage.sign(unsigned(), key=ED25519_KEY, key_id=KEY_ID, headers=headers, created=NOW, expires=NOW)
    assert 'algorithm="hs2019",created=1795435200,expires=1795435200,' in value
    assert cavage.check(cavage.parse(value), unsigned(), ED25519_PUBLIC)


def test_what_is_not_there_cannot_be_signed():
    with pytest.raises(SignatureError, match="missing"):
        cavage.sign(unsigned(), key=RSA_KEY, key_id=KEY_ID, headers=("x-missing",))
