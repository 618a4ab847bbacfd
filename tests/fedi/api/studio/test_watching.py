"""One picture, watched until it is done: nothing is missed, and nobody watches longer than they may."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from fedi.api.studio import watching
from fedi.api.studio.watching import _Watch
from fedi.services import authorizing, drawing
from tests.fedi.api.conftest import Enter
from tests.fedi.api.studio.test_generations import PATH, order
from tests.fedi.services.studio import Easel, equip

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def easel(server: "Server") -> Easel:
    made = Easel()
    equip(server, engine=made)
    return made


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Read a stream."""
    blocks = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def test_a_stream_tells_each_state_and_ends_with_the_picture(
    server: "Server", enter: Enter, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_S", 60.0)
    anna = await enter("anna")
    made = await order(anna)
    begun = asyncio.Event()
    look = _Watch._look

    async def looked(self: _Watch) -> tuple[str, bool]:
        found = await look(self)
        begun.set()
        return found

    async def drawn() -> None:
        # Each change is seen before the next, or two would be told as one.
        begun.clear()
        await begun.wait()

    monkeypatch.setattr(_Watch, "_look", looked)
    easel.meanwhile = drawn
    watched = asyncio.ensure_future(anna.http.get(f"{PATH}/{made['id']}/events"))
    await begun.wait()
    async with asyncio.timeout(10):
        await server.work("gpu")
        answer = await watched
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert [name for name, _ in told] == ["queued", "running", "done"]
    assert told[0][1] == {
        "id": made["id"], "state": "queued", "step": 0, "steps": 0, "error": None, "position": 0,
        "media_id": made["media_id"], "status_id": None,
    }  # fmt: skip
    assert (told[-1][1]["step"], told[-1][1]["position"]) == (4, None)
    assert len(server.app.state.exchange) == 0


async def test_what_is_over_is_told_once(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    made = await order(anna)
    await anna.http.post(f"{PATH}/{made['id']}/cancel")
    assert [name for name, _ in events((await anna.http.get(f"{PATH}/{made['id']}/events")).text)] == [
        "cancelled"
    ]


async def test_a_revoked_token_ends_the_stream(
    server: "Server", enter: Enter, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await enter("anna")
    made = await order(anna)
    begun, wait = asyncio.Event(), _Watch._wait

    async def waited(self: _Watch, gone: Any) -> bool:
        begun.set()
        return await wait(self, gone)

    monkeypatch.setattr(_Watch, "_wait", waited)
    watched = asyncio.ensure_future(anna.http.get(f"{PATH}/{made['id']}/events"))
    async with asyncio.timeout(10):
        await begun.wait()
        async with server.ctx.db.write() as tx:
            granted = await authorizing.find_granted(tx, anna.token)
            assert granted is not None
            await authorizing.revoke(server.ctx, tx, app=granted.app, token=anna.token)
        await server.app.state.exchange.check_tokens()
        answer = await watched
    assert [name for name, _ in events(answer.text)] == ["queued"]


async def test_steps_are_written_down_while_it_is_drawn(
    server: "Server", enter: Enter, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LOOK_S", 0.001)
    anna = await enter("anna")
    made = await order(anna)
    seen: list[dict[str, Any]] = []

    class Slow(Easel):
        async def draw(self, *args: Any, on_step: Any, **more: Any) -> Any:
            on_step(3, 12)
            async with asyncio.timeout(10):
                while not seen or seen[-1]["step"] != 3:
                    seen.append((await anna.http.get(f"{PATH}/{made['id']}")).json())
            return await super().draw(*args, on_step=on_step, **more)

    equip(server, engine=Slow())
    await server.work("gpu")
    assert (seen[-1]["state"], seen[-1]["steps"]) == ("running", 12)
