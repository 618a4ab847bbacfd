"""Our exception hierarchy.

    FediError
    ├── Refused           a request that we will not serve: status, safe text, reason for the log
    ├── SettingsError     a setting is unknown, of the wrong type or unusable; the CLI exits with 2
    └── LeaseLostError    a worker finished a job that somebody else holds by now: roll back

Peers and people get `Refused`; asserts are for our own mistakes only.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["FediError", "LeaseLostError", "Refused", "SettingsError"]


class FediError(Exception):
    """Anything that this server raises on purpose."""


class Refused(FediError):  # noqa: N818 - reads as a verdict at every raise
    """A request that will not be served.

    Args:
        status: HTTP status, 400 to 599.
        text: what the caller is told; safe to show.
        why: what the log is told, when that is more than the caller may know.
        error: OAuth-style machine-readable code, where the protocol has one.
        headers: extra response headers, such as `Retry-After`.
        details: what is wrong with which field, where the protocol has a shape for it.
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        why: str | None = None,
        error: str | None = None,
        headers: dict[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(why or text)
        self.status = status
        self.text = text
        self.why = why or text
        self.error = error
        self.headers = headers or {}
        self.details = details


class SettingsError(FediError):
    """A setting cannot be used.

    Args:
        key: the setting's name, as in `config.toml`.
        cause: what is wrong with it.
        mend: what to do about it.
    """

    def __init__(self, key: str, cause: str, mend: str) -> None:
        super().__init__(f"{key}: {cause}; {mend}")
        self.key = key
        self.cause = cause
        self.mend = mend


class LeaseLostError(FediError):
    """The lease on a job ran out and another worker took it; nothing of ours may be committed."""
