"""A client of ActivityPub: it knows a person's actor document, a token, and nothing of this server."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fedi.models import Account
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"
ACTIVITY_JSON = "application/activity+json"


@dataclass
class C2S:
    """Somebody's client."""

    account: Account
    http: httpx.AsyncClient

    @property
    def me(self) -> str:
        """The actor's id."""
        return self.account.iri

    @property
    def followers(self) -> str:
        """The actor's followers."""
        return f"{self.me}/followers"

    async def post(
        self, doc: Any, *, outbox: str | None = None, content_type: str = ACTIVITY_JSON, **headers: str
    ) -> httpx.Response:
        """Post to the outbox."""
        body = doc if isinstance(doc, bytes) else json.dumps({"@context": AS, **doc}).encode()
        given = {"content-type": content_type, **headers}
        return await self.http.post(outbox or f"{self.me}/outbox", content=body, headers=given)

    async def done(self, doc: Any, **how: Any) -> str:
        """Post what must succeed, and return the id that the answer tells."""
        answer = await self.post(doc, **how)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def note(self, content: str = "<p>hello</p>", **more: Any) -> str:
        """Publish a Note and return its id."""
        doc = {"type": "Note", "content": content, "to": [PUBLIC], **more}
        return (await self.get(await self.done(doc)))["object"]["id"]

    async def get(self, iri: str) -> dict[str, Any]:
        """Read a document."""
        answer = await self.http.get(iri, headers={"accept": ACTIVITY_JSON})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def alice(server: "Server", enter: Enter) -> C2S:
    """Somebody here, whose client may do everything."""
    person = await enter("alice")
    return C2S(account=person.account, http=person.http)


@pytest.fixture
async def carol(server: "Server", enter: Enter) -> C2S:
    """Somebody else here."""
    person = await enter("carol")
    return C2S(account=person.account, http=person.http)
