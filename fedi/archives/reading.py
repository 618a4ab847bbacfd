"""Reading an archive: is it whole, and what is in it; and making an instance of it.

Nothing of an archive is believed before its digest is compared, and nothing is unpacked by a name that it
chooses. An instance is only made where none is: neither a database with tables nor a directory with settings
is ever overwritten.
"""

import gzip
import hashlib
import itertools
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from fedi.archives import rows
from fedi.archives.manifest import FORMAT, MANIFEST, Manifest, file_name, media_key, table_name
from fedi.archives.writing import OnStep
from fedi.db import Database
from fedi.errors import Refused
from media.blobs import BlobStore, content_type_of

__all__ = ["open_archive", "read_manifest", "restore_files", "restore_media", "restore_rows", "verify"]

MANIFEST_BYTES_MAX = 512 * 1024 * 1024
"""Of a manifest: some hundred bytes for each picture."""

CHUNK_BYTES = 1024 * 1024


def read_manifest(path: Path) -> Manifest:
    """Read what an archive says of itself.

    Raises:
        Refused: 422, when it is no archive, was cut off, or is of a newer version.
    """
    with open_archive(path) as tar:
        try:
            entry = tar.getmember(MANIFEST)
            source = tar.extractfile(entry)
        except KeyError:
            raise Refused(422, f"{path} is not whole: its end is missing.") from None
        if source is None or entry.size > MANIFEST_BYTES_MAX:
            raise Refused(422, f"{path} is not one of our archives.")
        try:
            manifest = msgspec.json.decode(source.read(), type=Manifest)
        except msgspec.DecodeError as trouble:
            raise Refused(422, f"{path} has a manifest that cannot be read ({trouble}).") from None
    if manifest.format > FORMAT:
        raise Refused(
            422, f"{path} was written by a newer fedi ({manifest.version}); restore it with that one."
        )
    return manifest


def verify(path: Path, *, on_step: OnStep) -> Manifest:
    """Read an archive from end to end and compare all that it says.

    Raises:
        Refused: 422, with the first thing that is wrong.
    """
    manifest = read_manifest(path)
    left = dict(manifest.members)
    with open_archive(path) as tar:
        for place, entry in enumerate(_entries(tar, path), start=1):
            if entry.name == MANIFEST:
                continue
            expected = left.pop(entry.name, None)
            if expected is None:
                raise Refused(422, f"{path} has {entry.name}, which its manifest does not know.")
            if entry.size != expected.size or _digest(_content(tar, entry)) != expected.sha256:
                raise Refused(422, f"{path} is damaged: {entry.name} is not what was written.")
            table = table_name(entry.name)
            if table is not None:
                found = sum(1 for _ in _lines(_content(tar, entry)))
                if found != manifest.tables[table].rows:
                    raise Refused(422, f"{path} is damaged: {table} has {found} rows.")
            on_step("members", place, len(manifest.members))
    if left:
        raise Refused(422, f"{path} lacks {next(iter(left))}.")
    return manifest


def restore_files(path: Path, directory: Path) -> list[str]:
    """Put settings and keys into an empty data directory; return their names.

    Raises:
        Refused: 409, when one of them is there.
    """
    written = []
    with open_archive(path) as tar:
        for entry in _entries(tar, path):
            name = file_name(entry.name)
            if name is None:
                continue
            try:
                handle = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                raise Refused(
                    409, f"{directory / name} exists already; restore into an empty directory."
                ) from None
            with os.fdopen(handle, "wb") as file:
                file.write(_content(tar, entry).read())
            written.append(name)
    return written


async def restore_rows(path: Path, manifest: Manifest, db: Database, *, on_step: OnStep) -> None:
    """Put all rows into tables that were made at the archive's revision and are empty."""
    with open_archive(path) as tar:
        async with db.engine.begin() as connection:
            for name, entry in manifest.tables.items():
                table = rows.RowsTable(
                    name=name,
                    columns=entry.columns,
                    keys=tuple(entry.keys),
                    loops=tuple(entry.loops),
                    counted=entry.counted,
                )
                source = _content(tar, tar.getmember(f"tables/{name}.jsonl.gz"))
                await _restore_table(connection, table, source, entry.rows, on_step)


async def restore_media(path: Path, blobs: BlobStore, *, on_step: OnStep) -> int:
    """Put the pictures into the store; return how many."""
    done = 0
    with open_archive(path) as tar:
        entries = [entry for entry in _entries(tar, path) if media_key(entry.name) is not None]
        for entry in entries:
            key = media_key(entry.name)
            assert key is not None
            stored = await blobs.put(_content(tar, entry).read(), content_type_of(key))
            if stored != key:
                raise Refused(422, f"{path} is damaged: {entry.name} is another picture.")
            done += 1
            on_step("pictures", done, len(entries))
    return done


async def _restore_table(
    connection: AsyncConnection, table: rows.RowsTable, source: IO[bytes], total: int, on_step: OnStep
) -> None:
    done, ties = 0, []
    lines = _lines(source)
    while some := list(itertools.islice(lines, rows.BATCH_ROWS)):
        await rows.insert(connection, table, some)
        if table.loops:
            ties += list(rows.ties(table, some))
        done += len(some)
        on_step(table.name, done, total)
    await rows.tie(connection, table, ties)
    if done:
        await rows.finish(connection, table)


@contextmanager
def open_archive(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an archive.

    Raises:
        Refused: 404 or 422, when it is not there or is none; also while it is read.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            yield tar
    except FileNotFoundError:
        raise Refused(404, f"{path} does not exist.") from None
    except (tarfile.TarError, gzip.BadGzipFile, EOFError) as trouble:
        raise Refused(422, f"{path} is not one of our archives, or is damaged ({trouble}).") from None


def _entries(tar: tarfile.TarFile, path: Path) -> Iterator[tarfile.TarInfo]:
    for entry in tar:
        known = (table_name(entry.name), file_name(entry.name), media_key(entry.name))
        if not entry.isreg() or (entry.name != MANIFEST and not any(known)):
            raise Refused(422, f"{path} has {entry.name!r}, which is none of ours.")
        yield entry


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    source = tar.extractfile(entry)
    assert source is not None, "only files are looked at"
    return source


def _digest(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in iter(lambda: source.read(CHUNK_BYTES), b""):
        digest.update(chunk)
    return digest.hexdigest()


def _lines(source: IO[bytes]) -> Iterator[list[Any]]:
    decoder = msgspec.json.Decoder(list[Any])
    with gzip.GzipFile(fileobj=source, mode="rb") as packed:
        for line in packed:
            yield decoder.decode(line)
