"""What every test with a foreign server needs: a certificate authority, and the server installed."""

import pytest

from tests.peers import fedify_peer
from tests.peers.tls import Authority
from tests.require import require_or_skip


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Sign this run's certificates."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def _fedify_installed() -> None:
    """Install Fedify where npm is there."""
    why_not = fedify_peer.install()
    if why_not is not None:
        require_or_skip("fedify", why_not)
