"""A server of its own process, and Debian's Chromium before it.

`FEDI_MODEL`, a model's folder, has the pictures drawn by it instead of painted, for screenshots worth showing.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.browser.contents import PASSWORD, Contents, fill
from tests.peers.server_process import Instance, free_port
from tests.require import import_or_skip, require_or_skip

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A server that answers browsers, and what is on it."""

    origin: str
    contents: Contents


@pytest.fixture(scope="session")
def sync_api() -> ModuleType:
    """What drives a browser, where there is one."""
    if not Path(CHROMIUM).exists():
        require_or_skip("browser", "chromium is not installed")
    return import_or_skip("browser", "playwright.sync_api")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sync_api: ModuleType) -> Iterator[Site]:
    """A server with a few people and pictures."""
    port = free_port(HOST)
    settings = {
        "FEDI_INSTANCE_NAME": "Lantern",
        "FEDI_CONTACT_EMAIL": "host@lantern.example",
        "FEDI_RATE_LIMITS": "off",
    }
    model = os.environ.get("FEDI_MODEL")
    if model:
        settings["FEDI_MODEL"] = str(Path(model).resolve())
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("site") / "data",
        origin=f"http://{HOST}:{port}",
        bind=HOST,
        port=port,
        settings=settings,
        module="fedi" if model else "tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    instance.cli("account", "create", "mara", "--password-stdin", stdin=PASSWORD + "\n")
    running = instance.start("serve")
    try:
        yield Site(origin=instance.origin, contents=fill(instance))
    finally:
        running.stop()


@pytest.fixture(scope="module")
def chromium(site: Site, sync_api: ModuleType) -> Iterator[Any]:
    """A browser.

    While it is open, playwright's own event loop counts as running in this thread, and nothing else may run
    one: so the server is filled before it, and it is closed with the module.
    """
    with (
        sync_api.sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)) as browser,
    ):
        yield browser
