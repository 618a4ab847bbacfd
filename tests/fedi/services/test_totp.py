"""One-time passwords by time."""

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from fedi.services import totp

VECTORS = (
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
)
"""RFC 6238 appendix B, for SHA-1."""

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    step = totp.step_of(datetime.fromtimestamp(seconds, tz=UTC))
    assert totp.code_at(SECRET, step, digits=8) == code
    assert totp.code_at(SECRET, step) == code[2:]


def test_a_code_is_good_one_step_before_and_after_and_no_further() -> None:
    now = datetime.fromtimestamp(1_000_000_000, tz=UTC)
    present = totp.step_of(now)
    found = {
        distance: totp.matching_step(SECRET, totp.code_at(SECRET, present + distance), now=now, used=None)
        for distance in range(-3, 4)
    }
    assert found == {
        -3: None, -2: None, -1: present - 1, 0: present, 1: present + 1, 2: None, 3: None,
    }  # fmt: skip


def test_a_step_that_was_used_and_those_before_it_are_good_no_more() -> None:
    now = datetime.fromtimestamp(1_000_000_000, tz=UTC)
    present = totp.step_of(now)
    code = totp.code_at(SECRET, present)
    assert totp.matching_step(SECRET, code, now=now, used=present - 1) == present
    assert totp.matching_step(SECRET, code, now=now, used=present) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, present - 1), now=now, used=present) is None


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "\ud800"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp.matching_step(SECRET, code, now=datetime.fromtimestamp(1e9, tz=UTC), used=None) is None


def test_the_address_holds_what_an_authenticator_needs() -> None:
    secret = totp.new_secret()
    assert totp.is_secret(secret)
    assert not totp.is_secret("AAAA")
    assert not totp.is_secret("no base32 at all!")
    uri = urlsplit(totp.key_uri(secret, account="anna@fedi.test", issuer="My: place"))
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/My%3A%20place%3Aanna%40fedi.test")
    assert parse_qs(uri.query) == {"secret": [secret], "issuer": ["My: place"]}
