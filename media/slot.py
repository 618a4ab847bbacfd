"""Room for one child process that is there when a job comes, whatever became of the last one.

A driver crash, an endless loop or a decoder bug must cost one job and never the server. So
the child is started when the first job comes, replaced after a crash, stopped when idle
(the only way to get a GPU's memory back for certain) and cancelled in three steps: asked,
SIGTERM, SIGKILL. It works on one job at a time, because pipelines are not thread-safe; jobs
that come meanwhile wait in order.

Source: huggingface/diffusers issues 3672 and 7851 (pipelines are not thread-safe).
"""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from media import wire
from media.engine import EngineInfo, OnStep
from media.errors import EngineError, MediaError, TimedOutError, error_of_kind
from media.process import ChildGoneError, ChildProcess

__all__ = ["ChildPlan", "ChildSlot", "Timeouts"]

_Result = TypeVar("_Result")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a child may be silent, in seconds.

    Attributes:
        load_s: from start to ready; a 30 GB folder on a slow disk takes minutes.
        first_step_s: from the job to its first finished step, with compilation and text encoding.
        step_s: from one step to the next, and from the last to the answer.
        whole_s: from the job to the answer.
        cancel_s: from asking a job to stop to its answer; one step of a slow processor.
        term_s: from SIGTERM to SIGKILL.
    """

    load_s: float = 600.0
    first_step_s: float = 300.0
    step_s: float = 120.0
    whole_s: float = 1800.0
    cancel_s: float = 10.0
    term_s: float = 2.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ChildPlan:
    """What kind of child a slot keeps.

    Attributes:
        arguments: command line of `media.child`.
        environment: of the child, all of it.
        timeouts: how long it may be silent.
        idle_s: seconds without a job after which it is stopped; None never stops it.
        jobs_max: jobs after which it is replaced; None never replaces it.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    timeouts: Timeouts
    idle_s: float | None
    jobs_max: int | None = None


