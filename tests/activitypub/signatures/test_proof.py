"""Proofs inside documents: published examples, step by step, and every refusal."""

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from activitypub import keys, normalise
from activitypub.errors import KeyUnusableError, SignatureError
from activitypub.signatures import proof
from tests.signing import DATA, ED25519_KEY, ED25519_PUBLIC, NOW, RSA_PUBLIC

METHOD = "https://server.example/users/alice#ed25519-key"
FEATURE = (DATA / "fep-8b32" / "fep-8b32.feature").read_text("utf-8")
UNSIGNED, SIGNED, SIGNED_AGAIN, ACTOR = (
    json.loads(text) for text in re.findall(r'"""(.*?)"""', FEATURE, re.DOTALL)
)
KEY = keys.load_public_multibase(ACTOR["assertionMethod"][0]["publicKeyMultibase"])
EDDSA = DATA / "vc-di-eddsa"
FEDIFY_KEY = "c983b723b9546b4d83aa935f69e88c85cf768f27bb4c27f3cc0fe9a5446a17a3"


def private_multibase(text: str) -> Ed25519PrivateKey:
    """The notation of the examples; `keys` has no use for it."""
    data = keys.base58btc_decode(text.removeprefix("z"))
    assert data[:2] == b"\x80\x26"
    return Ed25519PrivateKey.from_private_bytes(data[2:])


def require(document: dict[str, Any], key: Any = KEY, now: datetime = NOW) -> None:
    proof.require_valid(proof.read_proof(document, now=now), key)


def changed(**changes: Any) -> dict[str, Any]:
    """The signed example with another proof."""
    return {**SIGNED, "proof": {**SIGNED["proof"], **changes}}


def without(name: str) -> dict[str, Any]:
    return {**SIGNED, "proof": {key: value for key, value in SIGNED["proof"].items() if key != name}}


# --- Canonical JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.name for path in (DATA / "jcs" / "input").iterdir()))
def test_canonical_json_is_that_of_the_rfc(name):
    value = json.loads((DATA / "jcs" / "input" / name).read_bytes())
    assert rfc8785.dumps(value) == (DATA / "jcs" / "output" / name).read_bytes().rstrip(b"\n")


# --- The W3C's steps -----------------------------------------------------------------------------------------


def eddsa(name: str) -> str:
    return (EDDSA / name).read_text("utf-8").strip()


def test_the_steps_of_eddsa_jcs_2022():
    document, options = json.loads(eddsa("unsigned.json")), json.loads(eddsa("proofConfigJCS.json"))
    assert rfc8785.dumps(document).decode() == eddsa("canonDocJCS.txt")
    assert rfc8785.dumps(options).decode() == eddsa("proofCanonJCS.txt")
    assert hashlib.sha256(rfc8785.dumps(document)).hexdigest() == eddsa("docHashJCS.txt")
    data = proof.hash_data(document, options)
    assert data.hex() == eddsa("combinedHashJCS.txt")
    pair = json.loads(eddsa("keyPair.json"))
    signature = private_multibase(pair["privateKeyMultibase"]).sign(data)
    assert signature.hex() == eddsa("sigHexJCS.txt")
    assert "z" + keys.base58btc_encode(signature) == eddsa("sigBTC58JCS.txt")
    require(json.loads(eddsa("signedJCS.json")), keys.load_public_multibase(pair["publicKeyMultibase"]))


# --- FEP-8b32 ------------------------------------------------------------------------------------------------


def test_the_example_of_the_fep_verifies():
    assert SIGNED == SIGNED_AGAIN
    read = proof.read_proof(SIGNED, now=NOW)
    assert read.verification_method == METHOD
    proof.require_valid(read, KEY)


def test_the_example_of_the_fep_is_what_we_make():
    secret = re.search(r'secret key "(z\w+)"', FEATURE)
    created = re.search(r'current time "(.*?)"', FEATURE)
    assert secret is not None
    assert created is not None
    made = proof.add_proof(
        UNSIGNED,
        key=private_multibase(secret[1]),
        verification_method=METHOD,
        created=datetime.fromisoformat(created[1]),
    )
    assert made == SIGNED


