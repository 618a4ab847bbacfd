"""A person in front of a browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from fedi.models import Account
from fedi.services import totp
from tests.clients.forms import Form, forms
from tests.fedi.api.conftest import http_client

if TYPE_CHECKING:
    from tests.servers import Server

PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """A browser of somebody, and the server that it looks at."""

    server: "Server"
    account: Account
    http: httpx.AsyncClient

    async def get(self, path: str, status: int = 200) -> str:
        """Open a page, following redirects."""
        answer = await self.http.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return answer.text

    async def form(self, path: str, action: str = "", **fields: str) -> Form:
        """Return the form on a page that goes to `action` (the page itself, unless said) and has these fields."""
        page = forms(await self.get(path))
        wanted = action or urlsplit(path).path
        (found, *_) = [
            form for form in page if form.action == wanted and fields.items() <= form.fields.items()
        ]
        return found

    async def send(self, form: Form, action: str = "", **typed: str) -> httpx.Response:
        """Send a form."""
        return await self.http.request(form.method, action or form.action, data={**form.fields, **typed})

    async def sign_in(self, password: str = PASSWORD, path: str = "/settings/sign_in") -> httpx.Response:
        """Fill in name and password."""
        form = await self.form(path, "/settings/sign_in")
        return await self.send(form, username=self.account.username, password=password)

    async def switch_on(self) -> tuple[str, str]:
        """Switch the second factor on; return the secret and the page with the recovery codes."""
        form = await self.form("/settings/second_factor")
        secret = form.fields["secret"]
        answer = await self.send(form, code=self.code(secret), password=PASSWORD)
        assert answer.status_code == 200, answer.text
        return secret, answer.text

    def code(self, secret: str, steps: int = 0) -> str:
        """Return what an authenticator shows now, or some steps later."""
        return totp.code_at(secret, totp.step_of(self.server.clock()) + steps)

    def another(self) -> "Browser":
        """Return another browser of the same person."""
        return Browser(server=self.server, account=self.account, http=http_client(self.server))


@pytest.fixture
async def browser(server: "Server") -> AsyncIterator[Browser]:
    """A browser that is not signed in."""
    account = await server.person("anna", password=PASSWORD)
    async with http_client(server, **{"user-agent": "Mozilla/5.0 (of a test)"}) as http:
        yield Browser(server=server, account=account, http=http)


@pytest.fixture
async def inside(browser: Browser) -> Browser:
    """A browser that is signed in."""
    assert (await browser.sign_in()).status_code == 303
    return browser
