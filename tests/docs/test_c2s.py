"""The commands of docs/c2s.md do what the page says, against a running server."""

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from fedi.api.c2s import outbox, publishing
from tests.peers.server_process import Instance, free_port
from tests.tidy.sources import ROOT

PAGE = (ROOT / "docs" / "c2s.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ADDRESS = "127.0.0.1"


def test_every_activity_and_right_is_in_the_tables() -> None:
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("|"))
    assert [kind for kind in (*outbox.ACTS, *publishing.OBJECTS) if f"`{kind}`" not in rows] == []
    assert [scope for scope in outbox.SCOPES if f"`{scope}`" not in rows] == []


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance with somebody on it."""
    port = free_port(ADDRESS)
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("c2s") / "data",
        origin=f"http://{ADDRESS}:{port}",
        bind=ADDRESS,
        port=port,
        settings={"FEDI_PICTURE_SIZE": "64"},
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
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    (tmp_path / "picture.jpg").write_bytes(out.getvalue())
    environment = {
        **os.environ,
        "ORIGIN": running.origin,
        "NAME": "anna",
        "TOKEN": running.token_for("anna", "read", "write"),
        "PICTURE": str(tmp_path / "picture.jpg"),
        "NO_PROXY": ADDRESS,
    }
    script = "set -euo pipefail\n" + "".join(
        f"echo '--- {number}'\n{text}" for number, text in enumerate(BLOCKS)
    )
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr + running.logs()
    printed = re.split(r"^--- \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    assert '"uploadMedia"' in printed[1]
    assert "a greeting" in printed[5]
    assert "cannot be had" in printed[6]
