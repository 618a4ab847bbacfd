"""A setting that cannot be used ends any command with one line that names it, its cause and its mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fedi.cli.conftest import Fedi
from tests.peers.server_process import free_port

NOWHERE = "postgresql://fedi@127.0.0.1:{port}/fedi"


def _one_line(stderr: str) -> str:
    (line,) = stderr.splitlines()
    assert line.startswith("fedi: ")
    return line


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"oirgin": "https://a.test"}, "FEDI_OIRGIN: unknown setting; did you mean `origin`?"),
        ({"port": "many"}, "port: expected 'int', got 'str'; see docs/settings.md"),
        ({"port": "70000"}, "port: expected 'int' <= 65535; see docs/settings.md"),
        ({"origin": "https://a.test/path"}, "origin: 'https://a.test/path' is not scheme://host; "),
        ({"storage_url": "ftp://pictures"}, "storage_url: 'ftp://pictures' is not a storage URL"),
        ({"ca_file": "/nothing.pem"}, "ca_file: '/nothing.pem' is not a file; give the path of a PEM file"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(
    fedi: Fedi, instance: Path, settings: dict[str, str], told: str
) -> None:
    result = fedi("queue", "status", **settings)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in _one_line(result.stderr)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = 'x", "config.toml: is not TOML ("),
        ("oirgin = 'https://a.test'", "oirgin: unknown setting; did you mean `origin`?"),
        ("port = 'x'", "port: expected 'int', got 'str'; see docs/settings.md"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(fedi: Fedi, instance: Path, text: str, told: str) -> None:
    (instance / "config.toml").write_text(text)
    result = fedi("queue", "status")
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in _one_line(result.stderr)


@pytest.mark.parametrize("command", [["init", "--origin", "https://a.test"], ["doctor"], ["account", "list"]])
def test_a_file_where_the_directory_should_be_is_told(fedi: Fedi, data_dir: Path, command: list[str]) -> None:
    data_dir.write_text("")
    result = fedi(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    line = _one_line(result.stderr)
    assert str(data_dir) in line


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["worker"],
        ["db", "migrate"],
        ["account", "create", "alice"],
        ["account", "list"],
        ["account", "password", "alice"],
        ["imagine", "alice", "the sea"],
        ["queue", "status"],
        ["queue", "retry"],
        ["queue", "drop", "--yes"],
    ],
)
def test_a_directory_without_an_instance_is_left_as_it_is(
    fedi: Fedi, data_dir: Path, command: list[str]
) -> None:
    result = fedi(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    mend = "make one with `fedi init --origin URL`"
    assert result.stderr == f"fedi: data_dir: {data_dir} has no instance; {mend}\n"
    assert not data_dir.exists()


def test_an_origin_that_is_not_the_instances_is_told(fedi: Fedi, instance: Path) -> None:
    result = fedi("init", "--origin", "https://other.test")
    assert (result.exit_code, result.stdout) == (2, "")
    assert _one_line(result.stderr) == (
        f"fedi: origin: {instance}/config.toml has another origin; choose another --data-dir or edit that file"
    )


@pytest.mark.parametrize("command", [["serve"], ["account", "list"], ["db", "migrate"]])
def test_a_database_that_does_not_answer_is_told(fedi: Fedi, instance: Path, command: list[str]) -> None:
    database_url = NOWHERE.format(port=free_port("127.0.0.1"))
    result = fedi(*command, database_url=database_url, port=str(free_port("127.0.0.1")))
    assert (result.exit_code, result.stdout) == (2, "")
    line = _one_line(result.stderr)
    assert line.startswith("fedi: database_url: the database cannot be opened (")
    assert line.endswith("; check that it runs and may be written")


def test_a_file_that_is_no_database_is_told(fedi: Fedi, instance: Path) -> None:
    (instance / "fedi.db").write_bytes(b"no database" * 100)
    result = fedi("account", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "database_url: the database cannot be opened (file is not a database)" in _one_line(result.stderr)


@pytest.mark.parametrize("settings", [{"FEDI_OIRGIN": "x"}, {"FEDI_STORAGE_URL": "ftp://x"}])
def test_the_real_command_says_no_more_than_that_line(instance: Path, settings: dict[str, str]) -> None:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FEDI_")}
    done = subprocess.run(
        [sys.executable, "-m", "fedi", "--data-dir", str(instance), "account", "list"],
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    _one_line(done.stderr)
