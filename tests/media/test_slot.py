import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable

import pytest

from media.engine import Picture
from media.errors import (
    EngineError,
    GenerationFailedError,
    ModelMissingError,
    OutOfMemoryError,
    TimedOutError,
)
from media.host import PAINTED, EngineHost, Timeouts
from media.process import ChildProcess
from media.request import ImageRequest
from media.slot import ChildPlan, ChildSlot

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design

MakeHost = Callable[..., EngineHost]


@pytest.fixture
async def make_host(fakes_environment: dict[str, str]) -> AsyncIterator[MakeHost]:
    """Make hosts of fake engines, closed after the test."""
    made: list[EngineHost] = []

    def make(engine: str = "fake_engines:load", **options) -> EngineHost:
        host = EngineHost(folder=None, engine=engine, environment=fakes_environment, **options)
        made.append(host)
        return host

    yield make
    for host in made:
        await host.close()


def request(prompt: str) -> ImageRequest:
    return ImageRequest(prompt=prompt, seed=1)


async def started(host: EngineHost, prompt: str) -> "asyncio.Task[Picture]":
    """Begin a job and come back when its first step is done."""
    stepped = asyncio.Event()

    def on_step(done: int, _steps: int) -> None:
        if done:
            stepped.set()

    task = asyncio.create_task(host.generate(request(prompt), on_step))
    waiting = asyncio.create_task(stepped.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something that has no event of its own has come about."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (starts and ends of processes give no event here)
            await asyncio.sleep(0.005)


async def test_child_starts_with_the_first_job_and_stays_for_the_next(make_host: MakeHost) -> None:
    host = make_host()
    assert host.pid is None
    await host.generate(request("quick"))
    pid = host.pid
    await host.generate(request("quick"))
    assert pid is not None
    assert host.pid == pid


async def test_steps_are_reported_in_order(make_host: MakeHost) -> None:
    steps: list[tuple[int, int]] = []
    await make_host().generate(request("quick"), lambda done, of: steps.append((done, of)))
    assert steps == [(0, 3), (1, 3)]


async def test_killed_child_is_noticed_at_once_and_replaced(make_host: MakeHost) -> None:
    host = make_host()
    task = await started(host, "patient")
    killed = host.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    before_s = time.monotonic()
    with pytest.raises(EngineError) as error:
        await task
    assert time.monotonic() - before_s < 1
    assert "SIGKILL" in error.value.detail
    assert "stopped unexpectedly" in error.value.message
    assert (await host.generate(request("quick"))).model == "fake"
    assert host.pid != killed


async def test_child_that_exits_reports_status_and_last_words(make_host: MakeHost) -> None:
    host = make_host()
    with pytest.raises(EngineError) as error:
        await host.generate(request("die"))
    assert "status 3" in error.value.detail
    assert "last words" in error.value.detail
    assert (await host.generate(request("quick"))).seed == 1


async def test_child_killed_between_jobs_is_replaced(make_host: MakeHost) -> None:
    host = make_host()
    await host.generate(request("quick"))
    first = host.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    # the death may be noticed before or while the next job is sent; that job may fail, the one after not
    for _ in range(2):
        try:
            await host.generate(request("quick"))
        except EngineError:
            continue
        break
    assert host.pid not in (None, first)


async def test_cancelling_the_caller_stops_the_job_and_keeps_the_child(make_host: MakeHost) -> None:
    host = make_host()
    task = await started(host, "patient")
    pid = host.pid
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await host.generate(request("quick"))
    assert host.pid == pid


@pytest.mark.parametrize("behaviour", ["deaf", "stubborn"])
async def test_child_that_ignores_cancelling_is_ended(make_host: MakeHost, behaviour: str) -> None:
    host = make_host(timeouts=Timeouts(cancel_s=0.05, term_s=0.1))
    task = await started(host, behaviour)
    pid = host.pid
    assert pid is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await host.generate(request("quick"))
    assert host.pid != pid
    assert not is_running(pid)


async def test_on_step_that_raises_stops_the_job(make_host: MakeHost) -> None:
    host = make_host()

    def on_step(_done: int, _steps: int) -> None:
        raise EngineError("watcher failed")

    with pytest.raises(EngineError, match="watcher failed"):
        await host.generate(request("patient"), on_step)
    assert (await host.generate(request("quick"))).model == "fake"


@pytest.mark.parametrize(
    ("behaviour", "timeouts"),
    [
        ("deaf", Timeouts(step_s=0.1)),
        ("stubborn", Timeouts(step_s=0.1)),
        ("endless", Timeouts(whole_s=0.2)),
    ],
)
async def test_silent_or_endless_job_is_stopped_by_its_time_limit(
    make_host: MakeHost, behaviour: str, timeouts: Timeouts
) -> None:
    host = make_host(timeouts=timeouts)
    await host.warm()
    pid = host.pid
    assert pid is not None
    with pytest.raises(TimedOutError):
        await host.generate(request(behaviour))
    await host.generate(request("quick"))
    assert host.pid != pid
    assert not is_running(pid)


async def test_first_step_has_a_limit_of_its_own(make_host: MakeHost) -> None:
    host = make_host(timeouts=Timeouts(first_step_s=0.0, step_s=60))
    with pytest.raises(TimedOutError, match="took too long"):
        await host.generate(request("quick"))


async def test_jobs_wait_for_their_turn(make_host: MakeHost) -> None:
    host = make_host()
    order: list[str] = []

    async def draw(name: str) -> None:
        await host.generate(request("quick"), lambda done, _: order.append(f"{name}{done}"))

    await asyncio.gather(draw("a"), draw("b"))
    assert order == ["a0", "a1", "b0", "b1"]


async def test_errors_of_the_engine_arrive_with_their_reason(make_host: MakeHost) -> None:
    host = make_host()
    with pytest.raises(GenerationFailedError) as failed:
        await host.generate(request("raises"))
    assert "ZeroDivisionError" in failed.value.detail
    assert "ZeroDivisionError" not in failed.value.message
    pid = host.pid
    with pytest.raises(OutOfMemoryError):
        await host.generate(request("memory"))
    assert host.pid == pid


@pytest.fixture
def make_strange(
    monkeypatch: pytest.MonkeyPatch, fakes_environment: dict[str, str]
) -> Callable[[str], ChildSlot]:
    """Make slots whose children are `fake_child.py`."""
    start = ChildProcess.start

    async def start_fake(
        _module: str, arguments: tuple[str, ...], *, environment: dict[str, str]
    ) -> ChildProcess:
        return await start("fake_child", arguments, environment=environment)

    monkeypatch.setattr(ChildProcess, "start", start_fake)

    def make(behaviour: str) -> ChildSlot:
        plan = ChildPlan(
            arguments=(behaviour,), environment=fakes_environment, timeouts=Timeouts(), idle_s=None
        )
        return ChildSlot(plan)

    return make


@pytest.mark.parametrize("behaviour", ["other_id", "no_id", "other_event", "no_event"])
async def test_answer_outside_the_protocol_ends_the_child(
    make_strange: Callable[[str], ChildSlot], behaviour: str
) -> None:
    slot = make_strange(behaviour)
    with pytest.raises(EngineError) as error:
        await slot.run({"do": "draw"}, b"", lambda *_: None, lambda frame: frame)
    assert "unexpected" in error.value.detail
    await until(lambda: slot.pid is None)
    await slot.close()


async def test_child_that_does_not_say_ready_is_ended(make_strange: Callable[[str], ChildSlot]) -> None:
    slot = make_strange("not_ready")
    with pytest.raises(EngineError) as error:
        await slot.warm()
    assert "expected ready" in error.value.detail
    assert slot.pid is None
    await slot.close()


async def test_step_without_numbers_ends_the_child(make_host: MakeHost) -> None:
    host = make_host()
    await host.warm()
    pid = host.pid
    with pytest.raises(EngineError) as error:
        await host.generate(request("confuses"))
    assert "a step without numbers" in error.value.detail
    await host.generate(request("quick"))
    assert host.pid != pid


async def test_output_of_libraries_does_not_disturb_the_pipe(make_host: MakeHost) -> None:
    assert (await make_host().generate(request("prints"))).model == "fake"


async def test_settings_of_the_server_stay_out_of_the_engine(
    make_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDI_DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(GenerationFailedError) as error:
        await make_host().generate(request("environment"))
    assert "CUDA_VISIBLE_DEVICES" in error.value.detail
    assert "OMP_WAIT_POLICY" in error.value.detail
    assert "FEDI_" not in error.value.detail


async def test_loading_errors_arrive_and_the_next_try_is_a_fresh_one(make_host: MakeHost) -> None:
    host = make_host("fake_engines:load_missing")
    for _ in range(2):
        with pytest.raises(ModelMissingError) as error:
            await host.warm()
        assert error.value.detail == "no None"
        assert host.pid is None


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("load_broken", "ZeroDivisionError"),
        ("load_nameless", "EngineInfo.model"),
        ("load_dies", "status 4"),
        ("no_such_factory", "no_such_factory"),
    ],
)
async def test_child_that_cannot_load_says_so(make_host: MakeHost, factory: str, said: str) -> None:
    host = make_host(f"fake_engines:{factory}")
    with pytest.raises(EngineError) as error:
        await host.warm()
    assert said in error.value.detail
    assert host.pid is None