def test_the_document_with_a_real_post_verifies_as_parsed():
    body = (DATA / "wire-shapes" / "create-note-image-with-proof.json").read_bytes()
    require(normalise.parse(body))


def test_an_instant_is_written_in_utc():
    moment = NOW.astimezone(timezone(timedelta(hours=5)))
    made = proof.add_proof(UNSIGNED, key=ED25519_KEY, verification_method=METHOD, created=moment)
    assert made["proof"]["created"] == "2026-11-23T12:00:00Z"


def test_an_ld_signature_and_an_old_proof_are_left_out():
    made = proof.add_proof(
        {**SIGNED, "signature": {"type": "RsaSignature2017"}},
        key=ED25519_KEY,
        verification_method=METHOD,
        created=NOW,
    )
    assert "signature" not in made
    require(made, ED25519_PUBLIC)


def test_an_ld_signature_that_came_after_the_proof_breaks_nothing():
    require({**SIGNED, "signature": {"type": "RsaSignature2017", "signatureValue": "x"}})


def test_what_fedify_sends_verifies():
    """It signs the document twice: by a proof, and then, with the proof in it, the old way."""
    document = normalise.parse((DATA / "fedify" / "create-with-proof-and-signature.json").read_bytes())
    assert document["signature"]["type"] == "RsaSignature2017"
    require(document, Ed25519PublicKey.from_public_bytes(bytes.fromhex(FEDIFY_KEY)))
    with pytest.raises(SignatureError, match="does not verify"):
        require(
            {**document, "to": "as:Public"}, Ed25519PublicKey.from_public_bytes(bytes.fromhex(FEDIFY_KEY))
        )


def test_our_own_document_needs_a_list_as_context():
    with pytest.raises(AssertionError):
        proof.add_proof(
            {**UNSIGNED, "@context": "https://www.w3.org/ns/activitystreams"},
            key=ED25519_KEY,
            verification_method=METHOD,
            created=NOW,
        )


# --- Contexts ------------------------------------------------------------------------------------------------


def test_a_context_may_be_added_behind_the_signed_ones():
    require({**SIGNED, "@context": [*SIGNED["@context"], "https://w3id.org/security/v1"]})


@pytest.mark.parametrize(
    "context",
    [
        None,
        [],
        "https://www.w3.org/ns/activitystreams",
        SIGNED["@context"][:1],
        SIGNED["@context"][::-1],
        ["https://w3id.org/security/v1", *SIGNED["@context"]],
    ],
)
def test_another_context_is_refused(context):
    with pytest.raises(SignatureError, match="another @context"):
        require({**SIGNED, "@context": context})


@pytest.mark.parametrize(
    "context", [["https://www.w3.org/ns/activitystreams"], "https://www.w3.org/ns/activitystreams"]
)
def test_a_proof_without_or_with_a_single_context(context):
    document = {"@context": context, "type": "Note"}
    for options in ({}, {"@context": context}):
        full = {
            **options,
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": METHOD,
            "proofPurpose": "assertionMethod",
        }
        value = "z" + keys.base58btc_encode(ED25519_KEY.sign(proof.hash_data(document, full)))
        require({**document, "proof": {**full, "proofValue": value}}, ED25519_PUBLIC)


# --- Refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, [], [SIGNED["proof"]], [SIGNED["proof"], SIGNED["proof"]], "proof", 1]
)
def test_anything_but_one_proof_is_refused(value):
    with pytest.raises(SignatureError, match="no single proof"):
        require({**SIGNED, "proof": value})


def test_no_proof_is_refused():
    with pytest.raises(SignatureError, match="no single proof"):
        require(UNSIGNED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "Ed25519Signature2020"),
        ("type", ["DataIntegrityProof"]),
        ("cryptosuite", "eddsa-rdfc-2022"),
        ("cryptosuite", None),
        ("proofPurpose", "authentication"),
    ],
)
def test_another_kind_of_proof_is_refused(name, value):
    with pytest.raises(SignatureError, match=f"proof's {name} is not"):
        require(changed(**{name: value}))
    with pytest.raises(SignatureError, match=f"proof's {name} is not"):
        require(without(name))


