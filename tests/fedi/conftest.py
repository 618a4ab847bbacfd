"""People for tests of the server: `alice` lives here, `bob` on another server."""

import pytest

from fedi.models import Account
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server


@pytest.fixture
def remote(server: Server) -> RemoteServer:
    """Another server, which answers what it is told to."""
    return RemoteServer(server.network)


@pytest.fixture
def bob(remote: RemoteServer) -> RemoteActor:
    """Somebody on the other server."""
    return remote.person("bob")


@pytest.fixture
async def alice(server: Server) -> Account:
    """Somebody here."""
    return await server.person("alice")
