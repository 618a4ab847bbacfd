"""One-time passwords by time: the six digits that an authenticator shows.

Pure, so that the vectors of the standard test it. A code is good in its own half minute and in the ones
beside it, because clocks differ and people type slowly; a step that was used, and every one before it, is
good no more.

Sources: RFC 6238 (TOTP), RFC 4226 (HOTP), and the key URI format that authenticators read.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

__all__ = ["STEP_S", "code_at", "is_secret", "key_uri", "matching_step", "new_secret", "step_of"]

STEP_S = 30
"""Length of a time step, in seconds; RFC 6238 section 5.2, and the only one that all authenticators know."""

DIGITS = 6
"""Of a code; for the same reason, and so SHA-1, which HMAC does not need to be free of collisions."""

WINDOW = 1
"""Steps before and after the present one whose codes are taken; RFC 6238 section 5.2 advises one."""

SECRET_BYTES = 20
"""Of the shared secret: as long as the hash (RFC 4226 section 4, R6)."""


def new_secret() -> str:
    """Make a shared secret, in base32 as authenticators take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def is_secret(text: str) -> bool:
    """Tell whether this is a shared secret as `new_secret` makes them."""
    try:
        return len(base64.b32decode(text)) == SECRET_BYTES
    except ValueError:
        return False


def step_of(now: datetime) -> int:
    """Return the time step of a moment."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: str, step: int, *, digits: int = DIGITS) -> str:
    """Return the code of one time step.

    Args:
        secret: in base32.
        step: number of time steps since 1970.
        digits: of the code; the standard's vectors have eight.
    """
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def matching_step(secret: str, code: str, *, now: datetime, used: int | None) -> int | None:
    """Return the time step that a code is of; None when it is of none that counts.

    Args:
        secret: in base32.
        code: as typed, without spaces.
        now: the moment.
        used: the last step of which a code was taken.
    """
    present, found = step_of(now), None
    for step in range(present - WINDOW, present + WINDOW + 1):
        # All are compared, so that the time tells nothing about which one it was.
        same = hmac.compare_digest(code_at(secret, step).encode(), code.encode("utf-8", "surrogatepass"))
        if same and (used is None or step > used):
            found = step
    return found


def key_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the address that an authenticator reads from a picture."""
    label = quote(f"{issuer}:{account}", safe="")
    query = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"
