"""A server as its operator runs it, and pictures to send: stock clients meet it over a socket."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.peers.server_process import Instance, free_port

ADDRESS = "127.0.0.1"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A running instance with the people `anna` and `ben`, with its limits on, and with the painted engine."""
    port = free_port(ADDRESS)
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("clients") / "data",
        origin=f"http://{ADDRESS}:{port}",
        bind=ADDRESS,
        port=port,
        settings={"FEDI_PICTURE_SIZE": "64", "PAINTED_STEP_S": "0.1"},
        module="tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    for name in ("anna", "ben"):
        instance.cli("account", "create", name, "--password-stdin", stdin=f"{PASSWORD}\n")
    server = instance.start("serve")
    yield instance
    server.stop()


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small JPEG, as a file."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((120, 80)).convert("RGB").save(out, "JPEG")
    path = tmp_path_factory.mktemp("pictures") / "gradient.jpg"
    path.write_bytes(out.getvalue())
    return path