async def test_child_that_speaks_garbage_is_ended(make_host: MakeHost) -> None:
    with pytest.raises(EngineError) as error:
        await make_host("fake_engines:load_garbage").warm()
    assert "not a message" in error.value.detail


async def test_loading_has_a_time_limit(make_host: MakeHost) -> None:
    host = make_host("fake_engines:load_hangs", timeouts=Timeouts(load_s=0.1))
    with pytest.raises(TimedOutError, match="too long to load"):
        await host.warm()
    assert host.pid is None


async def test_loading_goes_on_for_the_next_when_the_first_gives_up(make_host: MakeHost) -> None:
    host = make_host()
    first = asyncio.create_task(host.warm())
    await until(lambda: host.pid is not None)
    pid = host.pid
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await host.warm()).model == "fake"
    assert host.pid == pid


async def test_idle_child_is_stopped_and_comes_back(make_host: MakeHost) -> None:
    host = make_host(idle_s=0.05)
    await host.generate(request("quick"))
    await until(lambda: host.pid is None)
    assert (await host.generate(request("quick"))).model == "fake"


async def test_child_without_idle_limit_stays(make_host: MakeHost) -> None:
    host = make_host(idle_s=None)
    await host.generate(request("quick"))
    assert host._slot._idle_timer is None


