"""Threads as clients see them, and what opening one brings about."""

from typing import Any

import pytest
from sqlalchemy import event

from fedi.models import Post
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
    for _ in range(2):
        seen = await alice.http.get(path)
        assert seen.json()["descendants"] == []
        assert seen.headers["mastodon-async-refresh"] == f'id="{post.id}", retry=5'
    asked = f"/api/v1_alpha/async_refreshes/{post.id}"
    assert (await alice.http.get(asked)).json() == {
        "async_refresh": {"id": str(post.id), "status": "running", "result_count": None}
    }
    await server.work("default")
    assert (await alice.http.get(asked)).json()["async_refresh"]["status"] == "finished"
    seen = await alice.http.get(path)
    assert [status["uri"] for status in seen.json()["descendants"]] == [answer["id"]]
    assert "mastodon-async-refresh" not in seen.headers


async def test_only_threads_that_were_fetched_can_be_asked_about(
    server: Server, bob: RemoteActor, enter: Enter
) -> None:
    alice = await enter("alice")
    mine, theirs = await alice.post("hello"), await resolve.note(server.ctx, bob.note("root")["id"])
    context = await alice.http.get(f"/api/v1/statuses/{mine['id']}/context")
    assert "mastodon-async-refresh" not in context.headers
    for name in (mine["id"], theirs.id, "1", "x"):
        assert (await alice.http.get(f"/api/v1_alpha/async_refreshes/{name}")).status_code == 404


async def test_a_long_thread_costs_no_more_statements_than_a_short_one(server: Server, enter: Enter) -> None:
    alice = await enter("alice")
    root = await alice.post("hello")
    statements: list[str] = []
    engine = server.ctx.db._reader.sync_engine

    def note(*given: Any) -> None:
        statements.append(given[2])

    event.listen(engine, "before_cursor_execute", note)
    sizes = []
    for first, number in ((1, 3), (4, 97)):
        async with server.ctx.db.write() as tx:
            tx.add_all(answers(server, alice.account.id, int(root["id"]), range(first, first + number)))
        statements.clear()
        shown = (await alice.http.get(f"/api/v1/statuses/{root['id']}/context")).json()["descendants"]
        sizes.append((len(shown), len(statements)))
    event.remove(engine, "before_cursor_execute", note)
    (_, few), (_, many) = sizes
    assert [number for number, _ in sizes] == [3, 100]
    assert many <= few <= 8


def answers(server: Server, account_id: int, to: int, keys: range) -> list[Post]:
    now = server.clock()
    return [
        Post(
            id=to + key, account_id=account_id, visibility="public", iri=f"https://fedi.test/answers/{key}",
            local=True, emojis=[], content="<p>yes</p>", created_at=now, in_reply_to_id=to,
            in_reply_to_account_id=account_id,
        )
        for key in keys
    ]  # fmt: skip
