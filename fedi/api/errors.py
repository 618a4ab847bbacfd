"""Refusals in the words that clients know.

Some clients compare these texts, and several fall back to an older endpoint on exactly 404, so the
wording and the status are part of the interface. `fedi.boundary` renders them as `{"error": ...}`.

Source: Mastodon's documentation, "Error entity" and "OAuth scopes".
"""

from collections.abc import Sequence

from fedi.errors import Refused

__all__ = [
    "app_only", "bad_token", "disabled", "malformed", "no_token", "not_allowed", "not_found", "oauth",
    "outside_scopes", "pending", "too_large", "unprocessable",
]  # fmt: skip


def no_token() -> Refused:
    """Return the refusal of a request without a token where one is needed."""
    return Refused(401, "The access token is invalid", why="no token", headers={"WWW-Authenticate": "Bearer"})


def bad_token() -> Refused:
    """Return the refusal of a token that is unknown or revoked."""
    return Refused(
        401,
        "The access token is invalid",
        why="unknown or revoked token",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def app_only() -> Refused:
    """Return the refusal of an application's own token where a person is needed."""
    return Refused(403, "This method requires an authenticated user")


def disabled() -> Refused:
    """Return the refusal of somebody whose account is suspended."""
    return Refused(403, "Your login is currently disabled")


def pending() -> Refused:
    """Return the refusal of somebody whom a moderator has yet to let in."""
    return Refused(403, "Your login is currently pending approval")


def not_allowed(why: str) -> Refused:
    """Return the refusal of somebody whose role does not let them do this."""
    return Refused(403, "This action is not allowed", why=why)


def outside_scopes(needed: Sequence[str]) -> Refused:
    """Return the refusal of a token that was given none of these rights."""
    return Refused(
        403, "This action is outside the authorized scopes", why=f"token lacks {' or '.join(needed)}"
    )


def not_found() -> Refused:
    """Return the refusal of what does not exist, or not for this person: the two look alike."""
    return Refused(404, "Record not found")


def unprocessable(text: str) -> Refused:
    """Return the refusal of a value that makes no sense, with a sentence for the person."""
    return Refused(422, f"Validation failed: {text}")


def malformed(text: str) -> Refused:
    """Return the refusal of a body or a parameter that cannot be read."""
    return Refused(400, text)


def too_large(bytes_max: int) -> Refused:
    """Return the refusal of a body of too many bytes."""
    return Refused(413, f"The request may have {bytes_max} bytes at most")


def oauth(status: int, error: str, text: str) -> Refused:
    """Return a refusal with one of OAuth's codes (RFC 6749 section 5.2)."""
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="fedi"'
    return Refused(status, text, error=error, headers=headers)
