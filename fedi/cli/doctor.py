"""`fedi doctor`: one line for each thing that can be wrong, and its mend."""

import importlib.util
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import click

from fedi.app import open_context
from fedi.cli.common import console, is_initialised, run, settings_from
from fedi.cli.server import require_port
from fedi.config import Settings, is_public
from fedi.context import Context
from fedi.db import AWAY
from fedi.errors import SettingsError
from fedi.jobs import queue
from fedi.migrations import HEAD
from fedi.schema import revision
from fedi.services.offering import model_folder
from media.errors import MediaError

__all__ = ["doctor"]

DISK_FREE_BYTES_MIN = 1024**3
"""Below this a server should not go on collecting pictures: 1 GiB."""

MAKE_ONE = "make one with `fedi init --origin URL`"

Verdict = Literal["ok", "note", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found."""

    verdict: Verdict
    what: str
    mend: str = ""


Check = Callable[[Context], Awaitable[Finding]]


@click.command()
@click.option("--draw", is_flag=True, help="Load the model as well, which takes some seconds.")
def doctor(draw: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Look for what is wrong with this instance; exit 1 when something is."""
    settings = settings_from()
    run(_doctor(settings, draw=draw))


async def _doctor(settings: Settings, *, draw: bool) -> int:
    checks = (*CHECKS, _model_loads) if draw else CHECKS
    failed = 0
    async with open_context(settings) as ctx:
        for check in checks:
            finding = await check(ctx)
            failed += finding.verdict == "fail"
            mend = f" → {finding.mend}" if finding.mend else ""
            console.print(f"{finding.verdict:4}  {finding.what}{mend}")
    return 1 if failed else 0


async def _origin(ctx: Context) -> Finding:
    settings = ctx.settings
    if settings.secure:
        return Finding(verdict="ok", what=f"origin: {settings.origin}, handles end in @{settings.domain}")
    mend = "put a proxy with TLS before it and set origin to https://your.host before the first post"
    return Finding(verdict="note", what=f"origin: {settings.origin} is for this machine only", mend=mend)


async def _listening(ctx: Context) -> Finding:
    try:
        require_port(ctx.settings)
    except SettingsError as trouble:
        return Finding(verdict="note", what=f"{trouble.key}: {trouble.cause}; is the server running?")
    return Finding(verdict="ok", what=f"port: {ctx.settings.port} is free")


async def _database(ctx: Context) -> Finding:
    if not is_initialised(ctx.settings):
        return Finding(
            verdict="fail", what=f"data_dir: {ctx.settings.data_path} has no instance", mend=MAKE_ONE
        )
    try:
        at = await revision(ctx.db)
    except SettingsError as trouble:
        return Finding(verdict="fail", what=f"{trouble.key}: {trouble.cause}", mend=trouble.mend)
    if at == HEAD:
        return Finding(verdict="ok", what=f"database: at revision {at}")
    mend = "run `fedi db migrate`" if at else MAKE_ONE
    return Finding(verdict="fail", what=f"database: at revision {at}, this version needs {HEAD}", mend=mend)


async def _queue(ctx: Context) -> Finding:
    unread = Finding(verdict="note", what="queue: cannot be read before the database is there")
    if not is_initialised(ctx.settings):
        return unread
    try:
        async with ctx.db.read() as tx:
            dead = await queue.dead(tx, limit=1)
    except AWAY:
        return unread
    if dead:
        return Finding(
            verdict="note",
            what=f"queue: jobs were given up, the last: {dead[0].last_error}",
            mend="see `fedi queue status`",
        )
    return Finding(verdict="ok", what="queue: nothing was given up")


async def _disk(ctx: Context) -> Finding:
    free = shutil.disk_usage(ctx.settings.data_path).free
    what = f"disk: {free / 1024**3:.1f} GiB free in {ctx.settings.data_path}"
    if free < DISK_FREE_BYTES_MIN:
        return Finding(verdict="fail", what=what, mend="make room")
    return Finding(verdict="ok", what=what)


async def _model(ctx: Context) -> Finding:
    folder = model_folder(ctx.settings)
    if not (folder / "model_index.json").is_file():
        return Finding(
            verdict="fail",
            what=f"model: {folder} has no model_index.json",
            mend="set model to the folder of a diffusers pipeline",
        )
    missing = [
        name for name in ("torch", "diffusers", "transformers") if importlib.util.find_spec(name) is None
    ]
    if missing:
        return Finding(
            verdict="fail",
            what=f"model: {', '.join(missing)} is not installed",
            mend="install the extra: pip install 'fedi[ai]'",
        )
    return Finding(verdict="ok", what=f"model: {folder.name} is there")


async def _model_loads(ctx: Context) -> Finding:
    try:
        info = await ctx.engine.warm()
    except MediaError as trouble:
        return Finding(
            verdict="fail", what=f"model: {trouble.message} ({trouble})", mend="see docs/settings.md, model"
        )
    return Finding(verdict="ok", what=f"model: {info.model} {info.revision} loads")


async def _switches(ctx: Context) -> Finding:
    settings = ctx.settings
    on = [
        name
        for name, is_on in (
            ("allow_http_peers", settings.allow_http_peers),
            ("outgoing_allow", bool(settings.outgoing_allow)),
            ("rate_limits=off", not settings.rate_limits),
        )
        if is_on
    ]
    host = settings.host.partition(":")[0]
    if on:
        return Finding(
            verdict="note",
            what=f"test switches are on: {', '.join(on)}",
            mend="remove them before others can reach you",
        )
    return Finding(
        verdict="ok", what=f"test switches: all off; the host is {'public' if is_public(host) else 'private'}"
    )


CHECKS: tuple[Check, ...] = (_origin, _listening, _database, _queue, _disk, _model, _switches)
