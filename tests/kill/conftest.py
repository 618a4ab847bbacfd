"""An instance to be killed, on each of the two databases, and another server that talks to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.strangers import Strangers, hosted
from tests.kill.zygote import Zygote
from tests.peers.server_process import Instance, free_port

OURS, THEIRS = "127.0.2.2", "127.0.2.1"

SEED = 20261124
"""Of all random moments in these tests."""


@pytest.fixture
def strangers() -> Iterator[Strangers]:
    """Another server, in this process."""
    with hosted(THEIRS, SEED) as host:
        yield host


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """What starts processes quickly."""
    with Zygote() as running:
        yield running


@pytest.fixture
def instance(database_url: str, tmp_path: Path, zygote: Zygote) -> Instance:
    """An instance with the person `bob`, not yet running. It draws with the painted engine, slowly."""
    port = free_port(OURS)
    made = Instance(
        data_dir=tmp_path / "data",
        origin=f"http://{OURS}:{port}",
        bind=OURS,
        port=port,
        settings={
            "FEDI_DATABASE_URL": database_url,
            "FEDI_ALLOW_HTTP_PEERS": "1",
            "FEDI_OUTGOING_ALLOW": "127.0.2.0/28",
            "FEDI_RATE_LIMITS": "off",
            "FEDI_PICTURE_SIZE": "64",
            "PAINTED_STEP_S": "0.2",
        },
        starter=zygote.launch,
    )
    made.cli("account", "create", "bob", "--password-stdin", stdin="long enough to pass\n")
    return made
