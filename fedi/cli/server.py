"""`fedi init`, `serve` and `worker`: an instance and its processes."""

import asyncio
import contextlib
import gc
import json
import signal
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from fedi.app import build_app
from fedi.bus.hear import hear
from fedi.cli.common import console, open_instance, require_initialised, run, settings_from
from fedi.cli.connections import bounded
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import SettingsError
from fedi.services import sweeping
from fedi.worker import QUEUES, Worker

__all__ = ["init", "serve", "serve_until_stopped", "worker", "write_config"]

GRACE_S = 20
"""How long requests in flight may take after a signal to stop, in seconds."""

GC_OBJECTS = 50_000
"""New objects before garbage is looked for; a few dozen requests' worth, some 10 MB at most."""

FRAME_BYTES_MAX = 4096
"""Of what a client says on a WebSocket, in bytes: the name of a stream with a hashtag."""

IDLE_S = 30
"""How long an idle connection is kept, in seconds."""


@click.command()
@click.option(
    "--origin", required=True, metavar="URL", help="Scheme and host under which everyone reaches the server."
)
@click.option(
    "--account-domain",
    metavar="DOMAIN",
    help="Domain in handles, when it differs from the host of the origin.",
)
def init(origin: str, account_domain: str | None) -> None:
    """Make an instance: its directory, config.toml, database and keys."""
    settings = settings_from(origin=origin, account_domain=account_domain)
    run(_init(settings))


async def _init(settings: Settings) -> None:
    path = write_config(settings)
    async with open_instance(settings):
        console.print(f"Made {settings.origin} in {settings.data_path}")
        console.print(f"Settings: {path}")
        console.print("Next: fedi account create NAME --admin, then fedi serve")


def write_config(settings: Settings) -> Path:
    """Write `config.toml` for a new instance; an existing one must agree.

    Raises:
        SettingsError: another instance lives there, or the directory cannot be written.
    """
    path = settings.data_path / "config.toml"
    try:
        settings.data_path.mkdir(parents=True, exist_ok=True)
        known = path.read_text() if path.exists() else None
        lines = _missing_lines(settings, path, known or "")
        if known is None:
            path.write_text("# The settings are listed in docs/settings.md.\n" + lines)
        elif lines:  # before the operator's own: after them it might be inside of a table
            path.write_text(lines + known)
    except OSError as trouble:
        raise SettingsError(
            "data_dir",
            f"{settings.data_path} cannot be written ({trouble.strerror})",
            "choose a directory of yours",
        ) from None
    return path


def _missing_lines(settings: Settings, path: Path, known: str) -> str:
    """Return the lines of an instance that `config.toml` lacks; what it says already must agree.

    Raises:
        SettingsError: it says otherwise.
    """
    values, lines = tomllib.loads(known), ""
    for key in ("origin", "account_domain"):
        wanted: str = getattr(settings, key)
        # With an origin it is a finished instance's, whose handles must not change for a missing line.
        if values.get(key, "" if "origin" in values else wanted) != wanted:
            raise SettingsError(
                key, f"{path} has another {key}", "choose another --data-dir or edit that file"
            )
        if wanted and key not in values:
            lines += f"{key} = {json.dumps(wanted)}\n"
    return lines


@click.command()
@click.option("--bind", metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", type=int, help="TCP port to listen on.")
@click.option(
    "--no-worker", is_flag=True, help="Only answer requests; jobs are done by `fedi worker` elsewhere."
)
def serve(bind: str | None, port: int | None, no_worker: bool) -> None:  # noqa: FBT001 - a command-line flag
    """Serve the instance: web, federation, jobs and drawing in one command."""
    settings = settings_from(quiet=False, bind=bind, port=port)
    run(_serve(settings, with_worker=not no_worker))


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    require_initialised(settings)
    require_port(settings)
    async with open_instance(settings) as ctx:
        await serve_until_stopped(ctx, with_worker=with_worker)


def require_port(settings: Settings) -> None:
    """Refuse a port that cannot be had.

    Raises:
        SettingsError: naming `port` or `bind`.
    """
    kind = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as trouble:
            key = "port" if trouble.errno in {98, 48, 13} else "bind"
            raise SettingsError(
                key,
                f"cannot listen on {settings.bind} port {settings.port} ({trouble.strerror})",
                "choose another with --port",
            ) from None


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: the worker must stop gracefully as well."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve_until_stopped`."""
        yield


async def serve_until_stopped(ctx: Context, *, with_worker: bool) -> None:
    """Answer requests, and do jobs, until SIGINT or SIGTERM; then finish what is in flight."""
    settings = ctx.settings
    app = build_app(ctx)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.bind,
            port=settings.port,
            http=bounded(AutoHTTPProtocol),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=GRACE_S,
            ws_max_size=FRAME_BYTES_MAX,
            ws_per_message_deflate=False,  # 300 kB for each socket, for frames of a few kB
        )
    )
    # What is there now stays: looking through it again for every few hundred objects of a request costs a
    # tenth of all time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_OBJECTS)
    jobs = Worker(ctx) if with_worker else None
    if jobs is not None:
        await sweeping.plan(ctx)
    stopping = asyncio.Event()
    _on_signals(stopping)
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(server.serve())
        working = group.create_task(jobs.run()) if jobs else None
        hearing = group.create_task(hear(ctx.db, ctx.wake, ctx.hub, ctx.clock))
        stop = group.create_task(stopping.wait())
        await asyncio.wait({answering, stop}, return_when=asyncio.FIRST_COMPLETED)
        await app.state.exchange.close()
        server.should_exit = True
        await answering
        if jobs is not None and working is not None:
            jobs.stop()
            await working
        hearing.cancel()
        stop.cancel()


@click.command()
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(sorted(QUEUES)),
    help="Only this queue; may be given again.",
)
def worker(queues: tuple[str, ...]) -> None:
    """Do jobs without answering requests: deliveries, incoming activities, drawing."""
    settings = settings_from(quiet=False)
    run(_work(settings, queues))


async def _work(settings: Settings, queues: tuple[str, ...]) -> None:
    require_initialised(settings)
    async with open_instance(settings) as ctx:
        jobs = Worker(ctx, queues)
        await sweeping.plan(ctx)
        stopping = asyncio.Event()
        _on_signals(stopping)
        hearing = asyncio.create_task(hear(ctx.db, ctx.wake, ctx.hub, ctx.clock))
        working = asyncio.create_task(jobs.run())
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
        jobs.stop()
        await working
        for task in (hearing, stop):
            task.cancel()


def _on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
