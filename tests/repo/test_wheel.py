"""A wheel holds everything that a server needs, and works away from its source."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from fedi import __version__
from tests.tidy.sources import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]

NEEDED = (
    "fedi/web/templates/base.html", "fedi/web/templates/oauth/consent.html", "fedi/web/static/style.css",
    "fedi/web/static/avatar.png", "fedi/migrations/script.py.mako", "fedi/migrations/env.py", "fedi/py.typed",
    "activitypub/py.typed", "media/py.typed", "webfinger/py.typed", "media/models/tiny/model_index.json",
)  # fmt: skip
WHEEL_MB_MAX = 25
"""The model has 12 MB at most; more means that something was swept in."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel, and the other packages of this environment but not this checkout."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(folder, with_pip=False)
    binary = folder / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [binary, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A plain line adds the folder behind the wheel, and does not follow the .pth files in it.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return binary


def test_the_wheel_holds_templates_static_files_migrations_and_the_model(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert [needed for needed in NEEDED if needed not in names] == []
    assert any(name.startswith("fedi/migrations/versions/0001") for name in names)
    assert [name for name in names if name.startswith("tests/") or "__pycache__" in name] == []
    assert wheel.stat().st_size < WHEEL_MB_MAX * 1024**2


def test_the_doctor_finds_a_whole_server_in_the_wheel(python: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FEDI_", "PYTHON"))}

    def fedi(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(python), "-m", "fedi", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert fedi("--version").stdout.strip().endswith(__version__)
    assert fedi("init", "--origin", "https://pictures.example").returncode == 0
    found = fedi("doctor").stdout
    assert "ok    database" in found
    assert "model_index.json" not in found, "the model is in the wheel"


def test_an_instance_is_made_and_looked_at_with_the_wheel_alone(python: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FEDI_", "PYTHON"))}
    fedi = [python, "-m", "fedi", "--data-dir", tmp_path / "data"]

    def run(*command: object) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    assert str(ROOT) not in run(python, "-c", "import fedi, media; print(fedi.__file__, media.__file__)")
    run(*fedi, "init", "--origin", "https://pictures.example")
    assert "@painter@pictures.example" in run(
        *fedi, "account", "create", "painter", "--bot", "--operator", "host@pictures.example"
    )
    shown = run(python, "-c", SHOW, tmp_path / "data")
    assert "200 200 200" in shown


SHOW = """
import asyncio, sys
import httpx
from fedi.app import build_app, open_context
from fedi.config import load

async def show():
    async with open_context(load({}, data_dir=sys.argv[1])) as ctx:
        transport = httpx.ASGITransport(app=build_app(ctx))
        async with httpx.AsyncClient(transport=transport, base_url="https://pictures.example") as client:
            print(*[(await client.get(path)).status_code for path in ("/", "/@painter", "/static/style.css")])

asyncio.run(show())
"""
