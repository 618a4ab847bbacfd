"""Where finished files are kept: on a disk, or in any S3-compatible store.

An operator names the place by one URL, so that moving from a disk to a bucket is one line
in the settings:

    file:///var/lib/fedi/media
    file:///var/lib/fedi/media?public_url=https://files.example
    s3://bucket/prefix?endpoint=https://s3.example&region=eu-1&public_url=https://cdn.example

Keys for S3 come from the environment only (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`): a
URL ends up in logs.
"""

import importlib
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from media.blobs import BlobStore
from media.errors import BlobError
from media.stores.disk import DiskStore

__all__ = ["open_store"]


def open_store(url: str) -> BlobStore:
    """Open the store that `url` names.

    Raises:
        BlobError: unknown scheme or option, or the extra `s3` is not installed; the message is
            for the operator and names the mend.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    public_url = options.pop("public_url", None)
    if parts.scheme == "file":
        if options or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise BlobError(f"{url!r} is not a file URL with an absolute path: file:///var/lib/fedi/media")
        return DiskStore(Path(unquote(parts.path)), public_url=public_url)
    if parts.scheme == "s3":
        try:
            s3 = importlib.import_module("media.stores.s3")
        except ModuleNotFoundError as error:
            raise BlobError("S3 storage needs the extra `s3`: pip install 'fedi[s3]'") from error
        store: BlobStore = s3.open_bucket(
            parts.netloc, unquote(parts.path).strip("/"), options, public_url=public_url
        )
        return store
    raise BlobError(f"{url!r} is not a storage URL: it begins with file: or s3:")
