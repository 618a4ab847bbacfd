"""A client's outbox under the same fire as the inbox: wrong members, and any JSON there is."""

import base64
import json
import os
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedi.models import Account
from tests.fedi.api.conftest import http_client, token_for
from tests.fedi.remote import RemoteActor
from tests.hostile.bodies import spoilt
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(900)]

COUNT = 5_000 if os.environ.get("FEDI_REQUIRE") else 500
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ME = "https://fedi.test/users/alice"
CORPUS = Path(__file__).parents[1] / "data" / "jsontestsuite.jsonl"

NOTE: dict[str, Any] = {
    "type": "Note", "content": "<p>x</p>", "source": {"content": "x @bob@remote.test", "mediaType": "text/plain"}, "to": [PUBLIC],
    "cc": [f"{ME}/followers"], "bcc": ["https://remote.test/users/bob"], "summary": "cw", "sensitive": True,
    "tag": [{"type": "Mention", "href": "https://remote.test/users/bob"}, {"type": "Hashtag", "name": "#x"}],
    "attachment": [], "inReplyTo": "https://remote.test/users/bob/notes/1", "contentMap": {"en": "x"}, "id": "x",
}  # fmt: skip
DEEDS: list[dict[str, Any]] = [
    NOTE, {"type": "Create", "actor": ME, "object": NOTE, "to": [PUBLIC]},
    {"type": "Question", "content": "?", "oneOf": [{"type": "Note", "name": "a"}, {"type": "Note", "name": "b"}],
     "endTime": "2026-12-01T00:00:00Z", "to": [PUBLIC]},
    {"type": "Note", "name": "a", "inReplyTo": "https://remote.test/users/bob/notes/1"},
    {"type": "Update", "object": {"id": ME, "name": "x", "summary": "y", "icon": {"type": "Image", "url": "x"},
                                  "attachment": [{"type": "PropertyValue", "name": "a", "value": "b"}]}},
    {"type": "Update", "object": {**NOTE, "id": "POST"}},
    {"type": "Like", "object": "https://remote.test/users/bob/notes/1", "content": "🦊"},
    {"type": "Announce", "object": "https://remote.test/users/bob/notes/1", "to": [PUBLIC], "cc": []},
    {"type": "Follow", "object": "https://remote.test/users/bob"},
    {"type": "Undo", "object": {"type": "Follow", "object": "https://remote.test/users/bob", "id": "x"}},
    {"type": "Accept", "object": {"type": "Follow", "id": "https://remote.test/follows/1"}},
    {"type": "Add", "object": "POST", "target": f"{ME}/collections/featured"},
    {"type": "Remove", "object": {"type": "Hashtag", "name": "#x"}, "target": f"{ME}/collections/tags"},
    {"type": "Flag", "object": ["https://remote.test/users/bob"], "content": "x"},
]  # fmt: skip
"""Every deed that leaves the person able to go on."""

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=15,
)
WORDS = st.sampled_from([
    "type", "object", "actor", "to", "cc", "bto", "bcc", "content", "source", "tag", "attachment", "target", "name",
    "inReplyTo", "oneOf", "endTime", "summary", "id", "url", "@context", "contentMap", "published",
])  # fmt: skip
TYPES = st.sampled_from(
    ["Note", "Question", "Create", "Update", "Undo", "Add", "Flag", "Accept", "Like", "Article"]
)
DOCUMENTS = st.dictionaries(WORDS, ANYTHING, max_size=8).flatmap(
    lambda doc: TYPES.map(lambda kind: {**doc, "type": kind})
)


@pytest.fixture
async def client(server: Server, alice: Account, bob: RemoteActor) -> httpx.AsyncClient:
    """Alice's client."""
    bob.note()
    token = await token_for(server, alice, "read", "write")
    return http_client(
        server, authorization=f"Bearer {token}", **{"content-type": "application/activity+json"}
    )


async def test_deeds_with_wrong_members_are_done_or_refused(
    server: Server, client: httpx.AsyncClient, mistakes: list[str]
) -> None:
    chance = random.Random(20261126)
    where = (await client.post(f"{ME}/outbox", json={"type": "Note", "content": "x", "to": [PUBLIC]})).headers
    post = where["location"].removesuffix("/activity")
    for number in range(COUNT):
        doc = spoilt(DEEDS[number % len(DEEDS)], chance)
        body = json.dumps(doc).replace('"POST"', json.dumps(post))
        asked = len(server.network.requests)
        answer = await client.post(f"{ME}/outbox", content=body)
        assert answer.status_code < 500, body[:2000]
        assert answer.status_code == 201 or answer.json()["error"], body[:2000]
        assert len(server.network.requests) - asked <= 40
        if number % 100 == 99:
            await server.work()
    assert not mistakes, "\n\n".join({one.splitlines()[-1]: one for one in mistakes}.values())
    for path in (
        "/api/v1/timelines/home",
        "/users/alice/outbox?page=true",
        "/users/alice/inbox?page=true",
        ME,
        "/@alice",
    ):
        assert (await client.get(path, headers={"accept": "text/html"})).status_code in {200, 307}, path


async def test_no_line_of_the_json_test_suite_is_a_mistake_of_ours(client: httpx.AsyncClient) -> None:
    for line in CORPUS.read_text().splitlines():
        raw = base64.b64decode(json.loads(line)["b64"])
        for body in (raw, b'{"type":"Note","content":"x","to":' + raw + b"}"):
            answer = await client.post(f"{ME}/outbox", content=body)
            assert answer.status_code < 500, body[:200]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(doc=DOCUMENTS)
async def test_any_document_is_done_or_refused(client: httpx.AsyncClient, doc: dict[str, Any]) -> None:
    answer = await client.post(f"{ME}/outbox", content=json.dumps(doc).encode())
    assert answer.status_code < 500