async def test_job_that_comes_before_the_unloading_keeps_the_child(make_host: MakeHost) -> None:
    host = make_host(idle_s=60)
    await host.generate(request("quick"))
    pid = host.pid
    task = asyncio.create_task(host.generate(request("quick")))
    await asyncio.sleep(0)
    host._slot._idle()  # as if the time had passed just as the job began
    await task
    assert host._slot._unloading is not None
    await host._slot._unloading
    assert host.pid == pid


async def test_closing_fails_the_running_job_and_refuses_others(make_host: MakeHost) -> None:
    host = make_host()
    task = await started(host, "patient")
    pid = host.pid
    assert pid is not None
    await host.close()
    with pytest.raises(EngineError):
        await task
    assert not is_running(pid)
    with pytest.raises(EngineError, match="shutting down"):
        await host.generate(request("quick"))


async def test_closing_while_loading_ends_the_child(make_host: MakeHost) -> None:
    host = make_host("fake_engines:load_hangs")
    task = asyncio.create_task(host.warm())
    await until(lambda: host.pid is not None)
    await host.close()
    with pytest.raises(EngineError):
        await task
    assert host.pid is None


async def test_closing_a_host_that_never_worked_is_nothing() -> None:
    async with EngineHost(folder=None, engine=PAINTED) as host:
        assert host.info is None
