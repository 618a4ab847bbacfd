"""Our exception hierarchy.

    ActivityPubError
    ├── MalformedError        the document or message cannot be read                      400
    │   └── TooLargeError     it is larger, deeper or longer than `limits` allows          413
    ├── WrongTypeError        the media type is not an ActivityPub one                     415
    ├── SignatureError        a signature is missing, incomplete or does not verify        401
    │   └── KeyUnusableError  the key itself is unreadable, too small or of unknown kind   401
    ├── ForbiddenError        well formed and signed, but without authority (origin rules) 403
    └── FetchError            another server did not give us what we asked for             502
        ├── GoneError         it said 410, or served a Tombstone                           410
        ├── NotFoundError     it said 404                                                  404
        └── UnreachableError  no answer at all, or 5xx / 429: trying later may help        503

Each error carries `status_hint`, the HTTP status an inbox would answer, and `iri`, the
identifier of the thing at fault, so that an edge needs no table of its own.
"""

from typing import ClassVar

__all__ = [
    "ActivityPubError",
    "FetchError",
    "ForbiddenError",
    "GoneError",
    "KeyUnusableError",
    "MalformedError",
    "NotFoundError",
    "SignatureError",
    "TooLargeError",
    "UnreachableError",
    "WrongTypeError",
]


class ActivityPubError(Exception):
    """Anything that this package refuses.

    Args:
        message: what was wrong, safe to show to the sender.
        iri: the identifier at fault, if one is known.
    """

    status_hint: ClassVar[int] = 400

    def __init__(self, message: str, *, iri: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.iri = iri


class MalformedError(ActivityPubError):
    """The document or message cannot be read as what it claims to be."""


class TooLargeError(MalformedError):
    """A bound from `activitypub.limits` was exceeded."""

    status_hint = 413


class WrongTypeError(ActivityPubError):
    """The media type is not one that ActivityPub allows here."""

    status_hint = 415


class SignatureError(ActivityPubError):
    """A signature is missing, does not cover what it must, or does not verify."""

    status_hint = 401


class KeyUnusableError(SignatureError):
    """A public key cannot be read, is too small, or is of a kind we do not take."""


class ForbiddenError(ActivityPubError):
    """Readable and signed, but the signer has no authority over the thing."""

    status_hint = 403


class FetchError(ActivityPubError):
    """Another server answered, but not with the document that we asked for.

    Args:
        message: what was wrong.
        iri: the address asked.
        retry_after_s: seconds the other server asked us to wait, if it did.
    """

    status_hint = 502

    def __init__(self, message: str, *, iri: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, iri=iri)
        self.retry_after_s = retry_after_s


class GoneError(FetchError):
    """The other server says that it is gone: 410, or a Tombstone."""

    status_hint = 410


class NotFoundError(FetchError):
    """The other server says 404."""

    status_hint = 404


class UnreachableError(FetchError):
    """No usable answer: no connection, a timeout, 429 or 5xx. Trying later may help."""

    status_hint = 503
