"""Another server, as a test wants it: documents, people with keys, and an inbox that records.

It stands on the `Network` of a test beside the servers under test. Whatever it serves can be replaced, so a
test can make it lie.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from activitypub import keys
from activitypub.httpdate import format_http_date
from activitypub.signatures import cavage
from activitypub.signatures.message import Message
from activitypub.vocab import PUBLIC

if TYPE_CHECKING:
    from tests.servers import Network, Server

AS = "https://www.w3.org/ns/activitystreams"
ACTIVITY_JSON = "application/activity+json"


@dataclass
class RemoteActor:
    """Somebody on the other server."""

    home: RemoteServer
    name: str
    key: Any
    doc: dict[str, Any]

    @property
    def iri(self) -> str:
        """Their id."""
        return str(self.doc["id"])

    @property
    def key_id(self) -> str:
        """Where their key is."""
        return f"{self.iri}#main-key"

    def note(self, name: str = "1", /, **changes: Any) -> dict[str, Any]:
        """Serve a public post of theirs and return its document."""
        iri = f"{self.iri}/notes/{name}"
        doc = {
            "@context": AS,
            "id": iri,
            "type": "Note",
            "attributedTo": self.iri,
            "content": "<p>hello</p>",
            "published": "2026-01-02T03:04:05Z",
            "to": [PUBLIC],
            "cc": [f"{self.iri}/followers"],
        } | changes
        self.home.serve(iri, doc)
        return doc

    def does(self, kind: str, obj: Any, **changes: Any) -> dict[str, Any]:
        """Return an activity of theirs."""
        self.home.count += 1
        iri = f"{self.iri}/acts/{self.home.count}"
        return {"@context": AS, "id": iri, "type": kind, "actor": self.iri, "object": obj} | changes

    def creates(self, note: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Return the Create of a post of theirs."""
        return self.does("Create", note, to=note.get("to", []), cc=note.get("cc", []), **changes)

    async def sends(self, server: Server, activity: Any, *, inbox: str = "/inbox") -> httpx.Response:
        """Post an activity, signed, to a server under test."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        return await self.posts(server, body, inbox=inbox)

    async def posts(
        self,
        server: Server,
        body: bytes,
        *,
        inbox: str = "/inbox",
        headers: dict[str, str] | None = None,
        **signing: Any,
    ) -> httpx.Response:
        """Post bytes; `headers` replace what was signed, `signing` changes how it is signed."""
        url = f"{server.settings.origin}{inbox}"
        made = self.signed("POST", url, server.clock(), body=body, **signing) | (headers or {})
        given = {name: value for name, value in made.items() if value is not None}
        return await server.client.post(inbox, content=body, headers=given)

    def signed(
        self,
        method: str,
        url: str,
        now: datetime,
        *,
        body: bytes = b"",
        covered: tuple[str, ...] | None = None,
        key: Any = None,
        key_id: str | None = None,
        date: datetime | None = None,
    ) -> dict[str, Any]:
        """Return the headers of a signed request."""
        headers = {"host": httpx.URL(url).netloc.decode(), "date": format_http_date(date or now)}
        if method == "POST":
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers |= {"digest": f"SHA-256={digest}", "content-type": ACTIVITY_JSON}
        names = covered or (cavage.POST_HEADERS if method == "POST" else cavage.GET_HEADERS)
        message = Message.of(method=method, target_uri=url, headers=headers.items(), body=body)
        headers["signature"] = cavage.sign(
            message, key=key or self.key, key_id=key_id or self.key_id, headers=names
        )
        return headers


@dataclass
class RemoteServer(httpx.AsyncBaseTransport):
    """A server that serves what it is told to."""

    network: Network
    host: str = "remote.test"
    documents: dict[str, httpx.Response] = field(default_factory=dict)
    received: list[httpx.Request] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)
    """What its inbox answers next; 202 when empty."""
    asked: list[str] = field(default_factory=list)
    """Addresses that were fetched, in order."""
    count: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first delivery."""

    def __post_init__(self) -> None:
        self.network.hosts[self.host] = self

    @property
    def origin(self) -> str:
        """Its scheme and host."""
        return f"https://{self.host}"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The activities that were delivered."""
        return [json.loads(request.content) for request in self.received]

    def serve(self, url: str, doc: Any, *, status: int = 200, content_type: str = ACTIVITY_JSON) -> None:
        """Answer GETs of an address with a document."""
        body = doc if isinstance(doc, bytes) else json.dumps(doc).encode()
        self.documents[url] = httpx.Response(status, content=body, headers={"content-type": content_type})

    def person(self, name: str, /, *, key: Any = None, found: bool = True, **changes: Any) -> RemoteActor:
        """Serve somebody with a fresh key."""
        iri = f"{self.origin}/users/{name}"
        key = key or keys.generate_rsa()
        pem = keys.public_pem(key.public_key())
        doc = {
            "@context": [AS, "https://w3id.org/security/v1"],
            "id": iri,
            "type": "Person",
            "preferredUsername": name,
            "name": name.title(),
            "inbox": f"{iri}/inbox",
            "followers": f"{iri}/followers",
            "endpoints": {"sharedInbox": f"{self.origin}/inbox"},
            "publicKey": {"id": f"{iri}#main-key", "owner": iri, "publicKeyPem": pem},
        } | changes
        self.serve(iri, doc)
        if found:
            self.handle(name, iri)
        return RemoteActor(home=self, name=name, key=key, doc=doc)

    def wordy(self) -> RemoteActor:
        """Serve somebody whose address is nearly as long as an index can hold."""
        iri = f"{self.origin}/{'w' * 1_980}"
        who = self.person("wordy", id=iri, inbox=f"{iri}/i", followers=f"{iri}/f", found=False)
        who.doc["publicKey"] |= {"id": who.key_id, "owner": iri}
        self.serve(iri, who.doc)
        self.handle("wordy", iri)
        return who

    def handle(self, name: str, iri: str, *, host: str | None = None) -> None:
        """Answer WebFinger for a name."""
        subject = f"acct:{name}@{host or self.host}"
        link = {"rel": "self", "type": ACTIVITY_JSON, "href": iri}
        url = f"{self.origin}/.well-known/webfinger?resource={subject}"
        self.serve(url, {"subject": subject, "links": [link]}, content_type="application/jrd+json")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.method == "POST":
            # A copy: the second knock signs the same request object anew.
            copy = httpx.Request(
                request.method, request.url, headers=request.headers.raw, content=request.content
            )
            self.received.append(copy)
            self.arrived.set()
            return self.answers.pop(0) if self.answers else httpx.Response(202)
        self.asked.append(str(request.url))
        found = self.documents.get(str(request.url))
        if found is None:
            return httpx.Response(404)
        return httpx.Response(found.status_code, content=found.content, headers=found.headers)
