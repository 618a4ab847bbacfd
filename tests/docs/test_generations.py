"""The commands of docs/generations.md do what the page says, against a running server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedi.config import Settings
from fedi.services import generating, preferring, wishes
from tests.peers.server_process import Instance, free_port
from tests.tidy.sources import ROOT

PAGE = (ROOT / "docs" / "generations.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1"


def test_words_and_numbers_of_the_page_are_those_of_the_code() -> None:
    settings = Settings()
    assert f"One person may ask for {settings.asks_per_hour} pictures" in PAGE
    assert f"all of another server for {settings.asks_per_hour_per_server} (" in PAGE
    assert f"and {generating.OUTSTANDING_MAX} may be in the making" in PAGE
    assert [word for word in wishes.NEXT_WORDS.split(", ") if f"`{word}`" not in PAGE] == []
    assert [word for word in preferring.SHARES if f"| `{word}`" not in PAGE] == []
    assert f"`@{settings.generator}`" in PAGE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance with somebody on it."""
    port = free_port(ADDRESS)
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("generations") / "data",
        origin=f"http://{ADDRESS}:{port}",
        bind=ADDRESS,
        port=port,
        settings={"FEDI_PICTURE_SIZE": "64", "PAINTED_STEP_S": "0.2"},
        module="tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    instance.cli("account", "create", "anna", "--password-stdin", stdin="correct horse battery\n")
    server = instance.start("serve")
    yield instance
    server.stop()


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_commands_of_the_page_work(running: Instance, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ORIGIN": running.origin,
        "TOKEN": running.token_for("anna", "read", "write"),
        "NO_PROXY": ADDRESS,
    }
    script = "set -euo pipefail\n" + "".join(
        f"echo '--- {number}'\n{text}" for number, text in enumerate(BLOCKS)
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + running.logs()
    printed = re.split(r"^--- \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert '"tiny"' in printed[1]
    assert re.findall(r"^event: (\w+)$", printed[3], re.MULTILINE)[-1] == "done"
    assert '"share": "no_prompt"' in printed[4]
    assert '"prompt": null' in printed[4]
    assert '"cancelled"' in printed[5]
    assert '"door": "api"' in printed[6]
