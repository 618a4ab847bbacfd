"""Our exception hierarchy.

    WebfingerError
    ├── MalformedResourceError   what was asked for is no handle and no http(s) address   400
    ├── MalformedAnswerError     the other server's answer cannot be read                 502
    ├── MismatchError            the answer is about somebody else, or leads elsewhere    403
    ├── UnknownResourceError     the other server knows nobody of that name               404
    │   └── GoneResourceError    it knows that they are gone                              410
    └── UnreachableError         no usable answer: trying later may help                  503

Each error carries `status_hint`, the HTTP status an edge would answer, and `resource`, what was asked for.
"""

from typing import ClassVar

__all__ = [
    "GoneResourceError",
    "MalformedAnswerError",
    "MalformedResourceError",
    "MismatchError",
    "UnknownResourceError",
    "UnreachableError",
    "WebfingerError",
]


class WebfingerError(Exception):
    """Anything that this package refuses.

    Args:
        message: what was wrong, safe to show to whoever asked.
        resource: the handle or address in question.
    """

    status_hint: ClassVar[int] = 400

    def __init__(self, message: str, *, resource: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.resource = resource


class MalformedResourceError(WebfingerError):
    """What was asked for is no handle and no http(s) address."""


class MalformedAnswerError(WebfingerError):
    """The other server's answer is too large, not JSON, or has no usable subject or `self` link."""

    status_hint = 502


class MismatchError(WebfingerError):
    """The answer is about somebody else, or the second look-up of a split domain leads elsewhere."""

    status_hint = 403


class UnknownResourceError(WebfingerError):
    """The other server knows nobody of that name."""

    status_hint = 404


class GoneResourceError(UnknownResourceError):
    """The other server says that they are gone for good."""

    status_hint = 410


class UnreachableError(WebfingerError):
    """No usable answer: no connection, a timeout, 429, 5xx or too many redirects. Trying later may help."""

    status_hint = 503
