"""Moderators and administrators who are signed in."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Role
from tests.fedi.api.conftest import Enter, Person, http_client, token_for

if TYPE_CHECKING:
    from tests.servers import Server

Staff = Callable[[str, Role], Awaitable[Person]]


@pytest.fixture
def staff(enter: Enter) -> Staff:
    """Return what makes somebody with a role, a login and all scopes."""

    async def make(name: str, role: Role) -> Person:
        scopes = ("read", "write", "admin:read", "admin:write")
        return await enter(name, *scopes, password="long enough", role=role)

    return make


@pytest.fixture
async def mod(staff: Staff) -> Person:
    """A moderator."""
    return await staff("mod", Role.MODERATOR)


@pytest.fixture
async def admin(staff: Staff) -> Person:
    """An administrator."""
    return await staff("root_1", Role.ADMIN)


async def person_at(server: "Server", name: str, role: Role = Role.USER) -> Person:
    """Make somebody with a login and all scopes on a server of any database."""
    account = await server.person(name, password="long enough", role=role)
    token = await token_for(server, account, "read", "write", "admin:read", "admin:write")
    return Person(account=account, token=token, http=http_client(server, authorization=f"Bearer {token}"))


async def ask(person: Person, method: str, path: str, status: int = 200, **given: Any) -> Any:
    """Ask and return the answer's body."""
    answer = await person.http.request(method, f"/api/v1/admin/{path}", **given)
    assert answer.status_code == status, (path, answer.status_code, answer.text)
    return answer.json()