@pytest.mark.parametrize("value", [None, 17, {"id": METHOD}, [METHOD]])
def test_a_proof_without_a_key_is_refused(value):
    with pytest.raises(SignatureError, match="no verification method"):
        require(changed(verificationMethod=value))


VALUE = SIGNED["proof"]["proofValue"]


@pytest.mark.parametrize("value", [None, 17, "", "AAAA", "uAAAA", "z0OIl", "x" + VALUE[1:], "z" + "1" * 96])
def test_a_value_that_is_not_base58_is_refused(value):
    with pytest.raises(SignatureError, match="base58btc"):
        require(changed(proofValue=value))


@pytest.mark.parametrize(
    "value", ["z", VALUE[:-1], VALUE + "1", "z1" + VALUE[1:], "z" + "1" * 64, "z" + "1" * 95]
)
def test_a_value_that_is_another_signature_is_refused(value):
    with pytest.raises(SignatureError, match="does not verify"):
        require(changed(proofValue=value))


def test_a_proof_has_an_end():
    def expiring(value: Any) -> dict[str, Any]:
        options = {**without("proofValue")["proof"], "expires": value}
        signature = ED25519_KEY.sign(proof.hash_data(UNSIGNED, options))
        return {**UNSIGNED, "proof": {**options, "proofValue": "z" + keys.base58btc_encode(signature)}}

    require(expiring("2026-11-23T12:00:01Z"), ED25519_PUBLIC)
    for value in ("2026-11-23T12:00:00Z", "2026-11-24T12:00:00", "soon", 1795435200, ""):
        with pytest.raises(SignatureError, match="expired"):
            require(expiring(value), ED25519_PUBLIC)


def test_another_key_is_refused():
    with pytest.raises(SignatureError, match="does not verify"):
        require(SIGNED, ED25519_PUBLIC)


def test_a_key_of_another_kind_is_refused():
    with pytest.raises(KeyUnusableError, match="Ed25519"):
        require(SIGNED, RSA_PUBLIC)


@pytest.mark.parametrize(
    "document",
    [
        {**SIGNED, "actor": "https://server.example/users/eve"},
        {**SIGNED, "extra": None},
        {key: value for key, value in SIGNED.items() if key != "id"},
        changed(created="2023-02-24T23:36:39Z"),
        changed(verificationMethod="https://server.example/users/eve#ed25519-key"),
        changed(extra=1),
        {**SIGNED, "object": {**SIGNED["object"], "location": {"type": "Place", "longitude": -71.184902}}},
    ],
)
def test_any_change_is_noticed(document):
    with pytest.raises(SignatureError, match="does not verify"):
        require(document)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63 - 1])
def test_a_number_without_canonical_form_is_refused(number):
    with pytest.raises(SignatureError, match="no canonical form"):
        require({**SIGNED, "count": number})


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("25.0", "25"), ("1E2", "100"), ("1e-7", "1e-7"), ("-0.0", "0"), ("0.1", "0.1"), ("1e21", "1e+21")],
)
def test_numbers_take_the_form_of_ecmascript(text, canonical):
    assert (
        rfc8785.dumps(normalise.parse(b'{"n":' + text.encode() + b"}"))
        == b'{"n":' + canonical.encode() + b"}"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), JSON, max_size=4))
def test_whatever_we_sign_we_take_after_a_journey(members):
    document = {**members, "@context": ["https://www.w3.org/ns/activitystreams"]}
    made = proof.add_proof(document, key=ED25519_KEY, verification_method=METHOD, created=NOW)
    require(json.loads(json.dumps(made)), ED25519_PUBLIC)


@given(JSON)
def test_whatever_a_proof_holds_is_read_or_refused(value):
    for document in ({**SIGNED, "proof": value}, *(changed(**{name: value}) for name in SIGNED["proof"])):
        try:
            require(document)
        except SignatureError:
            continue
        assert document == SIGNED
