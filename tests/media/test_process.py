import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from media.process import FRAMES_AHEAD_MAX, STDERR_TAIL_BYTES, ChildGoneError, ChildProcess
from media.wire import BODY_BYTES_MAX, Frame

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design

Start = Callable[[str], Awaitable[ChildProcess]]


@pytest.fixture
async def start(fakes_environment: dict[str, str]) -> AsyncIterator[Start]:
    """Start children that behave as told, stopped after the test."""
    started: list[ChildProcess] = []

    async def begin(behaviour: str) -> ChildProcess:
        child = await ChildProcess.start("fake_child", [behaviour], environment=fakes_environment)
        started.append(child)
        return child

    yield begin
    for child in started:
        await child.stop(0)


async def read_on(child: ChildProcess) -> None:
    while True:
        await child.receive()


async def gone(child: ChildProcess) -> ChildGoneError:
    """Read until the child is gone."""
    with pytest.raises(ChildGoneError) as error:
        await read_on(child)
    return error.value


async def test_frames_go_back_and_forth(start: Start) -> None:
    child = await start("echo")
    for number in range(3):
        await child.send({"number": number}, b"x" * 100_000)
        assert await child.receive() == Frame({"number": number})
    assert child.alive


async def test_stopped_child_is_gone_for_good(start: Start) -> None:
    child = await start("echo")
    await child.stop(1)
    assert not child.alive
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)
    with pytest.raises(ChildGoneError):
        await child.send({})
    with pytest.raises(ChildGoneError):
        await child.receive()
    await child.stop(1)


async def test_child_that_dies_while_a_large_frame_is_sent_is_gone(start: Start) -> None:
    child = await start("grandchild")
    with pytest.raises(ChildGoneError):
        await child.send({}, bytes(BODY_BYTES_MAX))


async def test_flood_waits_and_is_not_lost(start: Start) -> None:
    child = await start("flood")
    numbers = [(await child.receive()).header["number"] for _ in range(500)]
    assert numbers == list(range(500))


async def test_child_is_stopped_although_nobody_reads_its_flood(start: Start) -> None:
    child = await start("flood")
    await child.receive()
    assert child._frames.maxsize == FRAMES_AHEAD_MAX
    await child.stop(1)
    assert not child.alive


async def test_garbage_ends_the_child(start: Start) -> None:
    error = await gone(await start("garbage"))
    assert error.status is None
    assert "not a message" in str(error)


async def test_last_words_are_kept_up_to_a_bound(start: Start) -> None:
    error = await gone(await start("talk"))
    assert error.status == 3
    assert error.stderr_tail.endswith("the end")
    assert len(error.stderr_tail) <= STDERR_TAIL_BYTES


async def test_end_is_noticed_although_a_grandchild_holds_the_pipes_and_takes_it_along(start: Start) -> None:
    child = await start("grandchild")
    grandchild = (await child.receive()).header["grandchild"]
    os.kill(grandchild, 0)
    assert (await gone(child)).status == 4
    async with asyncio.timeout(10):
        while state_of(grandchild) not in ("", "Z"):  # noqa: ASYNC110 (its end gives no event here)
            await asyncio.sleep(0.005)


def state_of(pid: int) -> str:
    """The letter that Linux gives a process: Z is dead and not yet reaped; empty, not there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize(
    ("status", "said"),
    [(3, "status 3"), (-signal.SIGSEGV, "SIGSEGV"), (-200, "signal 200"), (None, "not a message")],
)
def test_manner_of_death_is_said(status: int | None, said: str) -> None:
    error = ChildGoneError(status, "")
    assert said in error.how
    assert str(error).endswith("last output: none")
