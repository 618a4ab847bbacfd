"""People who are signed in through an application, and pictures to upload."""

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import argon2
import httpx
import pytest
from PIL import Image

from fedi.models import Account
from fedi.services import accounts, authorizing

if TYPE_CHECKING:
    from tests.servers import Server

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@dataclass
class Person:
    """A local account with a token, and the client that sends it."""

    account: Account
    token: str
    http: httpx.AsyncClient

    async def post(self, text: str, **more: Any) -> dict[str, Any]:
        """Publish a post."""
        answer = await self.http.post("/api/v1/statuses", json={"status": text, **more})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


Enter = Callable[..., Awaitable[Person]]


def http_client(server: "Server", **headers: str) -> httpx.AsyncClient:
    """Return a client that talks to a server without a network."""
    transport = httpx.ASGITransport(app=server.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=server.settings.origin, headers=headers)


async def token_for(server: "Server", account: Account | None, *scopes: str) -> str:
    """Give an application access to an account, or to nobody's."""
    ctx = server.ctx
    async with ctx.db.write() as tx:
        app, _ = await authorizing.register_app(
            ctx, tx, name="Test client", website=None, redirect_uris=[OUT_OF_BAND], scopes=scopes
        )
        if account is None:
            return (await authorizing.issue_app_token(ctx, tx, app=app, scopes=scopes)).text
        code = await authorizing.grant_code(
            ctx, tx, app=app, account=account, redirect_uri=OUT_OF_BAND, scopes=scopes, code_challenge=None
        )
        issued = await authorizing.redeem_code(
            ctx, tx, app=app, code=code, redirect_uri=OUT_OF_BAND, verifier=None
        )
        assert issued is not None
        return issued.text


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with little work: here nobody steals them."""
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", hasher)
    nobody = hasher.hash("nobody has this password")
    monkeypatch.setattr(accounts, "_nobody", lambda: nobody)


@pytest.fixture
def enter(server: "Server") -> Enter:
    """Return what makes a local account that is signed in; called with a name and the scopes."""

    async def make(name: str, *scopes: str, **how: Any) -> Person:
        account = await server.person(name, **how)
        token = await token_for(server, account, *(scopes or ("read", "write", "follow")))
        return Person(account=account, token=token, http=http_client(server, authorization=f"Bearer {token}"))

    return make


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((120, 80)).convert("RGB").save(out, "JPEG")
    return out.getvalue()
