"""What binds a body to its headers."""

import base64
import hashlib

import pytest

from activitypub import limits
from activitypub.errors import MalformedError, SignatureError
from activitypub.signatures import digest
from activitypub.signatures.message import Message

BODY = b'{"hello": "world"}'
SHA256 = "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="  # draft-cavage appendix C, RFC 9421 appendix B
SHA512 = base64.b64encode(hashlib.sha512(BODY).digest()).decode()
OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()


def message(body=BODY, **headers) -> Message:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Message.of(method="POST", target_uri="https://ai.example/", headers=pairs, body=body)


def test_ours_are_the_published_ones():
    assert digest.digest(BODY) == f"SHA-256={SHA256}"
    assert digest.content_digest(BODY) == f"sha-256=:{SHA256}:"


@pytest.mark.parametrize(
    "value",
    [
        f"SHA-256={SHA256}",
        f"sha-256={SHA256}",
        f"SHA-512={SHA512}",
        f"SHA-256={SHA256},SHA-512={SHA512}",
        f"MD5=whatever , sha-256={SHA256}",
        f"SHA-256={SHA256}, unixsum=30637",
    ],
)
def test_a_right_digest_is_taken(value):
    digest.require_digest(message(digest=value))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"SHA-256={OTHER}", "not that of the body"),
        (f"SHA-256={SHA256},SHA-512={OTHER}", "not that of the body"),
        (f"SHA-256={OTHER},SHA-256={SHA256}", "not that of the body"),
        ("SHA-256=", "not that of the body"),
        ("SHA-256=AAAA", "not that of the body"),
        ("SHA-256=not base64!", "not base64"),
        ("SHA-256=é", "not base64"),
        (f"SHA-256={SHA256[:-1]}", "not base64"),
        ("MD5=rL0Y20zC+Fzt72VPzMSk2A==", "no algorithm"),
        (SHA256, "no algorithm"),
        ("", "no algorithm"),
        (f"SHA-256={SHA256}," + "x" * limits.DIGEST_HEADER_CHARS_MAX, "too long"),
    ],
)
def test_a_wrong_digest_is_refused(value, reason):
    with pytest.raises(SignatureError, match=reason):
        digest.require_digest(message(digest=value))


def test_the_longest_digest_is_taken():
    value = f"SHA-256={SHA256}"
    digest.require_digest(
        message(digest=f"{value},{'x' * (limits.DIGEST_HEADER_CHARS_MAX - len(value) - 1)}")
    )


def test_no_digest_is_refused():
    with pytest.raises(SignatureError, match="missing"):
        digest.require_digest(message())
    with pytest.raises(SignatureError, match="missing"):
        digest.require_content_digest(message())


@pytest.mark.parametrize(
    "value",
    [
        f"sha-256=:{SHA256}:",
        f"sha-512=:{SHA512}:",
        f"sha-256=:{SHA256}:, sha-512=:{SHA512}:",
        f"md5=:AAAA:, sha-256=:{SHA256}:",
    ],
)
def test_a_right_content_digest_is_taken(value):
    digest.require_content_digest(message(content_digest=value))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"sha-256=:{OTHER}:", "not that of the body"),
        (f"sha-256=:{SHA256}:, sha-512=:{OTHER}:", "not that of the body"),
        ("sha-256=::", "not that of the body"),
        ("md5=:rL0Y20zC+Fzt72VPzMSk2A==:", "no algorithm"),
        ("", "no algorithm"),
        ("sha-256=:" + "A" * limits.DIGEST_HEADER_CHARS_MAX + ":", "too long"),
    ],
)
def test_a_wrong_content_digest_is_refused(value, reason):
    with pytest.raises(SignatureError, match=reason):
        digest.require_content_digest(message(content_digest=value))


@pytest.mark.parametrize(
    "value", [f"sha-256={SHA256}", "sha-256=1", "sha-256", "SHA-256=:AAAA:", "sha-256=(:AAAA:)"]
)
def test_a_content_digest_that_is_none_is_malformed(value):
    with pytest.raises(MalformedError):
        digest.require_content_digest(message(content_digest=value))
