"""`fedi demo` and `fedi imagine`: a picture from nothing, and the same server at the next start."""

import os
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fedi import app
from fedi.cli import demo
from fedi.config import Settings
from fedi.context import Context
from fedi.models import Attachment, Post, PostState
from fedi.services import accounts
from tests.fedi.cli.conftest import Fedi
from tests.fedi.cli.within import within
from tests.fedi.services.studio import Easel
from tests.require import require_or_skip

DRAW_S = 110


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which the demo would have begun."""
    seen: list[Settings] = []

    async def begin(settings: Settings, _prompt: str | None, **_flags: Any) -> None:
        seen.append(settings)

    monkeypatch.setattr(demo, "_demo", begin)
    return seen


@pytest.mark.parametrize(
    ("config", "arguments", "origin", "port"),
    [
        (None, [], "http://127.0.0.1:8080", 8080),
        (None, ["--port", "9000"], "http://127.0.0.1:9000", 9000),
        ('origin = "http://127.0.0.1:9000"', [], "http://127.0.0.1:9000", 9000),
        ('origin = "http://127.0.0.1:9000"', ["--port", "9001"], "http://127.0.0.1:9000", 9001),
        ('origin = "http://127.0.0.1:9000"\nport = 9002', [], "http://127.0.0.1:9000", 9002),
        ('origin = "https://fedi.test:9000"', [], "https://fedi.test:9000", 8080),
        ("port = 9003", [], "http://127.0.0.1:9003", 9003),
    ],
)
def test_the_demo_listens_where_its_origin_says(  # noqa: PLR0917 - a table of cases
    fedi: Fedi,
    data_dir: Path,
    chosen: list[Settings],
    config: str | None,
    arguments: list[str],
    origin: str,
    port: int,
) -> None:
    data_dir.mkdir()
    if config:
        (data_dir / "config.toml").write_text(config)
    assert fedi("demo", *arguments).exit_code == 0
    assert [(settings.origin, settings.port) for settings in chosen] == [(origin, port)]


@pytest.fixture
def _model() -> None:
    folder = Path(str(resources.files("media") / "models" / "tiny"))
    if not (folder / "model_index.json").is_file():
        require_or_skip("ai", "the model that ships with fedi is not here")
    if any(find_spec(name) is None for name in ("torch", "diffusers", "transformers")):
        require_or_skip("ai", "the extra `ai` is not installed")


def _run(data_dir: Path, *args: str) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FEDI_")}
    done = subprocess.run(
        [sys.executable, "-m", "fedi", "--data-dir", str(data_dir), *args],
        env=environment | {"FEDI_PICTURE_SIZE": "64"},
        capture_output=True,
        text=True,
        timeout=DRAW_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


async def _posts(ctx: Context) -> list[tuple[str, str]]:
    async with ctx.db.read() as tx:
        rows = await tx.execute(
            select(Post.url, Attachment.media_type)
            .join(Attachment, Attachment.post_id == Post.id)
            .where(Post.state == PostState.PUBLISHED)
            .order_by(Post.id)
        )
        return [(row.url, row.media_type) for row in rows]


def test_a_second_start_keeps_people_and_pictures(
    fedi: Fedi, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "EngineHost", lambda **_: Easel())
    first = fedi("demo", "--no-serve")
    assert (first.exit_code, first.stderr) == (0, "")
    ((url, _),) = within(data_dir, _posts)
    assert url in first.stdout
    password = (data_dir / demo.PASSWORD_FILE).read_text().strip()
    assert f"demo  with  {password}" in first.stdout
    again = fedi("demo", "--no-serve")
    assert url in again.stdout
    assert password in again.stdout
    asked = fedi("demo", "--no-serve", "--prompt", "a red boat")
    assert f"Sign in as   demo  with  {password}" in asked.stdout
    assert [kind for _, kind in within(data_dir, _posts)] == ["image/jpeg", "image/jpeg"]


def test_a_lost_password_is_made_anew(fedi: Fedi, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "EngineHost", lambda **_: Easel())
    assert fedi("demo", "--no-serve").exit_code == 0
    path = data_dir / demo.PASSWORD_FILE
    before = path.read_text()
    path.unlink()
    assert fedi("demo", "--no-serve").exit_code == 0
    assert path.read_text() != before
    assert path.stat().st_mode & 0o077 == 0

    async def enters(ctx: Context) -> bool:
        return await accounts.check_password(ctx, "demo", path.read_text().strip()) is not None

    assert within(data_dir, enters)


@pytest.mark.slow
@pytest.mark.usefixtures("_model")
def test_a_demo_draws_once_and_keeps_everything(data_dir: Path) -> None:
    first = _run(data_dir, "demo", "--no-serve")
    ((url, kind),) = within(data_dir, _posts)
    assert url in first
    assert kind.startswith("image/")
    password = (data_dir / demo.PASSWORD_FILE).read_text().strip()
    assert f"demo  with  {password}" in first
    assert (data_dir / demo.PASSWORD_FILE).stat().st_mode & 0o077 == 0

    again = _run(data_dir, "demo", "--no-serve")
    assert url in again
    assert password in again
    assert len(within(data_dir, _posts)) == 1

    drawn = _run(data_dir, "imagine", "@demo", "the sea [/b] at night", "--seed", "1")
    posts = within(data_dir, _posts)
    assert len(posts) == 2
    assert drawn.splitlines()[-1] == posts[-1][0]
