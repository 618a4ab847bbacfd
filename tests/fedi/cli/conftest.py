"""The command in this process: quick, and without touching the logs of other tests."""

import os
from collections.abc import Callable
from pathlib import Path

import argon2
import pytest
from click.testing import CliRunner, Result

from fedi import log
from fedi.cli import main
from fedi.services import accounts
from tests.databases import SqliteTemplate

ORIGIN = "https://fedi.test"

Fedi = Callable[..., Result]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory for an instance, not made yet."""
    return tmp_path / "data"


@pytest.fixture
def fedi(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Fedi:
    """Run `fedi --data-dir DATA_DIR …` with `FEDI_` variables from keywords."""
    for name in list(os.environ):
        if name.startswith("FEDI_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(log, "configure", lambda *_args: None)
    monkeypatch.setattr(accounts, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    def invoke(*args: str, stdin: str | bytes | None = None, **settings: str) -> Result:
        environment = {f"FEDI_{key.upper()}": text for key, text in settings.items()}
        return CliRunner().invoke(main, ["--data-dir", str(data_dir), *args], input=stdin, env=environment)

    return invoke


@pytest.fixture
def instance(data_dir: Path, sqlite_template: SqliteTemplate) -> Path:
    """The directory of an instance, as `fedi init` leaves it."""
    data_dir.mkdir()
    (data_dir / "config.toml").write_text(f'origin = "{ORIGIN}"\n')
    sqlite_template.copy_to(data_dir / "fedi.db")
    return data_dir


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave commands out of the quick suite: each opens an instance of its own, many in a process."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.slow)
