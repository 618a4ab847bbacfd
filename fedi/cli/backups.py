"""`fedi backup`: an instance in one file, looked through, and made again from it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fedi.app import open_context
from fedi.archives import reading, writing
from fedi.archives.manifest import Manifest
from fedi.cli.common import console, is_initialised, open_instance, require_initialised, run, settings_from
from fedi.config import Settings, load
from fedi.db import Database
from fedi.errors import Refused, SettingsError
from fedi.migrations import HEAD
from fedi.outbound import indexing
from fedi.schema import migrate, prepare, revision

__all__ = ["backup", "steps_shown"]


@click.group()
def backup() -> None:
    """An instance in one file: database, keys, settings and pictures."""


@backup.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--media/--no-media", default=None, help="Take the pictures along, or only their names.")
def create(file: Path, media: bool | None) -> None:  # noqa: FBT001 - a command-line flag
    """Write FILE, while the instance runs or not."""
    settings = settings_from()
    run(_create(settings, file, media=media))


async def _create(settings: Settings, file: Path, *, media: bool | None) -> None:
    require_initialised(settings)
    # A bucket has its own copies, and may be larger than this disk.
    wanted = not settings.storage_url.startswith("s3:") if media is None else media
    async with open_instance(settings) as ctx:
        with steps_shown() as on_step:
            written = await writing.write(
                settings, ctx.db, ctx.blobs, ctx.clock, file, media=wanted, on_step=on_step
            )
    total = sum(entry.rows for entry in written.tables.values())
    pictures = sum(1 for name in written.members if name.startswith("media/"))
    size_mb = await asyncio.to_thread(_size_mb, file)
    console.print(
        f"Wrote {file}: {total} rows, {pictures} pictures, {size_mb:.1f} MB. It holds private keys."
    )
    if written.missing:
        console.print(f"{len(written.missing)} pictures were missing from the store.")
    if not wanted:
        console.print("The pictures themselves are not in it; keep a copy of the store as well.")


def _size_mb(file: Path) -> float:
    return file.stat().st_size / 1e6


@backup.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def verify(file: Path) -> None:
    """Read FILE from end to end, and say whether an instance can be made of it."""
    settings_from()
    run(_verify(file))


async def _verify(file: Path) -> None:
    with steps_shown() as on_step:
        manifest = await asyncio.to_thread(reading.verify, file, on_step=on_step)
    _require_known(manifest, file)
    console.print(
        f"{file} is whole: {manifest.origin}, {manifest.created_at}, fedi {manifest.version}, "
        f"{len(manifest.members)} members."
    )


@backup.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Make the instance of FILE again, in an empty directory and an empty database."""
    settings = settings_from()
    run(_restore(settings, file))


async def _restore(settings: Settings, file: Path) -> None:
    with steps_shown() as on_step:
        manifest = await asyncio.to_thread(reading.verify, file, on_step=on_step)
    _require_known(manifest, file)
    if is_initialised(settings) and not settings.database_url:
        raise SettingsError(
            "data_dir", f"{settings.data_path} has an instance", "choose an empty one with --data-dir"
        )
    # What is set in the environment, such as another database, wins over the file that comes along.
    await asyncio.to_thread(_unpack_files, file, settings.data_path)
    found = load(os.environ, data_dir=str(settings.data_path))
    try:
        async with _empty_database(found, manifest) as db:
            with steps_shown() as on_step:
                await reading.restore_rows(file, manifest, db, on_step=on_step)
        async with open_context(found) as ctx:
            await prepare(ctx)
            await indexing.rebuild(ctx.db)
            with steps_shown() as on_step:
                pictures = await reading.restore_media(file, ctx.blobs, on_step=on_step)
    except BaseException:
        console.print(f"Nothing is served from {found.data_path} yet; empty it before you try again.")
        raise
    total = sum(entry.rows for entry in manifest.tables.values())
    console.print(f"Made {found.origin} again in {found.data_path}: {total} rows, {pictures} pictures.")
    if not manifest.has_media:
        console.print("The archive has no pictures; they must be in the store that the settings name.")
    console.print("Next: fedi serve. Never let two copies of an instance run at the same time.")


def _unpack_files(file: Path, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    reading.restore_files(file, directory)


@asynccontextmanager
async def _empty_database(settings: Settings, manifest: Manifest) -> Any:
    """Open a database that has nothing, and make the tables of the archive's revision in it."""
    db = Database(settings.database)
    try:
        if await revision(db) is not None:
            raise SettingsError(
                "database_url", "the database is not empty", "name an empty one; nothing is written over"
            )
        await migrate(settings, manifest.revision)
        yield db
    finally:
        await db.close()


def _require_known(manifest: Manifest, file: Path) -> None:
    """Refuse an archive whose tables this version does not know.

    Raises:
        Refused: 422.
    """
    if manifest.revision > HEAD:
        raise Refused(
            422,
            f"{file} has a database of revision {manifest.revision}; this version knows {HEAD}.",
        )


@contextmanager
def steps_shown() -> Iterator[writing.OnStep]:
    """Show a bar for each thing that is done in steps."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        known: dict[str, Any] = {}

        def on_step(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = progress.add_task(what, total=total)
            progress.update(known[what], completed=done, total=total)

        yield on_step
