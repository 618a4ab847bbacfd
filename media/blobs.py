"""Keep finished files under the digest of their content: the seam, its keys and its values.

The key says what the file is, so a second write of the same picture is no work, a crash
between file and database row leaves nothing but an unused file, and a cached copy never
goes stale. A key is made here and nowhere else: what comes from a client is matched
against its whole form before anything is looked up, so no path can be smuggled in. Equal
files share a key: whoever deletes one makes sure first that no other row names it.

Source: CVE-2026-24486 and its kind (path traversal by file names).
"""

import dataclasses
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from media.errors import BlobKeyError, UnsupportedTypeError

__all__ = ["EXTENSIONS", "Blob", "BlobStore", "content_type_of", "key_for", "require_key"]

# the only types that are ever stored and served, and the extension of each
EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
}
_TYPES: Final = {extension: content_type for content_type, extension in EXTENSIONS.items()}
# \Z and not $, which would let a newline pass
_KEY: Final = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(_TYPES)})\Z")


def key_for(data: bytes, content_type: str) -> str:
    """Return the key of a file: its SHA-256 and the extension of its type.

    Raises:
        UnsupportedTypeError: the type is not in `EXTENSIONS`.
    """
    if content_type not in EXTENSIONS:
        raise UnsupportedTypeError(detail=f"cannot store {content_type!r}")
    return f"{hashlib.sha256(data).hexdigest()}.{EXTENSIONS[content_type]}"


def require_key(key: str) -> str:
    """Return `key` when it has the form of one.

    Raises:
        BlobKeyError: it has not; nothing may be looked up with it.
    """
    if not _KEY.match(key):
        raise BlobKeyError(detail=f"{key[:100]!r} is not a key")
    return key


def content_type_of(key: str) -> str:
    """Return the media type that a key stands for, by the fixed table and never by the content.

    Raises:
        BlobKeyError: it is not a key.
    """
    return _TYPES[require_key(key).rpartition(".")[2]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A stored file, to be read once.

    Attributes:
        size_bytes: of the whole file.
        content_type: see `content_type_of`.
        chunks: the content, in order.
    """

    size_bytes: int
    content_type: str
    chunks: AsyncIterator[bytes]


class BlobStore(Protocol):
    """Somewhere to keep files. All methods refuse malformed keys with `BlobKeyError`."""

    async def put(self, data: bytes, content_type: str) -> str:
        """Store a file durably and return its key; the same file twice is stored once.

        Raises:
            UnsupportedTypeError: the type is not in `EXTENSIONS`.
            BlobError: the store could not be written.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Return the whole file.

        Raises:
            BlobMissingError: nothing is stored under `key`.
            BlobError: the store could not be read.
        """
        ...

    async def open(self, key: str) -> Blob:
        """Return the file as a stream; raises as `get`."""
        ...

    async def range(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`; less where the file ends.

        Raises:
            ValueError: not 0 ≤ start < end.
            BlobMissingError: nothing is stored under `key`.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the file; one that is not there counts as removed."""
        ...

    async def exists(self, key: str) -> bool:
        """Say whether a file is stored under `key`."""
        ...

    def url(self, key: str) -> str | None:
        """Return the public address at which the store itself serves the file; None: it does not."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
