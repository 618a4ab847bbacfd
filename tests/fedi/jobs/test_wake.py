"""Waking within a process: sooner, never instead."""

import asyncio

import pytest

from fedi.jobs.wake import Wake

pytestmark = pytest.mark.anyio

LONG_S = 60.0


async def woken(wake: Wake, queue: str) -> bool:
    """Tell whether a wait ends by itself at once, without its time having passed."""
    async with asyncio.timeout(5):
        before = asyncio.get_running_loop().time()
        await wake.wait(queue, 0.02)
        return asyncio.get_running_loop().time() - before < 0.015


async def test_a_wait_ends_after_its_time(wake: Wake) -> None:
    assert not await woken(wake, "q")


async def test_a_wake_up_that_came_before_the_wait_counts_once(wake: Wake) -> None:
    wake.set(["q"])
    wake.set(["q"])
    assert await woken(wake, "q")
    assert not await woken(wake, "q")


async def test_a_wake_up_ends_a_wait(wake: Wake) -> None:
    waiting = asyncio.create_task(wake.wait("q", LONG_S))
    await asyncio.sleep(0)
    wake.set({"q"})
    async with asyncio.timeout(5):
        await waiting


async def test_everyone_who_waits_for_a_queue_is_woken(wake: Wake) -> None:
    waiting = [asyncio.create_task(wake.wait("q", LONG_S)) for _ in range(3)]
    await asyncio.sleep(0)
    wake.set(["q"])
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)


async def test_another_queue_sleeps_on(wake: Wake) -> None:
    wake.set(["other"])
    assert not await woken(wake, "q")
    assert await woken(wake, "other")


async def test_a_wake_up_in_the_moment_that_a_wait_ends_is_not_lost(wake: Wake) -> None:
    await wake.wait("q", 0)
    wake.set(["q"])
    assert await woken(wake, "q")


@pytest.fixture
def wake() -> Wake:
    return Wake()
