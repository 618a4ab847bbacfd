"""`fedi media`: how much the pictures take, forgetting those of others, and whether ours are all there."""

from datetime import timedelta

import click

from fedi.cli.backups import steps_shown
from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.config import Settings
from fedi.queries import pictures
from fedi.services import caching

__all__ = ["media"]


@click.group()
def media() -> None:
    """Pictures: ours, and those of others that are kept for a while."""


@media.command("usage")
def usage() -> None:
    """Say how many pictures there are, and what others' pictures take."""
    settings = settings_from()
    run(_usage(settings))


async def _usage(settings: Settings) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx, ctx.db.read() as tx:
        ours = await pictures.stored(tx)
        others = await caching.usage(tx)
    console.print(f"Of people here: {len(ours)} files.")
    most = settings.media_cache_mb
    console.print(f"Of other servers: {others.pictures} pictures, {others.bytes / 1e6:.1f} MB of {most} MB.")


@media.command("prune")
@click.option("--days", type=click.IntRange(0), help="Unseen for so many days; as set when missing.")
@click.option("--megabytes", type=click.IntRange(0), help="Keep at most so much; as set when missing.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def prune(days: int | None, megabytes: int | None, dry_run: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Forget pictures of other servers; they are fetched again when somebody looks at them."""
    settings = settings_from()
    kept_days = settings.media_cache_days if days is None else days
    kept_mb = settings.media_cache_mb if megabytes is None else megabytes
    run(_prune(settings, days=kept_days, megabytes=kept_mb, dry_run=dry_run))


async def _prune(settings: Settings, *, days: int, megabytes: int, dry_run: bool) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        if dry_run:
            async with ctx.db.read() as tx:
                going = await caching.due(tx, before=ctx.clock() - timedelta(days=days), megabytes=megabytes)
            size_mb = sum(kept.size_bytes for kept in going) / 1e6
            console.print(f"Would forget {len(going)} pictures, {size_mb:.1f} MB.")
            return
        gone = await caching.shrink(ctx, days=days, megabytes=megabytes)
    console.print(f"Forgot {gone.pictures} pictures, {gone.bytes / 1e6:.1f} MB.")


@media.command("verify")
def verify() -> None:
    """Look whether every picture of people here is in the store. Exit status 1 when one is missing."""
    settings = settings_from()
    run(_verify(settings))


async def _verify(settings: Settings) -> int:
    require_initialised(settings)
    missing = []
    async with open_instance(settings) as ctx:
        async with ctx.db.read() as tx:
            keys = await pictures.stored(tx)
        with steps_shown() as on_step:
            for place, key in enumerate(keys, start=1):
                if not await ctx.blobs.exists(key):
                    missing.append(key)
                on_step("files", place, len(keys))
    for key in missing:
        console.print(f"missing: {key}")
    console.print(f"{len(keys) - len(missing)} of {len(keys)} files are there.")
    return 1 if missing else 0