class ChildSlot:
    """One child of a plan, or none at the moment. Belongs to one event loop."""

    def __init__(self, plan: ChildPlan) -> None:
        self._plan = plan
        self._turn = asyncio.Lock()
        self._child: ChildProcess | None = None
        self._jobs_of_child = 0
        self._last_job_id = 0
        self._idle_timer: asyncio.TimerHandle | None = None
        # work on the child that goes on when the caller is cancelled; the next job waits for it
        self._starting: asyncio.Task[ChildProcess] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._unloading: asyncio.Task[None] | None = None
        self._closed = False
        self.info: EngineInfo | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        return self._child.pid if self._child and self._child.alive else None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    async def warm(self) -> EngineInfo:
        """Have a child ready, and say what it loaded.

        Raises:
            EngineError: it could not load.
        """
        async with self._turn:
            await self._ready_child()
            self._rest()
        assert self.info is not None
        return self.info

    async def run(
        self, header: dict[str, Any], body: bytes, on_step: OnStep, read: Callable[[wire.Frame], _Result]
    ) -> _Result:
        """Do one job. Cancelling the caller stops it in the child as well.

        Args:
            header: what to do, without an id.
            body: bytes that belong to it.
            on_step: called in the event loop; if it raises, the job is stopped.
            read: turns the answer into the result; its `EngineError` means that the child is broken.

        Raises:
            MediaError: what the child said.
            EngineError: it died, or answered nonsense.
            TimedOutError: it was silent for too long, and has been stopped.
        """
        async with self._turn:
            child = await self._ready_child()
            self._last_job_id += 1
            self._jobs_of_child += 1
            job_id = self._last_job_id
            try:
                await child.send({**header, "id": job_id}, body)
                frame = await self._answer(child, job_id, on_step)
            except ChildGoneError as gone:
                raise EngineError(detail=str(gone)) from gone
            except wire.BrokenFrameError as nonsense:
                self._settling = asyncio.create_task(child.stop(0))
                raise EngineError(detail=str(nonsense)) from nonsense
            except _SilentError as silence:
                self._settling = asyncio.create_task(child.stop(0))
                raise TimedOutError(detail=str(silence)) from silence
            except BaseException:
                # the caller was cancelled, or its on_step raised: the child now draws for nobody
                self._settling = asyncio.create_task(self._interrupt(child, job_id))
                raise
            finally:
                self._rest()
            if frame.header["event"] == "failed":
                raise _error_in(frame)
            try:
                return read(frame)
            except EngineError:
                self._settling = asyncio.create_task(child.stop(0))
                raise

    async def close(self) -> None:
        """Stop the child. A running job then fails, and no other is taken."""
        self._closed = True
        if self._idle_timer:
            self._idle_timer.cancel()
        if self._child:
            await self._child.stop(self._plan.timeouts.term_s)
        for task in (self._starting, self._settling, self._unloading):
            if task:
                await asyncio.wait((task,))

    def _require_open(self) -> None:
        """Refuse to begin anything after `close`."""
        if self._closed:
            raise EngineError("The server is shutting down.")

    async def _ready_child(self) -> ChildProcess:
        """Return a child that has loaded, starting one where needed."""
        self._require_open()
        if self._settling:
            await asyncio.shield(self._settling)
            self._settling = None
        used_up = self._plan.jobs_max is not None and self._jobs_of_child >= self._plan.jobs_max
        if self._starting is None and (self._child is None or not self._child.alive or used_up):
            self._starting = asyncio.create_task(self._start())
        if self._starting:
            # shielded: a model that is half loaded for someone who gave up serves whoever comes next
            starting = self._starting
            try:
                await asyncio.shield(starting)
            finally:
                if starting.done():
                    self._starting = None
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None
        assert self._child is not None
        return self._child

    async def _start(self) -> ChildProcess:
        """Start a child in place of the last one, and wait until it has loaded."""
        if self._child:
            await self._child.stop(self._plan.timeouts.term_s)
        self._jobs_of_child = 0
        try:
            child = self._child = await ChildProcess.start(
                "media.child", self._plan.arguments, environment=self._plan.environment
            )
        except OSError as error:
            raise EngineError("The drawing process could not be started.", detail=repr(error)) from error
        try:
            self.info = await self._loaded(child)
        except BaseException:
            await child.stop(0)
            raise
        self._rest()
        return child

    async def _loaded(self, child: ChildProcess) -> EngineInfo:
        """Wait for `ready`."""
        self._require_open()
        try:
            async with asyncio.timeout(self._plan.timeouts.load_s):
                frame = await child.receive()
        except TimeoutError:
            raise TimedOutError("The image model took too long to load.") from None
        except ChildGoneError as gone:
            raise EngineError("The drawing process could not be started.", detail=str(gone)) from gone
        if frame.header.get("event") == "failed":
            raise _error_in(frame)
        info = frame.header.get("info")
        if frame.header.get("event") != "ready" or not isinstance(info, dict):
            raise EngineError(detail=f"expected ready, got {str(frame.header)[:200]}")
        return EngineInfo.from_json(info)

    async def _answer(self, child: ChildProcess, job_id: int, on_step: OnStep) -> wire.Frame:
        """Pass steps on until the job is done or failed, within the time limits."""
        timeouts = self._plan.timeouts
        clock = asyncio.get_running_loop().time
        ends_at = clock() + timeouts.whole_s
        patience_s = timeouts.first_step_s
        while True:
            try:
                async with asyncio.timeout_at(min(ends_at, clock() + patience_s)):
                    frame = await child.receive()
            except TimeoutError:
                limit = "whole" if clock() >= ends_at else "step"
                raise _SilentError(f"{limit} time limit, {patience_s:g} s for a step") from None
            event = frame.header.get("event")
            if event not in ("step", "done", "failed") or frame.header.get("id") != job_id:
                raise wire.BrokenFrameError(f"unexpected {str(frame.header)[:200]}")
            if event != "step":
                return frame
            done, steps = frame.header.get("done"), frame.header.get("steps")
            if type(done) is not int or type(steps) is not int:
                raise wire.BrokenFrameError("a step without numbers")
            if done:
                patience_s = timeouts.step_s
            on_step(done, steps)

    async def _interrupt(self, child: ChildProcess, job_id: int) -> None:
        """Ask the job to stop and wait for its end; a child that does not listen is ended."""
        try:
            async with asyncio.timeout(self._plan.timeouts.cancel_s):
                await child.send({"do": "cancel", "id": job_id})
                while (await child.receive()).header.get("event") == "step":
                    pass
        except (TimeoutError, ChildGoneError):
            await child.stop(self._plan.timeouts.term_s)

    def _rest(self) -> None:
        """Start the time after which an idle child is stopped."""
        if self._idle_timer:
            self._idle_timer.cancel()
        if self._plan.idle_s is not None and not self._closed:
            self._idle_timer = asyncio.get_running_loop().call_later(self._plan.idle_s, self._idle)

    def _idle(self) -> None:
        """Begin to stop the child: nobody wanted it for long."""
        self._idle_timer = None
        self._unloading = asyncio.create_task(self._unload())

    async def _unload(self) -> None:
        """Stop the child, unless a job came in between."""
        async with self._turn:
            if self._idle_timer is None and self._child:
                await self._child.stop(self._plan.timeouts.term_s)
                self._child = None


class _SilentError(Exception):
    """A time limit of a job passed."""


def _error_in(frame: wire.Frame) -> MediaError:
    """Build the error that a `failed` frame describes."""
    kind, message, detail = (str(frame.header.get(name, "")) for name in ("kind", "message", "detail"))
    return error_of_kind(kind, message, detail=detail)
