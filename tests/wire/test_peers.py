"""What other kinds of server send, in their own spelling and signed in their own manner, one after the other.

The documents under `peers/` are our own, shaped as these servers write them: strings where others have lists,
`as:Public`, an attachment that is an object, a key id that is a path, activities without an id.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from activitypub import keys
from activitypub.httpdate import format_http_date
from activitypub.signatures import cavage
from activitypub.signatures.message import Message
from activitypub.vocab import ACTIVITY_JSON, LD_JSON
from fedi.models import Activity, ActivityState, Post
from fedi.services import posting
from tests.fedi import looking
from tests.fedi.remote import RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

PEERS = Path(__file__).parent / "peers"

USUAL = ("(request-target)", "host", "date", "digest", "content-type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a kind of server signs and sends."""

    covered: tuple[str, ...] = USUAL
    algorithm: str = "rsa-sha256"
    content_type: str = ACTIVITY_JSON
    inbox: str = "/inbox"


MANNERS = {
    "gotosocial": Manner(
        covered=("(request-target)", "host", "date", "digest"),
        algorithm="hs2019",
        content_type=LD_JSON,
        inbox="/users/alice/inbox",
    ),
    "mastodon": Manner(covered=("host", "date", "digest", "content-type", "(request-target)")),
    "misskey": Manner(covered=("(request-target)", "date", "host", "digest")),
    "peertube": Manner(covered=("(request-target)", "host", "date", "digest"), content_type=LD_JSON),
    "pixelfed": Manner(covered=("(request-target)", "host", "date", "digest", "content-type")),
    "pleroma": Manner(covered=("(request-target)", "content-length", "date", "digest", "host")),
    "snac": Manner(covered=("(request-target)", "host", "digest", "date"), inbox="/users/alice/inbox"),
    "takahe": Manner(),
}

IGNORED = {"pixelfed/06-view"}
"""What is recorded and has no effect."""


def text(peer: str, name: str) -> str:
    return (PEERS / peer / f"{name}.json").read_text("utf-8")


def played(peer: str) -> list[str]:
    return sorted(path.stem for path in (PEERS / peer).glob("[0-9]*.json"))


class Peer:
    """A server of another kind, and the one person on it."""

    def __init__(self, server: Server, kind: str, post: Post) -> None:
        self.server, self.kind, self.post = server, kind, post
        self.manner = MANNERS[kind]
        self.key = keys.generate_rsa()
        pem = keys.public_pem(self.key.public_key())
        self.actor: dict[str, Any] = json.loads(
            text(kind, "actor").replace("@PEM@", pem.replace("\n", "\\n"))
        )
        self.remote = RemoteServer(server.network, host=self.actor["id"].split("/")[2])
        self.remote.serve(self.actor["id"], self.actor)
        self.remote.handle(self.actor["preferredUsername"], self.actor["id"])
        key_id = self.actor["publicKey"]["id"]
        if "#" not in key_id:
            self.remote.serve(key_id, self.actor)

    def document(self, name: str) -> dict[str, Any]:
        found = text(self.kind, name).replace("https://fedi.test/LOCAL_POST", self.post.iri)
        document: dict[str, Any] = json.loads(found)
        return document | {"object": self.actor} if document["object"] == "@ACTOR@" else document

    def serve_what_is_embedded(self, document: dict[str, Any]) -> None:
        for field in ("object", "instrument"):
            inner = document.get(field)
            if isinstance(inner, dict) and "attributedTo" in inner:
                self.remote.serve(inner["id"], inner)

    async def send(self, document: dict[str, Any]) -> Activity:
        body = json.dumps(document).encode()
        url = self.server.settings.origin + self.manner.inbox
        headers = {
            "host": url.split("/")[2],
            "date": format_http_date(self.server.clock()),
            "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "content-type": self.manner.content_type,
            "content-length": str(len(body)),
        }
        message = Message.of(method="POST", target_uri=url, headers=headers.items(), body=body)
        made = cavage.sign(
            message, key=self.key, key_id=self.actor["publicKey"]["id"], headers=self.manner.covered
        )
        headers["signature"] = made.replace('algorithm="rsa-sha256"', f'algorithm="{self.manner.algorithm}"')
        answer = await self.server.client.post(self.manner.inbox, content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        await self.server.work()
        return await looking.last_activity(self.server)


@pytest.fixture
async def post(server: Server) -> Post:
    alice = await server.person("alice")
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(type(alice), alice.id)
        new = posting.NewPost(text="a fox in the snow", visibility="public")
        return await posting.publish(server.ctx, tx, author=me, new=new)


@pytest.mark.parametrize("kind", sorted(MANNERS))
async def test_everything_that_a_peer_sends_is_understood(server: Server, post: Post, kind: str) -> None:
    peer = Peer(server, kind, post)
    for name in played(kind):
        document = peer.document(name)
        peer.serve_what_is_embedded(document)
        if document["type"] == "Delete":
            peer.remote.documents.clear()  # they serve 404 or 410 from now on
            peer.remote.serve(peer.actor["id"], peer.actor)
        row = await peer.send(document)
        wanted = ActivityState.IGNORED if f"{kind}/{name}" in IGNORED else ActivityState.DONE
        assert row.state == wanted, f"{name}: {row.state}, {row.reason}"
        if document["type"] == "Create":
            kept = await looking.get_post(server, document["object"]["id"])
            assert kept.content
        if document["type"] == "Delete":
            gone = document["object"]
            assert await looking.find_post(server, gone if isinstance(gone, str) else gone["id"]) is None


def test_every_kind_of_server_has_documents() -> None:
    assert sorted(folder.name for folder in PEERS.iterdir()) == sorted(MANNERS)
    assert all("01-create" in played(kind) for kind in MANNERS)
