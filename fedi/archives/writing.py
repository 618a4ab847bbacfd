"""Writing an archive while the instance runs: a tar file that appears when it is whole.

Rows come from one transaction, pictures from the store, keyed by their content, and the small files of the
data directory (settings, keys) as they are. The archive holds private keys: only its owner may read it.

Source: POSIX.1-2001 pax interchange format; rename(2).
"""

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import fedi
from fedi.archives import rows
from fedi.archives.manifest import FORMAT, MANIFEST, Manifest, Member, TableEntry, file_name
from fedi.clock import Clock
from fedi.config import Settings
from fedi.db import Database
from fedi.errors import Refused
from fedi.migrations import HEAD
from media.blobs import BlobStore
from media.errors import BlobMissingError

__all__ = ["OnStep", "write"]

OnStep = Callable[[str, int, int], None]
"""Called with what is being written, how much of it is done and how much there is."""

FILE_BYTES_MAX = 1024 * 1024
"""Of a file of the data directory that is taken along: settings and keys are small, others are not ours."""

SPOOL_BYTES = 16 * 1024 * 1024
"""Of a table that is kept in memory before it goes to a file, in bytes, compressed."""

MEDIA_COLUMNS = (
    ("account", "avatar_key"), ("account", "header_key"),
    ("attachment", "file_key"), ("attachment", "thumbnail_key"),
)  # fmt: skip
"""Where the database names files of the store; a test looks for others."""


async def write(
    settings: Settings,
    db: Database,
    blobs: BlobStore,
    clock: Clock,
    target: Path,
    *,
    media: bool,
    on_step: OnStep,
) -> Manifest:
    """Write an archive of an instance, which may be serving meanwhile.

    Args:
        settings: of the instance.
        db: its database.
        blobs: its pictures.
        clock: for the date.
        target: the file; it must not exist.
        media: whether the pictures go along, or only their names.
        on_step: is told how far it is.

    Raises:
        Refused: 409, when the file is there already.
        BlobError: the store could not be read.
    """
    with _appearing(target) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        writer = _Writer(tar)
        _write_files(writer, settings)
        async with db.read() as tx:
            connection = await tx.connection()
            tables = rows.tables(passing=False)
            totals = await rows.counts(connection, tables)
            written = {
                table.name: await _write_table(writer, connection, table, totals, on_step) for table in tables
            }
            keys = await _media_keys(connection)
        missing = await _write_media(writer, blobs, sorted(keys), on_step) if media else []
        manifest = Manifest(
            format=FORMAT,
            version=fedi.__version__,
            revision=HEAD,
            origin=settings.origin,
            created_at=clock().isoformat(),
            tables=written,
            members=dict(writer.members),
            missing=missing,
            has_media=media,
        )
        writer.add(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return manifest


class _Writer:
    """Adds members to a tar file, and remembers their digests."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, Member] = {}

    def add(self, name: str, data: bytes) -> None:
        """Add a member from memory."""
        self.add_file(name, io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest())

    def add_file(self, name: str, source: Any, size: int, sha256: str) -> None:
        """Add a member from a file that stands at its beginning."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, source)
        self.members[name] = Member(size=size, sha256=sha256)


def _write_files(writer: _Writer, settings: Settings) -> None:
    for path in sorted(settings.data_path.iterdir()):
        name = f"files/{path.name}"
        if file_name(name) is not None and _is_ours(path):
            writer.add(name, path.read_bytes())


def _is_ours(path: Path) -> bool:
    """Tell whether a file of the data directory is settings or keys."""
    if path.is_symlink() or not path.is_file() or path.name.startswith("fedi.db"):
        return False
    return path.stat().st_size <= FILE_BYTES_MAX


async def _write_table(
    writer: _Writer,
    connection: AsyncConnection,
    table: rows.RowsTable,
    totals: dict[str, int],
    on_step: OnStep,
) -> TableEntry:
    done = 0
    encoder = msgspec.json.Encoder()
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        with gzip.GzipFile(fileobj=spool, mode="wb", mtime=0, compresslevel=6) as packed:
            async for some in rows.read(connection, table):
                packed.write(encoder.encode_lines(some))
                done += len(some)
                on_step(table.name, done, totals[table.name])
        size = spool.tell()
        spool.seek(0)
        digest = hashlib.sha256()
        for chunk in iter(lambda: spool.read(1024 * 1024), b""):
            digest.update(chunk)
        spool.seek(0)
        writer.add_file(f"tables/{table.name}.jsonl.gz", spool, size, digest.hexdigest())
    return TableEntry(
        columns=dict(table.columns),
        keys=list(table.keys),
        loops=list(table.loops),
        counted=table.counted,
        rows=done,
    )


async def _media_keys(connection: AsyncConnection) -> set[str]:
    found: set[str] = set()
    for table in rows.tables():
        columns = [column for name, column in MEDIA_COLUMNS if name == table.name]
        if columns:
            places = [list(table.columns).index(column) for column in columns]
            async for some in rows.read(connection, table):
                found |= {row[place] for row in some for place in places if row[place] is not None}
    return found


async def _write_media(writer: _Writer, blobs: BlobStore, keys: list[str], on_step: OnStep) -> list[str]:
    missing = []
    for place, key in enumerate(keys, start=1):
        try:
            writer.add(f"media/{key}", await blobs.get(key))
        except BlobMissingError:
            missing.append(key)
        on_step("pictures", place, len(keys))
    return missing


@contextmanager
def _appearing(target: Path) -> Iterator[Any]:
    """Open a file that is there under its name once it is whole, and not at all otherwise.

    Raises:
        Refused: 409, when there is one of that name already.
    """
    if target.exists():
        raise Refused(409, f"{target} exists already; an archive is never written over another.")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # of mode 0600
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(target)
    except BaseException:
        part.unlink()
        raise
