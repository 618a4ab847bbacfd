"""A proof inside the document: FEP-8b32 with the suite eddsa-jcs-2022.

An HTTP signature proves who sent a request; a proof goes with the document, so a reply that somebody
forwards can be believed without asking its author's server. It is checked over the document *as parsed*,
never over the compact form: `normalise.parse`, not `normalise.normalise`. Like a request it is checked in
two steps, `read_proof` before the key is known and `require_valid` with it. Whose key it is stays with the
caller: the verification method must stand in the `assertionMethod` of the very actor that the document
names.

Source: FEP-8b32; W3C Data Integrity EdDSA Cryptosuites 1.0 section 3.3; RFC 8785 (JCS).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from activitypub.errors import KeyUnusableError, SignatureError
from activitypub.keys import PublicKey, base58btc_decode, base58btc_encode

__all__ = ["Proof", "add_proof", "hash_data", "read_proof", "require_valid"]

_TYPE: Final = "DataIntegrityProof"
_SUITE: Final = "eddsa-jcs-2022"
_PURPOSE: Final = "assertionMethod"
_VALUE_CHARS_MAX: Final = 96  # 64 bytes in base 58 have at most 88, and the prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof that is complete and not expired, but not yet checked.

    Attributes:
        verification_method: address of the key, as written, with its fragment.
        data: the 64 bytes that are signed.
        signature: decoded.
    """

    verification_method: str
    data: bytes
    signature: bytes


def add_proof(
    document: Mapping[str, Any], *, key: Ed25519PrivateKey, verification_method: str, created: datetime
) -> dict[str, Any]:
    """Give a copy of a document with a proof in it.

    Args:
        document: ours, with a list as `@context` (Mastodon compares the two contexts as lists). An LD
            `signature` is left out, as it would cover a document without the proof.
        key: our private key.
        verification_method: address of its public half, in the actor's `assertionMethod`.
        created: when.
    """
    assert isinstance(document.get("@context"), list), "a document with a proof has a list as @context"
    bare = _bare(document)
    options: dict[str, Any] = {
        "@context": bare["@context"],
        "type": _TYPE,
        "cryptosuite": _SUITE,
        "verificationMethod": verification_method,
        "proofPurpose": _PURPOSE,
        "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    value = "z" + base58btc_encode(key.sign(hash_data(bare, options)))
    return {**bare, "proof": {**options, "proofValue": value}}


def read_proof(document: Mapping[str, Any], *, now: datetime) -> Proof:
    """Read a document's proof and refuse what could not be accepted with any key.

    Args:
        document: as parsed, keys untouched.
        now: the present, with a zone.

    Raises:
        SignatureError: no proof, several, of another suite or purpose, expired, over another context, or over
            numbers that JSON's canonical form does not have.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict):
        raise SignatureError("the document has no single proof")
    _require_value(proof, "type", _TYPE)
    _require_value(proof, "cryptosuite", _SUITE)
    _require_value(proof, "proofPurpose", _PURPOSE)
    method = proof.get("verificationMethod")
    if not isinstance(method, str):
        raise SignatureError("the proof names no verification method")
    _require_not_expired(proof.get("expires"), now)
    bare = _bare(document)
    if "@context" in proof:
        _require_prefix(proof["@context"], bare.get("@context"))
        bare["@context"] = proof["@context"]
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    return Proof(
        verification_method=method,
        data=hash_data(bare, options),
        signature=_signature(proof.get("proofValue")),
    )


def require_valid(proof: Proof, key: PublicKey) -> None:
    """Check the proof itself.

    Args:
        proof: what `read_proof` gave.
        key: the key found at `proof.verification_method`.

    Raises:
        KeyUnusableError: the key is not Ed25519.
        SignatureError: the proof does not verify.
    """
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(f"{_SUITE} needs an Ed25519 key", iri=proof.verification_method)
    try:
        key.verify(proof.signature, proof.data)
    except InvalidSignature as error:
        raise SignatureError("the proof does not verify", iri=proof.verification_method) from error


def hash_data(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Give the 64 bytes that are signed: the hash of the proof's options, then that of the document.

    Args:
        document: without its proof.
        options: the proof without its value.

    Raises:
        SignatureError: a number has no canonical form (an integer beyond 2**53).
    """
    return _canonical_hash(options) + _canonical_hash(document)


def _bare(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what signs the document: Fedify and Mastodon add an LD `signature` after the proof."""
    return {name: value for name, value in document.items() if name not in {"proof", "signature"}}


def _canonical_hash(value: Mapping[str, Any]) -> bytes:
    try:
        return hashlib.sha256(rfc8785.dumps(dict(value))).digest()
    except rfc8785.CanonicalizationError as error:
        raise SignatureError("the document has no canonical form") from error


def _require_value(proof: Mapping[str, Any], name: str, expected: str) -> None:
    if proof.get(name) != expected:
        raise SignatureError(f"the proof's {name} is not {expected}")


def _require_not_expired(expires: object, now: datetime) -> None:
    if expires is None:
        return
    try:
        instant = datetime.fromisoformat(expires) if isinstance(expires, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or now >= instant:
        raise SignatureError("the proof has expired, or its end cannot be read")


def _require_prefix(of_proof: object, of_document: object) -> None:
    """The document may add contexts behind those that were signed, nothing else."""
    signed = of_proof if isinstance(of_proof, list) else [of_proof]
    present = of_document if isinstance(of_document, list) else [of_document]
    if present[: len(signed)] != signed:
        raise SignatureError("the proof was made over another @context")


def _signature(value: object) -> bytes:
    if not isinstance(value, str) or not value.startswith("z") or len(value) > _VALUE_CHARS_MAX:
        raise SignatureError("the proof's value is not base58btc")
    try:
        return base58btc_decode(value[1:])
    except ValueError as error:
        raise SignatureError("the proof's value is not base58btc") from error
