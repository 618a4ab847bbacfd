"""Threads as clients see them, and what opening one brings about."""

import pytest

from fedi.outbound import resolve
from tests.fedi.api.conftest import Enter
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_opening_a_thread_with_a_client_has_it_read(
    server: Server, bob: RemoteActor, enter: Enter
) -> None:
    alice = await enter("alice")
    root = bob.note("root", replies=f"{bob.iri}/r")
    answer = bob.note("answer", inReplyTo=root["id"])
    bob.home.serve(root["replies"], {"id": root["replies"], "type": "Collection", "items": [answer["id"]]})
    post = await resolve.note(server.ctx, root["id"])
    path = f"/api/v1/statuses/{post.id}/context"
    # A stranger causes nothing,
    assert (await server.client.get(path)).json()["descendants"] == []
    assert await server.work("default") == 0
    # somebody from here does.
    assert (await alice.http.get(path)).json()["descendants"] == []
    await server.work("default")
    found = (await alice.http.get(path)).json()["descendants"]
    assert [status["uri"] for status in found] == [answer["id"]]
