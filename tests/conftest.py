"""Fixtures that every test may use: databases, and whole servers in one process."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import settings

from activitypub import keys
from tests.databases import Postgres, SqliteTemplate, postgres_or_skip

if TYPE_CHECKING:
    from tests.servers import Server

# Few examples while somebody waits for the quick suite; many where everything is required.
settings.register_profile("quick", max_examples=10)
settings.register_profile("thorough", max_examples=100)
settings.load_profile("thorough" if os.environ.get("FEDI_REQUIRE") else "quick")

MakeServer = Callable[..., Awaitable["Server"]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log without colours: drawing a traceback of ours with all its variables takes a second."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["level", "event"], bool_as_flag=False),
        ]
    )


@pytest.fixture(scope="session", autouse=True)
def _quick_keys() -> Iterator[None]:
    """Make eight RSA keys once, since each takes a tenth of a second, and hand them out in turn."""
    patch = pytest.MonkeyPatch()
    made = [keys.generate_rsa() for _ in range(8)]
    turn = cycle(made)
    patch.setattr(keys, "generate_rsa", lambda: next(turn))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    """A migrated, empty SQLite file to copy from."""
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server, started by us when its binaries are there, with one migrated database."""
    with postgres_or_skip(tmp_path_factory) as server:
        yield server


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.slow, pytest.mark.xdist_group("postgres")])]
)
def database_url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """The URL of an empty, migrated database: the test runs once on each of the two."""
    if request.param == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        return template.copy_to(tmp_path / "fedi.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied()


@pytest.fixture
async def make_server(tmp_path: Any, sqlite_template: SqliteTemplate) -> AsyncIterator[MakeServer]:
    """Make servers on SQLite that reach one another by the host of their origin."""
    from tests.servers import Network, open_server  # noqa: PLC0415 - the libraries' tests do not need the server

    network = Network()
    opened: list[Any] = []

    async def make(
        origin: str = "https://fedi.test", *, database_url: str | None = None, **settings: Any
    ) -> "Server":
        folder = tmp_path / f"server{len(opened)}"
        folder.mkdir()
        url = database_url or sqlite_template.copy_to(folder / "fedi.db", None if settings else origin)
        manager = open_server(origin, folder=folder, database_url=url, network=network, **settings)
        opened.append(manager)
        server = await manager.__aenter__()
        if database_url is None and not settings:
            sqlite_template.keep(folder / "fedi.db", origin)
        return server

    yield make
    for manager in reversed(opened):
        await manager.__aexit__(None, None, None)


@pytest.fixture
async def server(make_server: MakeServer) -> "Server":
    """One server on SQLite."""
    return await make_server()


@pytest.fixture
async def either_server(make_server: MakeServer, database_url: str) -> "Server":
    """One server; the test runs once on each database."""
    return await make_server(database_url=database_url)


LONG_FOLDERS = ("fedi/api/c2s", "fedi/queries", "fedi/web", "media")
"""Folders whose tests render pages, draw pictures, fill databases or are very many: for the whole suite only."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the quick suite under a minute on two cores."""
    here = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(here / folder) for folder in LONG_FOLDERS):
            item.add_marker(pytest.mark.slow)
