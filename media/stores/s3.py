"""Keep files in a bucket of any S3-compatible service, for servers of several machines.

obstore does the protocol (signing, retries, multipart) in compiled code, with no further
dependency; it comes with the extra `s3`, and nothing but `open_store` imports this module.

Source: https://developmentseed.org/obstore/
"""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, S3Store

from media.blobs import Blob, content_type_of, key_for, require_key
from media.errors import BlobError, BlobMissingError

if TYPE_CHECKING:
    from obstore import BytesStream  # exists for type checkers only

__all__ = ["BucketStore", "open_bucket"]

# bytes read at a time when streaming
CHUNK_BYTES = 256 * 1024
# a file of a content-addressed key never changes: one year is the most that caches honour
_CACHE_CONTROL: Final = "public, max-age=31536000, immutable"
# options of a storage URL and what obstore calls them
_OPTIONS: Final = {
    "endpoint": "endpoint",
    "region": "region",
    "virtual_hosted": "virtual_hosted_style_request",
}


def open_bucket(
    bucket: str, prefix: str, options: Mapping[str, str], *, public_url: str | None
) -> "BucketStore":
    """Open a bucket; nothing is asked of the service yet.

    Args:
        bucket: its name.
        prefix: put before every key, without slashes at the ends; may be empty.
        options: `endpoint`, `region`, `virtual_hosted`.
        public_url: address under which the bucket is served by key, if it is.

    Raises:
        BlobError: no bucket, or an unknown option.
    """
    unknown = sorted(set(options) - set(_OPTIONS))
    if not bucket or unknown:
        fault = f"unknown option {unknown[0]!r}" if unknown else "no bucket"
        raise BlobError(f"s3 storage: {fault}; the form is s3://bucket/prefix?endpoint=…&region=…")
    config = {_OPTIONS[name]: value for name, value in options.items()}
    plain = options.get("endpoint", "").startswith("http://")
    store = S3Store.from_url(
        f"s3://{bucket}/{prefix}",
        config=config,  # type: ignore[arg-type]  # a TypedDict of every option there is
        client_options={"allow_http": plain},
    )
    return BucketStore(store, public_url=public_url)


class BucketStore:
    """A `BlobStore` over any obstore store.

    Args:
        store: where to keep the files; tests pass obstore's MemoryStore.
        public_url: address under which the files are served by key, if they are.
    """

    def __init__(self, store: ObjectStore, *, public_url: str | None = None) -> None:
        self._store = store
        self._public_url = public_url.rstrip("/") if public_url else None

    async def put(self, data: bytes, content_type: str) -> str:
        """See `BlobStore.put`."""
        key = key_for(data, content_type)
        with _blob_errors(key):
            await obstore.put_async(
                self._store,
                key,
                data,
                attributes={"Content-Type": content_type, "Cache-Control": _CACHE_CONTROL},
            )
        return key

    async def get(self, key: str) -> bytes:
        """See `BlobStore.get`."""
        require_key(key)
        with _blob_errors(key):
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())

    async def open(self, key: str) -> Blob:
        """See `BlobStore.open`."""
        content_type = content_type_of(key)
        with _blob_errors(key):
            result = await obstore.get_async(self._store, key)
        return Blob(
            size_bytes=result.meta["size"],
            content_type=content_type,
            chunks=_chunks(result.stream(CHUNK_BYTES), key),
        )

    async def range(self, key: str, start: int, end: int) -> bytes:
        """See `BlobStore.range`."""
        if not 0 <= start < end:
            raise ValueError(f"no range from {start} to {end}")
        require_key(key)
        with _blob_errors(key):
            # S3 refuses a range that begins behind the end; ours is then empty
            size_bytes = (await obstore.head_async(self._store, key))["size"]
            if start >= size_bytes:
                return b""
            return bytes(
                await obstore.get_range_async(self._store, key, start=start, end=min(end, size_bytes))
            )

    async def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        require_key(key)
        with contextlib.suppress(BlobMissingError), _blob_errors(key):
            await obstore.delete_async(self._store, key)

    async def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        require_key(key)
        try:
            with _blob_errors(key):
                await obstore.head_async(self._store, key)
        except BlobMissingError:
            return False
        return True

    def url(self, key: str) -> str | None:
        """See `BlobStore.url`."""
        require_key(key)
        return f"{self._public_url}/{key}" if self._public_url else None

    async def close(self) -> None:
        """See `BlobStore.close`; obstore closes its connections with the object."""


async def _chunks(stream: "BytesStream", key: str) -> AsyncIterator[bytes]:
    """Copy the chunks out of obstore's own memory."""
    with _blob_errors(key):
        async for chunk in stream:
            yield bytes(chunk)


@contextlib.contextmanager
def _blob_errors(key: str) -> Iterator[None]:
    """Turn errors of the service into ours; its texts may hold addresses and stay in the log."""
    try:
        yield
    except FileNotFoundError as error:
        raise BlobMissingError(detail=key) from error
    except (BaseError, OSError) as error:
        raise BlobError(detail=repr(error)) from error
