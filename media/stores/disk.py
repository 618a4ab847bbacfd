"""Keep files in a folder, so that a crash leaves either the whole file or none.

Each file is written beside its place, flushed to the disk and renamed: readers see all of
it or nothing, and a key that was given out survives a power cut. Two levels of 256 folders
keep every folder short. Disk calls block, so each runs in a thread.

Source: rename(2), fsync(2).
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from media.blobs import Blob, content_type_of, key_for, require_key
from media.errors import BlobError, BlobMissingError

__all__ = ["DiskStore"]

# bytes read at a time when streaming: large enough that threads cost little, small in memory
CHUNK_BYTES = 256 * 1024
# mode of the folders: only the server, and its group for backups, may list them
_FOLDER_MODE = 0o750
_FILE_MODE = 0o640


class DiskStore:
    """A `BlobStore` in a folder.

    Args:
        root: folder of the files; made when missing.
        public_url: address under which a web server serves the folder by key, if one does.
    """

    def __init__(self, root: Path, *, public_url: str | None = None) -> None:
        self._root = root
        self._public_url = public_url.rstrip("/") if public_url else None

    async def put(self, data: bytes, content_type: str) -> str:
        """See `BlobStore.put`."""
        # hashing 10 MB takes 10 ms, so it belongs in the thread as well
        return await asyncio.to_thread(self._put, data, content_type)

    async def get(self, key: str) -> bytes:
        """See `BlobStore.get`."""
        return await asyncio.to_thread(self._read, key, 0, None)

    async def open(self, key: str) -> Blob:
        """See `BlobStore.open`."""
        size_bytes = await asyncio.to_thread(self._size, key)
        return Blob(
            size_bytes=size_bytes,
            content_type=content_type_of(key),
            chunks=self._chunks(key, size_bytes),
        )

    async def range(self, key: str, start: int, end: int) -> bytes:
        """See `BlobStore.range`."""
        if not 0 <= start < end:
            raise ValueError(f"no range from {start} to {end}")
        return await asyncio.to_thread(self._read, key, start, end - start)

    async def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        await asyncio.to_thread(self._delete, key)

    async def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        return await asyncio.to_thread(self.path(key).is_file)

    def url(self, key: str) -> str | None:
        """See `BlobStore.url`."""
        require_key(key)
        return f"{self._public_url}/{key}" if self._public_url else None

    async def close(self) -> None:
        """See `BlobStore.close`; there is nothing to let go of."""

    def path(self, key: str) -> Path:
        """Return where the file of `key` is or would be, for servers that send files by path.

        Raises:
            BlobKeyError: it is not a key.
        """
        require_key(key)
        return self._root / key[:2] / key[2:4] / key

    def _put(self, data: bytes, content_type: str) -> str:
        key = key_for(data, content_type)
        path = self.path(key)
        try:
            if not path.is_file():
                path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
                _write_atomically(path, data)
        except OSError as error:
            raise BlobError("The file could not be stored.", detail=repr(error)) from error
        return key

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        with _blob_errors(key), self.path(key).open("rb") as file:
            file.seek(start)
            return file.read() if length is None else file.read(length)

    def _size(self, key: str) -> int:
        with _blob_errors(key):
            return self.path(key).stat().st_size

    async def _chunks(self, key: str, size_bytes: int) -> AsyncIterator[bytes]:
        """Read piece by piece; each is a short stay in a thread, with no file left open between."""
        for start in range(0, size_bytes, CHUNK_BYTES):
            yield await asyncio.to_thread(self._read, key, start, CHUNK_BYTES)

    def _delete(self, key: str) -> None:
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BlobError("The file could not be removed.", detail=repr(error)) from error


@contextlib.contextmanager
def _blob_errors(key: str) -> Iterator[None]:
    """Turn errors of the file system into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissingError(detail=key) from error
    except OSError as error:
        raise BlobError(detail=repr(error)) from error


def _write_atomically(path: Path, data: bytes) -> None:
    """Write `data` so that `path` appears whole and stays."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(handle, _FILE_MODE)
            os.fsync(handle)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    # the new name is in the folder, which is a file of its own to flush
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
