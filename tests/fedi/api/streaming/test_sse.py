"""Server-Sent Events."""

from typing import TYPE_CHECKING

import pytest

from fedi.api.streaming import sse
from fedi.bus.events import EventKind, publish
from tests.fedi.api.listening import Events, RefusalError

if TYPE_CHECKING:
    from tests.fedi.api.conftest import Enter
    from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("user", {}),
        ("user/", {}),
        ("public", {}),
        ("public/local", {}),
        ("hashtag", {"tag": "cats"}),
        ("hashtag/local", {"tag": "cats"}),
    ],
)
async def test_each_stream_has_a_path(
    server: "Server", enter: "Enter", path: str, query: dict[str, str]
) -> None:
    alice = await enter("alice")
    events = await Events.open(server, path, alice.token, **query)
    post = await alice.post("look #cats")
    [told] = await events.heard("update")
    assert told["id"] == post["id"]
    await events.close()
    assert len(server.app.state.exchange) == 0


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("user/notification", {}),
        ("public/remote", {}),
        ("public/media", {}),
        ("public", {"only_media": "true"}),
        ("public/local/media", {}),
        ("direct", {}),
    ],
)
async def test_a_narrower_stream_has_less(
    server: "Server", enter: "Enter", path: str, query: dict[str, str]
) -> None:
    alice = await enter("alice")
    events = await Events.open(server, path, alice.token, **query)
    await alice.post("plain")
    assert await events._connection.quiet()


@pytest.mark.parametrize("path", ["nonsense", "", "user/nonsense", "hashtag", "list"])
async def test_a_stream_that_does_not_exist_is_refused(server: "Server", enter: "Enter", path: str) -> None:
    alice = await enter("alice")
    with pytest.raises(RefusalError) as refused:
        await Events.open(server, path, alice.token)
    assert refused.value.status == 400


async def test_a_silent_stream_shows_that_it_lives(
    server: "Server", enter: "Enter", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "THUMP_S", 0.01)
    alice = await enter("alice")
    events = await Events.open(server, "user", alice.token)
    assert [await events.text() for _ in range(2)] == [":thump\n"] * 2


async def test_an_event_without_a_payload_is_one_to_a_browser(server: "Server", enter: "Enter") -> None:
    alice = await enter("alice")
    events = await Events.open(server, "user", alice.token)
    async with server.ctx.db.write() as tx:
        await publish(tx, EventKind.FILTERS_CHANGED, now=server.clock(), account_id=alice.account.id)
    assert await events.heard("filters_changed") == ["undefined"]


async def test_health_is_plain(server: "Server") -> None:
    answer = await server.client.get("/api/v1/streaming/health")
    assert (answer.status_code, answer.text) == (200, "OK")
