"""What a process is made of: opened in order, refused in a sentence, light until it draws."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Match, Route

import fedi
from fedi import app as module
from fedi.api.routes import ROUTES as API
from fedi.app import build_app, open_context
from fedi.config import Settings
from fedi.errors import SettingsError
from fedi.inbound.routes import ROUTES as INBOUND
from fedi.services.offering import model_folder
from fedi.web.routes import ROUTES as WEB
from media.host import EngineHost
from tests.servers import Server

pytestmark = pytest.mark.anyio

ROUTES = [route for route in (*API, *INBOUND, *WEB) if isinstance(route, Route)]
SAMPLES = {"int": "123", "path": "a/b.css"}


def sample(route: Route) -> str:
    """Return a path that a route is for."""
    return re.sub(r"\{\w+(?::(\w+))?\}", lambda found: SAMPLES.get(found[1] or "", "123"), route.path)


def answers(route: Route, method: str, *headers: tuple[bytes, bytes]) -> Any:
    """Return the first route that would answer in the place of this one."""
    scope = {
        "type": "http",
        "method": method,
        "path": sample(route),
        "root_path": "",
        "headers": list(headers),
    }
    return next(each for each in (*API, *INBOUND, *WEB) if each.matches(scope)[0] == Match.FULL)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_is_reached_by_those_for_whom_it_is(route: Route) -> None:
    for method in route.methods or ():
        page, document = ((b"accept", kind) for kind in (b"text/html", b"application/activity+json"))
        token = (b"authorization", b"Bearer x")
        assert route in [
            answers(route, method, page), answers(route, method, document), answers(route, method, token)
        ]  # fmt: skip


def test_no_route_stands_in_the_list_twice() -> None:
    named = Counter(
        (type(route).__name__, route.path, method) for route in ROUTES for method in route.methods or ()
    )
    assert [key for key, times in named.items() if times > 1] == []


async def test_the_application_finds_what_the_lists_name(server: Server) -> None:
    assert list(server.app.router.routes) == [*API, *INBOUND, *WEB]
    for path, status in (
        ("/api/v2/instance", 200),
        ("/.well-known/nodeinfo", 200),
        ("/about", 200),
        ("/no", 404),
    ):
        assert (await server.client.get(path)).status_code == status


async def test_no_middleware_is_starlettes_base(server: Server) -> None:
    for middleware in server.app.user_middleware:
        assert not issubclass(middleware.cls, BaseHTTPMiddleware)  # type: ignore[arg-type] # ours are classes


def test_nobody_imports_starlettes_base_middleware() -> None:
    # It buffers streams, breaks context variables and hides disconnects.
    found = [
        path.name
        for path in Path(fedi.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import | ast.Attribute)
        and "BaseHTTPMiddleware" in ast.dump(node)
    ]
    assert found == []


async def test_requests_find_the_context_that_they_belong_to(server: Server) -> None:
    assert build_app(server.ctx).state.ctx is server.ctx


STARTING = """
import asyncio, json, sys
from fedi.app import build_app, open_context
from fedi.cli.server import serve
from fedi.config import Settings

async def main():
    async with open_context(Settings(data_dir=sys.argv[1])) as ctx:
        build_app(ctx)

asyncio.run(main())
print(json.dumps([name for name in sys.modules if "." not in name]))
"""


@pytest.mark.slow
def test_a_server_that_does_not_draw_loads_nothing_that_draws(tmp_path: Path) -> None:
    said = subprocess.check_output([sys.executable, "-c", STARTING, str(tmp_path)], text=True)
    loaded = set(json.loads(said))
    assert {"sqlalchemy", "starlette", "media"} <= loaded
    assert loaded & {"torch", "diffusers", "transformers", "numpy", "PIL", "alembic", "asyncpg"} == set()


# Opening


async def refusal(settings: Settings) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        async with open_context(settings):
            raise AssertionError("it opened")
    assert "\n" not in str(refused.value)
    return refused.value


async def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for path in (tmp_path / "data", tmp_path / "data" / "below"):
        refused = await refusal(Settings(data_dir=str(path)))
        assert refused.key == "data_dir"
        assert "cannot be written" in refused.cause


async def test_a_directory_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", forbidden)
    refused = await refusal(Settings(data_dir=str(tmp_path)))
    assert (refused.key, "Permission denied" in refused.cause) == ("data_dir", True)


async def test_processes_that_open_a_directory_together_do_not_trip_over_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = Path.touch

    def touched(path: Path, **how: Any) -> None:
        touch(path, **how)
        path.unlink()  # as the other process does with the same file

    monkeypatch.setattr(Path, "touch", touched)
    async with open_context(Settings(data_dir=str(tmp_path))):
        pass


@pytest.mark.parametrize("url", ["ftp://x", "file:relative", "s3://", "nonsense"])
async def test_a_store_that_cannot_be_opened_is_refused(tmp_path: Path, url: str) -> None:
    refused = await refusal(Settings(data_dir=str(tmp_path), storage_url=url))
    assert refused.key == "storage_url"


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://u@h/d",
        "oracle+thing://x",
        "postgresql+psycopg2://u@h/d",
        "sqlite+pysqlite:///x.db",
    ],
)
async def test_a_database_of_which_we_know_nothing_is_refused(tmp_path: Path, url: str) -> None:
    refused = await refusal(Settings(data_dir=str(tmp_path), database_url=url))
    assert refused.key == "database_url"
    assert "postgresql://user@host/name" in refused.mend


async def test_a_password_in_the_address_of_a_database_is_not_said(tmp_path: Path) -> None:
    refused = await refusal(Settings(data_dir=str(tmp_path), database_url="mysql://u:hunter2@h/d"))
    assert "hunter2" not in str(refused)


async def test_the_directory_is_made_and_everything_closed_at_the_end(tmp_path: Path) -> None:
    closed: list[str] = []

    class Watched(EngineHost):
        async def close(self) -> None:
            closed.append("engine")
            await super().close()

    engine = Watched(folder=None, engine="media.engines.painted:load")
    async with open_context(Settings(data_dir=str(tmp_path / "a" / "b")), engine=engine) as ctx:
        assert (tmp_path / "a" / "b").is_dir()
        assert list((tmp_path / "a" / "b").glob(".writable")) == []
        assert not closed
    assert closed == ["engine"]
    assert ctx.http.is_closed


async def test_what_was_opened_is_closed_when_the_rest_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Watched(EngineHost):
        async def close(self) -> None:
            closed.append("engine")

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no certificates")

    monkeypatch.setattr(module, "build_client", broken)
    with pytest.raises(OSError, match="no certificates"):
        async with open_context(Settings(data_dir=str(tmp_path)), engine=Watched(folder=None)):
            raise AssertionError("it opened")
    assert closed == ["engine"]


# The model


def test_a_name_means_a_model_that_ships_with_us_and_a_path_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = model_folder(Settings(model="tiny"))
    assert shipped.parts[-3:] == ("media", "models", "tiny")
    assert model_folder(Settings(model=str(tmp_path / "mine"))) == tmp_path / "mine"
    monkeypatch.chdir(tmp_path)
    assert model_folder(Settings(model="./mine")) == tmp_path / "mine"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert model_folder(Settings(model="~/mine")) == tmp_path / "mine"
