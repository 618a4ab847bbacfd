"""`run`: what it installs, when, and what it says when it cannot."""

import ast
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.tidy.sources import ROOT


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as a module, with an environment in an empty folder."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("run", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    for name in ("FEDI_TORCH", "FEDI_INSTALLER", "FEDI_DATABASE_URL", "FEDI_STORAGE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "VENV", tmp_path)
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(module, "STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(module, "pip_settings", dict)
    monkeypatch.setattr(module, "has_nvidia", lambda: False)
    monkeypatch.setattr(module.platform, "system", lambda: "Linux")
    return module


@pytest.fixture
def steps(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would be run, in order."""
    taken: list[list[str]] = []
    monkeypatch.setattr(run, "step", lambda command, *_rest: taken.append(command))
    monkeypatch.setattr(run.subprocess, "call", lambda command, **_rest: taken.append(command) or 0)
    return taken


def test_help_needs_nothing() -> None:
    told = subprocess.check_output([sys.executable, ROOT / "run", "help"], text=True)
    assert "./run demo" in told
    assert "./run test" in told


def test_what_the_stamp_knows_is_not_installed_again(run: ModuleType, steps: list[list[str]]) -> None:
    run.STAMP.write_text(json.dumps({"digest": run.fingerprint(), "extras": ["ai", "speed"]}))
    run.ensure(("speed",))
    assert steps == []


def test_further_extras_join_those_that_are_there(run: ModuleType, steps: list[list[str]]) -> None:
    run.STAMP.write_text(json.dumps({"digest": run.fingerprint(), "extras": ["test"]}))
    run.ensure(("lint",))
    assert any(f"{ROOT}[lint,test]" in command for command in steps)
    assert json.loads(run.STAMP.read_text())["extras"] == ["lint", "test"]


@pytest.mark.parametrize(
    "stamp", ["", "[]", '{"digest": "other", "extras": ["ai"]}', '{"extras": 3}', "\x00"]
)
def test_a_stamp_that_says_nothing_of_this_checkout_counts_for_nothing(run: ModuleType, stamp: str) -> None:
    run.STAMP.write_text(stamp)
    assert run.installed_extras(run.fingerprint()) == set()


def test_everything_installed_is_pinned(run: ModuleType, steps: list[list[str]]) -> None:
    run.install(["speed"])
    (command,) = [command for command in steps if "install" in command]
    assert command[command.index("-c") + 1] == str(ROOT / "constraints.txt")


def test_a_failed_installation_leaves_no_stamp(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_given: object) -> None:
        raise run.MendError("no network")

    monkeypatch.setattr(run, "install", failing)
    with pytest.raises(run.MendError):
        run.ensure(("speed",))
    assert not run.STAMP.exists()


def test_linux_without_a_gpu_gets_the_small_torch(run: ModuleType) -> None:
    assert run.torch_build() == "cpu"


def test_linux_with_a_gpu_gets_the_usual_torch(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "has_nvidia", lambda: True)
    assert run.torch_build() is None
    monkeypatch.setenv("FEDI_TORCH", "cpu")
    assert run.torch_build() == "cpu"


def test_other_systems_get_the_usual_torch(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.platform, "system", lambda: "Darwin")
    assert run.torch_build() is None


@pytest.mark.parametrize("option", ["index-url", "extra-index-url"])
def test_who_named_an_index_has_chosen_a_torch(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(run, "pip_settings", lambda: {option: ["https://packages.example/simple"]})
    assert run.torch_build() is None


def test_a_folder_of_wheels_counts_when_torch_is_in_it(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "pip_settings", lambda: {"find-links": [str(tmp_path)]})
    assert run.torch_build() == "cpu"
    (tmp_path / "torch-2.13.0+cpu-cp311-none-any.whl").touch()
    assert run.torch_build() is None


def test_uv_is_fetched_only_for_the_small_torch(
    run: ModuleType, steps: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "find_uv", lambda: None)
    run.install(["speed"])
    assert not any("uv" in command for command in steps)
    run.install(["ai"])
    assert [*steps[1][-2:]] == ["install", "uv"]
    assert steps[-1][-1] == "--torch-backend=cpu"


def test_the_usual_torch_is_taken_when_the_small_one_cannot_be_had(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[list[str]] = []
    monkeypatch.setattr(run, "find_uv", lambda: "/bin/uv")
    monkeypatch.setattr(run, "step", lambda command, *_rest: taken.append(command))
    monkeypatch.setattr(run.subprocess, "call", lambda *_given, **_named: 1)
    run.install(["ai"])
    assert not any("--torch-backend" in part for part in taken[-1])
    assert "2.7 GB" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "function"), [("FEDI_TORCH", "torch_build"), ("FEDI_INSTALLER", "find_uv")])
def test_an_unknown_choice_is_named(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, function: str
) -> None:
    monkeypatch.setenv(name, "banana")
    with pytest.raises(run.MendError, match=name):
        getattr(run, function)()


def test_settings_bring_their_extras(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.wanted_by_settings() == ()
    monkeypatch.setenv("FEDI_DATABASE_URL", "postgresql://db/fedi")
    monkeypatch.setenv("FEDI_STORAGE_URL", "s3://bucket")
    assert run.wanted_by_settings() == ("postgres", "s3")


def test_pip_is_asked_where_it_was_told_to_look(
    tmp_path: Path, run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the real function, once
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert run.pip_settings()["find-links"] == [str(tmp_path)]


def test_a_python_without_ensurepip_is_told_what_to_install(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "PYTHON", tmp_path / "none")
    monkeypatch.setattr(run, "find_uv", lambda: None)
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(run.MendError, match=r"apt install python3\.\d+-venv"):
        run.make_environment()


def test_an_old_python_says_what_to_install_in_one_line() -> None:
    old = shutil.which("python3.9") or shutil.which("python3.10")
    if old is None or subprocess.call([old, "-c", ""], stderr=subprocess.DEVNULL) != 0:
        pytest.skip("no older Python is installed")
    binary = subprocess.check_output([old, "-c", "import sys; print(sys.executable)"], text=True).strip()
    done = subprocess.run(
        [binary, ROOT / "run", "demo"], env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("run: this is Python 3.")
    assert done.stderr.count("\n") == 1


def test_the_file_is_understood_by_much_older_interpreters() -> None:
    ast.parse((ROOT / "run").read_text(), feature_version=(3, 7))
