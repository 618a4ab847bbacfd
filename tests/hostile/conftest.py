"""Somebody here, and somebody elsewhere who sends what no good server sends."""

import traceback
from typing import Any

import pytest

from activitypub import keys
from fedi import worker
from fedi.models import Account
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server


@pytest.fixture
def bob(server: Server) -> RemoteActor:
    """Somebody on another server, with a key that signs quickly."""
    return RemoteServer(server.network).person("bob", key=keys.generate_ed25519())


@pytest.fixture
async def alice(server: Server) -> Account:
    """Somebody here."""
    return await server.person("alice")


@pytest.fixture
def mistakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went wrong in jobs that nobody had foreseen: the list must stay empty."""
    found: list[str] = []

    class Log:
        """The worker's own log, listened to."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def exception(self, event: str, **about: Any) -> None:
            """Keep the traceback."""
            found.append(f"{event} {about}\n{traceback.format_exc()[-1500:]}")

    monkeypatch.setattr(worker, "log", Log(worker.log))
    return found
