"""Another server, made up: as many actors as a test wants, and inboxes that keep what they get.

It is the least that our server needs to believe in somebody: WebFinger, actor documents, and answers to
deliveries. All actors share one key, since making keys is what costs time. What arrives is kept in the order
of arrival, and only after it is kept it is answered, so whatever our server knows to be delivered is here.
Answers take their time, as they do on the internet.
"""

import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from activitypub import keys
from activitypub.auth import SignatureAuth
from activitypub.vocab import PUBLIC

__all__ = ["Delivered", "Strangers", "hosted"]

BUSY_SHARE = 0.05
"""Of deliveries that are answered with 503, so that a repetition is not only due to kills."""

ANSWER_S_MAX = 0.15
"""Within which we answer: as slow as a server on another continent, so that kills meet what is under way."""

SEND_TIMEOUT_S = 10.0
"""For one request to our server; a killed one is noticed at once, a stopped one after this."""

ACTIVITY_JSON = "application/activity+json"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One delivery that was taken: where to, and what."""

    inbox: str
    activity: Document

    @property
    def object_id(self) -> str:
        """The IRI of what it is about."""
        about = self.activity["object"]
        return str(about["id"] if isinstance(about, dict) else about)


class Strangers:
    """A host full of actors, each `{origin}/users/NAME` with an inbox of its own.

    Args:
        origin: where it is reached.
        seed: for who is answered that we are busy.
    """

    def __init__(self, origin: str, seed: int) -> None:
        self.origin = origin
        self.key = keys.generate_rsa()
        self._pem = keys.public_pem(self.key.public_key())
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._delivered: list[Delivered] = []

    @property
    def delivered(self) -> list[Delivered]:
        """What was taken so far, in order."""
        with self._lock:
            return list(self._delivered)

    def actor(self, name: str) -> str:
        """Return an actor's IRI."""
        return f"{self.origin}/users/{name}"

    def pause_s(self) -> float:
        """Return how long the next answer takes."""
        with self._lock:
            return self._chance.uniform(0.0, ANSWER_S_MAX)

    def take(self, inbox: str, body: bytes) -> int:
        """Keep a delivery, and return the status to answer it with."""
        with self._lock:
            if self._chance.random() < BUSY_SHARE:
                return 503
            self._delivered.append(Delivered(inbox=inbox, activity=json.loads(body)))
            return 202

    def document(self, name: str) -> Document:
        """Return an actor's document."""
        iri = self.actor(name)
        return {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": iri,
            "type": "Person",
            "preferredUsername": name,
            "inbox": f"{iri}/inbox",
            "followers": f"{iri}/followers",
            "publicKey": {"id": f"{iri}#main-key", "owner": iri, "publicKeyPem": self._pem},
        }

    def jrd(self, resource: str) -> Document:
        """Return what WebFinger says of `acct:NAME@HOST`."""
        name = resource.removeprefix("acct:").partition("@")[0]
        link = {"rel": "self", "type": ACTIVITY_JSON, "href": self.actor(name)}
        return {"subject": resource, "links": [link]}

    def send(self, client: httpx.Client, inbox: str, activity: Document) -> int:
        """Post an activity, signed by its actor; return the status.

        Raises:
            httpx.TransportError: nobody answered.
        """
        auth = SignatureAuth(
            key_id=f"{activity['actor']}#main-key", key=self.key, clock=lambda: datetime.now(UTC)
        )
        return client.post(
            inbox,
            content=json.dumps(activity),
            auth=auth,
            headers={"Content-Type": ACTIVITY_JSON},
            timeout=SEND_TIMEOUT_S,
        ).status_code

    def follow(self, name: str, target: str) -> Document:
        """Make a Follow."""
        iri = self.actor(name)
        return _activity("Follow", f"{iri}#follows/1", iri, object=target)

    def like(self, name: str, post: str) -> Document:
        """Make a Like."""
        iri = self.actor(name)
        return _activity("Like", f"{iri}#likes/1", iri, object=post)

    def announce(self, name: str, post: str) -> Document:
        """Make an Announce."""
        iri = self.actor(name)
        return _activity(
            "Announce", f"{iri}/announces/1", iri, object=post, to=[PUBLIC], cc=[f"{iri}/followers"]
        )

    def create(self, name: str, mentioned: str) -> Document:
        """Make a Create of a Note that mentions somebody."""
        iri = self.actor(name)
        note = {
            "id": f"{iri}/notes/1",
            "type": "Note",
            "attributedTo": iri,
            "to": [PUBLIC],
            "cc": [mentioned],
            "content": f"<p>hello from {name}</p>",
            "published": datetime.now(UTC).isoformat(timespec="seconds"),
            "tag": [{"type": "Mention", "href": mentioned, "name": "@bob"}],
        }
        return _activity("Create", f"{iri}/notes/1#create", iri, object=note, to=[PUBLIC], cc=[mentioned])


def _activity(kind: str, iri: str, actor: str, **rest: Any) -> Document:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": iri,
        "type": kind,
        "actor": actor,
        **rest,
    }


@contextmanager
def hosted(address: str, seed: int) -> Iterator[Strangers]:
    """Serve strangers at a free port of an address, over http."""
    with _Server((address, 0), _Handler) as server:
        server.strangers = Strangers(f"http://{address}:{server.server_address[1]}", seed)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.strangers
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    strangers: Strangers

    def handle_error(self, *_: object) -> None:
        """Say nothing: who is killed in the middle of a request leaves a broken connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30.0
    server: _Server

    def do_GET(self) -> None:
        strangers = self.server.strangers
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/webfinger":
            self._answer(200, strangers.jrd(parse_qs(parts.query)["resource"][0]), "application/jrd+json")
        elif found := re.fullmatch(r"/users/(\w+)", parts.path):
            self._answer(200, strangers.document(found[1]), ACTIVITY_JSON)
        else:
            self._answer(404, {"error": "not found"}, "application/json")

    def do_POST(self) -> None:
        strangers = self.server.strangers
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = strangers.take(strangers.origin + self.path, body)
        self._answer(status, {}, "application/json")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, document: Document, kind: str) -> None:
        threading.Event().wait(self.server.strangers.pause_s())
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
