"""Other servers' documents with wrong members, fetched because somebody here or elsewhere names them."""

import json
import os
import random
from typing import Any

import pytest

from fedi.models import Account
from tests.fedi.api.conftest import http_client, token_for
from tests.fedi.remote import RemoteActor
from tests.hostile.bodies import SHAPES, spoilt
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(1800)]

COUNT = 2_000 if os.environ.get("FEDI_REQUIRE") else 200

ACTOR = json.loads((SHAPES / "actor-service.json").read_text("utf-8"))
NOTE = json.loads((SHAPES / "create-note-image-unlisted.json").read_text("utf-8"))["object"]
QUESTION = json.loads((SHAPES / "question-inbound.json").read_text("utf-8"))
QUESTION = QUESTION.get("object", QUESTION)


def moved(doc: Any, name: str, iri: str) -> Any:
    """Return a golden document under another id, with all that hangs on it."""
    text = json.dumps(doc)
    actor = doc.get("attributedTo", doc["id"])
    text = text.replace(doc["id"], iri) if "attributedTo" in doc else text
    text = text.replace(actor, f"https://remote.test/users/{name}")
    for host in ("https://ai.example", "https://m.example"):
        text = text.replace(host, "https://remote.test")
    return json.loads(text)


async def test_an_actor_with_wrong_members_is_refused_or_read_without_them(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str]
) -> None:
    chance = random.Random(20261124)
    token = await token_for(server, alice, "read", "write", "follow")
    client = http_client(server, authorization=f"Bearer {token}")
    kept = 0
    for number in range(COUNT):
        name = f"p{number}"
        iri = f"https://remote.test/users/{name}"
        person = bob.home.person(name, key=bob.key)
        whole = moved(ACTOR, name, iri) | {
            key: person.doc[key] for key in ("preferredUsername", "publicKey", "inbox")
        }
        bob.home.serve(iri, spoilt(whole, chance))
        answer = await client.get("/api/v2/search", params={"q": iri, "resolve": "true", "type": "accounts"})
        assert answer.status_code == 200, answer.text
        sent = await person.sends(server, person.does("Follow", alice.iri))
        # Their server is asked again when the key is said to be where nobody answers now.
        assert sent.status_code < 500 or sent.headers["retry-after"], bob.home.documents[iri].content
        for found in answer.json()["accounts"]:
            kept += 1
            shown = await client.get(f"/api/v1/accounts/{found['id']}")
            assert shown.status_code == 200, bob.home.documents[iri].content
    await server.work("inbox")
    assert not mistakes, "\n\n".join({one.splitlines()[-1]: one for one in mistakes}.values())
    assert kept > COUNT / 4
    for path in (
        "/api/v1/notifications",
        f"/api/v1/accounts/{alice.id}/followers",
        "/users/alice/followers?page=true",
    ):
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("golden", [NOTE, QUESTION], ids=["Note", "Question"])
async def test_a_post_with_wrong_members_is_refused_or_read_without_them(
    server: Server, alice: Account, bob: RemoteActor, mistakes: list[str], golden: dict[str, Any]
) -> None:
    chance = random.Random(20261125)
    token = await token_for(server, alice, "read", "write", "follow")
    client = http_client(server, authorization=f"Bearer {token}")
    kept = 0
    for number in range(COUNT):
        iri = f"{bob.iri}/statuses/{number}"
        bob.home.serve(iri, spoilt(moved(golden, "bob", iri), chance))
        answer = await client.get("/api/v2/search", params={"q": iri, "resolve": "true", "type": "statuses"})
        assert answer.status_code == 200, answer.text
        for found in answer.json()["statuses"]:
            kept += 1
            for path in ("", "/context", "/favourite", "/reblog"):
                verb = client.post if path in {"/favourite", "/reblog"} else client.get
                shown = await verb(f"/api/v1/statuses/{found['id']}{path}")
                assert shown.status_code in {200, 422}, (
                    path,
                    shown.text,
                    bob.home.documents[iri].content[:3000],
                )
        if number % 100 == 99:
            await server.work()
    assert not mistakes, "\n\n".join({one.splitlines()[-1]: one for one in mistakes}.values())
    assert kept > COUNT / 4
    for path in ("/api/v1/timelines/home", "/api/v1/timelines/public", "/users/alice/outbox?page=true"):
        assert (await client.get(path)).status_code == 200
