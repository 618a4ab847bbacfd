"""What is remembered ends by itself and never grows without end."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from fedi import memory
from fedi.memory import Guesses, InFlight, Remembered

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_an_entry_ends_with_its_time() -> None:
    memory: Remembered[str, int] = Remembered(10)
    memory.put("a", 1, now=NOW, ttl_s=60)
    assert memory.get("a", NOW + timedelta(seconds=59)) == 1
    assert memory.get("a", NOW + timedelta(seconds=60)) is None
    assert len(memory) == 0


def test_the_oldest_goes_when_it_is_full() -> None:
    memory: Remembered[int, int] = Remembered(3)
    for number in range(5):
        memory.put(number, number, now=NOW, ttl_s=60)
    assert [memory.get(number, NOW) for number in range(5)] == [None, None, 2, 3, 4]
    assert len(memory) == 3


def test_what_is_put_again_counts_as_new() -> None:
    memory: Remembered[int, int] = Remembered(2)
    for number in (1, 2, 1, 3):
        memory.put(number, number, now=NOW, ttl_s=60)
    assert memory.get(1, NOW) == 1
    assert memory.get(2, NOW) is None


def test_it_can_be_forgotten() -> None:
    memory: Remembered[int, int] = Remembered(2)
    memory.put(1, 1, now=NOW, ttl_s=60)
    memory.forget(1)
    assert memory.get(1, NOW) is None


@pytest.mark.anyio
async def test_those_who_want_the_same_wait_for_one_piece_of_work() -> None:
    made = 0

    async def make() -> int:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return made

    flight = InFlight()
    assert await asyncio.gather(*(flight.share("a", make) for _ in range(5))) == [1] * 5
    assert await flight.share("a", make) == 2


@pytest.mark.anyio
async def test_everyone_hears_of_a_failure() -> None:
    async def fail() -> int:
        raise ValueError("no")

    flight = InFlight()
    results = await asyncio.gather(flight.share("a", fail), flight.share("a", fail), return_exceptions=True)
    assert [str(result) for result in results] == ["no", "no"]


@pytest.mark.anyio
async def test_who_stops_waiting_does_not_stop_the_work() -> None:
    go = asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "made"

    flight = InFlight()
    first = asyncio.create_task(flight.share("a", make))
    second = asyncio.create_task(flight.share("a", make))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == "made"


@pytest.mark.anyio
async def test_who_comes_right_after_the_end_begins_anew() -> None:
    """The end of the work is told to those who wait before it is forgotten; one of them may ask again."""
    in_flight, made = InFlight(), 0

    async def make() -> int:
        nonlocal made
        made += 1
        return made

    async def ask_until_three() -> int:
        while await in_flight.share("it", make) < 3:
            pass
        return made

    async with asyncio.timeout(5):
        assert await ask_until_three() == 3


def test_guessing_begins_free_and_then_doubles_up_to_a_quarter_of_an_hour() -> None:
    guesses, now = Guesses(), NOW
    waited = []
    for _ in range(16):
        waited.append(guesses.wait_s("anna", free=5, now=now))
        now += timedelta(seconds=waited[-1])
        assert guesses.wait_s("anna", free=5, now=now) == 0
        guesses.failed("anna", now=now)
    assert waited == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]
    assert guesses.wait_s("ben", free=5, now=now) == 0


def test_an_hour_without_a_guess_or_a_right_one_begin_anew() -> None:
    guesses = Guesses()
    for who in ("anna", "ben"):
        for _ in range(20):
            guesses.failed(who, now=NOW)
    guesses.succeeded("ben")
    assert guesses.wait_s("ben", free=5, now=NOW) == 0
    assert guesses.wait_s("anna", free=5, now=NOW + timedelta(minutes=14)) > 0
    assert guesses.wait_s("anna", free=5, now=NOW + timedelta(minutes=60)) == 0
    guesses.failed("anna", now=NOW + timedelta(minutes=60))
    assert guesses.wait_s("anna", free=5, now=NOW + timedelta(minutes=60)) == 0


def test_many_who_guess_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "GUESSERS_MAX", 3)
    guesses = Guesses()
    for number in range(5):
        guesses.failed(str(number), now=NOW)
    assert [guesses.wait_s(str(number), free=1, now=NOW) > 0 for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
