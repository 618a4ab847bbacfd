"""A server on a real socket, and Debian's Chromium before it."""

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.browser.contents import Contents, fill
from tests.databases import SqliteTemplate
from tests.require import require_or_skip
from tests.servers import Network, Server, open_server

CHROMIUM = os.environ.get("FEDI_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_S_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server that answers browsers, and what is on it."""

    origin: str
    contents: Contents


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: SqliteTemplate) -> Iterator[Site]:
    """A server with a few people and pictures, in a thread of its own."""
    folder = tmp_path_factory.mktemp("site")
    url = sqlite_template.copy_to(folder / "fedi.db")
    ready: Future[Site] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, url, ready, stop)))
    thread.start()
    try:
        yield ready.result(START_S_MAX)
    finally:
        stop.set()
        thread.join()


async def _serve(folder: Path, database_url: str, ready: "Future[Site]", stop: threading.Event) -> None:
    port = _free_port()
    origin = f"http://127.0.0.1:{port}"
    more: dict[str, Any] = {
        "picture_size": 512,
        "instance_name": "Lantern",
        "contact_email": "host@lantern.example",
    }
    try:
        async with open_server(
            origin, folder=folder, database_url=database_url, network=Network(), **more
        ) as server:
            contents = await fill(server)
            await _until(stop, server, port, lambda: ready.set_result(Site(origin=origin, contents=contents)))
    except BaseException as trouble:
        if not ready.done():
            ready.set_exception(trouble)
        raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _until(stop: threading.Event, server: Server, port: int, started: Callable[[], None]) -> None:
    config = uvicorn.Config(server.app, port=port, lifespan="off", log_config=None, access_log=False)
    web = _Uvicorn(config)
    serving: Awaitable[None] = asyncio.ensure_future(web.serve())
    await web.listening.wait()
    started()
    await asyncio.to_thread(stop.wait)
    web.should_exit = True
    await serving


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it listens and leaves signals alone, as a thread must."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    def capture_signals(self) -> Any:
        return _nothing()


class _nothing:  # noqa: N801 - used as a function
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_trouble: object) -> None:
        pass


@pytest.fixture(scope="module")
def chromium(site: Site) -> Iterator[Any]:  # noqa: ARG001 - see below
    """A browser.

    While it is open, playwright's own event loop counts as running in this thread, and nothing else may run
    one: so the server is started before it, and it is closed with the module.
    """
    if not Path(CHROMIUM).exists():
        require_or_skip("browser", "chromium is not installed")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError:
        require_or_skip("browser", "playwright is not installed: the extra `browser`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
