"""The units, the YAML and the Dockerfile of `deploy/` say what this program understands."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from fedi.cli import main
from fedi.config import Settings
from tests.require import require_or_skip

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
EXPOSURE_MAX = 3.0
"""As `systemd-analyze security` counts, from 0 (closed) to 10."""


def understood(arguments: list[str]) -> None:
    """Fail when the command does not know these arguments."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(context, name)
        assert found is not None, f"fedi has no {name}"
        command = found
    command.make_context("fedi", list(arguments))


def settings_named(text: str) -> set[str]:
    return set(re.findall(r"\bFEDI_([A-Z_]+)", text)) - {"TORCH"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_valid_closed_and_runs_what_there_is(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    [line] = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    program, *arguments = shlex.split(line)
    if program.endswith("/fedi"):
        understood(arguments)
    else:
        assert (DEPLOY / Path(program).name).exists()
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        require_or_skip("proxies", "systemd-analyze is not installed")
    copy = tmp_path / unit.name.replace("@.", "@1.")
    copy.write_text(text.replace(program, "/bin/true"))
    checked = subprocess.run([analyse, "verify", copy], capture_output=True, text=True, check=False)
    assert unit.stem not in checked.stderr, checked.stderr
    seen = subprocess.run(
        [analyse, "security", "--offline=true", copy], capture_output=True, text=True, check=True
    )
    [exposure] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", seen.stdout)
    assert float(exposure) <= EXPOSURE_MAX


def documents(file: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / file).read_text()))


@pytest.mark.parametrize("file", ["compose.yaml", "compose.cluster.yaml"])
def test_a_compose_file_starts_commands_that_there_are(file: str) -> None:
    [found] = documents(file)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    for service in found["services"].values():
        if "build" not in service:
            continue
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
        assert service["build"].get("target", "ai") in stages
        understood(service.get("command", ["serve"]))
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_kubernetes_starts_commands_that_there_are() -> None:
    for found in documents("kubernetes.yaml"):
        if found["kind"] == "Deployment":
            for container in found["spec"]["template"]["spec"]["containers"]:
                understood(container["args"])
                assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_images_run_without_rights() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(r"^USER fedi$", text, re.MULTILINE)
    base = text.partition("AS base")[2].partition("FROM")[0]
    assert "build-ai" not in base, "torch would come along"


@pytest.mark.parametrize("file", sorted(path.name for path in DEPLOY.iterdir()))
def test_settings_that_are_named_exist(file: str) -> None:
    known = {name.upper() for name in Settings.__struct_fields__}
    assert settings_named((DEPLOY / file).read_text()) <= known


def test_every_file_is_in_the_list() -> None:
    listed = set(re.findall(r"\]\(([^)/]+)\)", (DEPLOY / "README.md").read_text()))
    assert listed == {path.name for path in DEPLOY.iterdir()} - {"README.md"}


def test_a_nightly_backup_is_verified_and_seven_are_kept(tmp_path: Path) -> None:
    said = tmp_path / "said"
    stand_in = tmp_path / "fedi"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {said}\n[ "$2" = create ] && : > "$3"\nexit 0\n')
    stand_in.chmod(0o755)
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in range(10, 19):
        (folder / f"fedi-202601{day}T033000Z.tar").touch()
    subprocess.run(
        [DEPLOY / "backup.sh", folder], env={"FEDI": str(stand_in), "PATH": "/usr/bin:/bin"}, check=True
    )
    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == 7
    assert kept[0] == "fedi-20260113T033000Z.tar"
    create, verify = said.read_text().splitlines()
    assert create.startswith("backup create ")
    assert verify == create.replace("create", "verify")
