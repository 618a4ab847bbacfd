"""One child process, seen from the server: start it, talk to it, and know at once when it dies.

Nothing here knows what the child does. Started by executing a fresh interpreter and never
by forking: a fork would copy the server's sockets, locks and threads into a process that
is meant to be killed. It gets a session of its own, so that Ctrl-C in a terminal reaches
the server only, which then stops its children in order.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from media import wire

__all__ = ["ChildGoneError", "ChildProcess"]

# bytes of the child's standard error kept for the report on its death
STDERR_TAIL_BYTES = 8 * 1024
# frames read ahead of whoever waits for them; a flood then blocks the child, not the server
FRAMES_AHEAD_MAX = 64
# bytes of a pipe read ahead; asyncio's own default
_STREAM_BYTES = 64 * 1024
# seconds for the rest of the pipe after the process is gone; a grandchild may hold it open
DRAIN_S = 0.25

_PACKAGE_PARENT: Final = str(Path(__file__).resolve().parent.parent)


class ChildGoneError(Exception):
    """The process has ended, or sent something that is not a frame.

    Args:
        status: exit status, negative for a signal; None when it was the pipe that broke.
        stderr_tail: the last that it printed.
    """

    def __init__(self, status: int | None, stderr_tail: str) -> None:
        self.status = status
        self.stderr_tail = stderr_tail
        super().__init__(f"{self.how}; last output: {stderr_tail or 'none'}")

    @property
    def how(self) -> str:
        """How it ended, for the log."""
        if self.status is None:
            return "sent something that is not a message"
        if self.status >= 0:
            return f"ended with status {self.status}"
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-self.status).name}"
        return f"killed by signal {-self.status}"


class _Protocol(asyncio.subprocess.SubprocessStreamProtocol):
    """asyncio's own protocol, which also says when the process has ended.

    Before Python 3.13, `Process.wait` waits for the pipes as well, and a grandchild can hold
    those open for ever.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=_STREAM_BYTES, loop=loop)
        self.exited: asyncio.Future[None] = loop.create_future()

    def process_exited(self) -> None:
        """Take the event loop's word for it."""
        super().process_exited()
        self.exited.set_result(None)


class ChildProcess:
    """A running child. Make one with `start`; always `stop` it."""

    def __init__(self, transport: asyncio.SubprocessTransport, protocol: _Protocol) -> None:
        self._transport = transport
        self._exited = protocol.exited
        self._process = asyncio.subprocess.Process(transport, protocol, asyncio.get_running_loop())
        self._frames: asyncio.Queue[wire.Frame | None] = asyncio.Queue(FRAMES_AHEAD_MAX)
        self._gone = False
        self._broken = False
        self._tail = bytearray()
        self._errors = asyncio.create_task(self._collect_errors())
        self._pump = asyncio.create_task(self._read_frames())
        self._watch = asyncio.create_task(self._wait_for_end())

    @classmethod
    async def start(cls, module: str, arguments: Sequence[str], *, environment: Mapping[str, str]) -> Self:
        """Execute `python -m module arguments`.

        Args:
            module: that is run.
            arguments: for it; `--parent` is added.
            environment: all of it, except that this package is put on the path.
        """
        # -P: the working directory, which may be a folder of data, is no place to import from
        command = [sys.executable, "-P", "-m", module, "--parent", str(os.getpid()), *arguments]
        path = os.pathsep.join(filter(None, (_PACKAGE_PARENT, environment.get("PYTHONPATH", ""))))
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: _Protocol(loop),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environment, "PYTHONPATH": path},
            start_new_session=True,
        )
        return cls(transport, protocol)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still be talked to."""
        return not self._gone

    async def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame.

        Raises:
            ChildGoneError: it has ended.
        """
        stdin = self._process.stdin
        assert stdin is not None
        if self._gone:
            raise self._gone_error()
        try:
            stdin.write(wire.pack(header, body))
            await stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            # RuntimeError: uvloop's word for a transport that is closing
            await self._watch
            raise self._gone_error() from error

    async def receive(self) -> wire.Frame:
        """Wait for a frame.

        Raises:
            ChildGoneError: it has ended.
        """
        frame = None if self._gone and self._frames.empty() else await self._frames.get()
        if frame is None:
            raise self._gone_error()
        return frame

    async def stop(self, term_s: float) -> None:
        """End the process: close its pipe and ask by SIGTERM; after `term_s` seconds, kill it."""
        self._hang_up()
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(term_s):
                await asyncio.shield(self._watch)
        self._signal(signal.SIGKILL)
        await self._watch

    def _hang_up(self) -> None:
        """Close the pipe to the process, without what it has not read yet: it may never do so."""
        assert self._process.stdin is not None
        if not self._process.stdin.is_closing():
            self._process.stdin.transport.abort()

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal unless the process is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _gone_error(self) -> ChildGoneError:
        status = None if self._broken else self._process.returncode
        return ChildGoneError(status, self._tail.decode("utf-8", "replace").strip())

    async def _read_frames(self) -> None:
        """Move frames from the pipe to the queue until it ends or breaks."""
        assert self._process.stdout is not None
        try:
            while (frame := await wire.read(self._process.stdout)) is not None:
                await self._frames.put(frame)
        except (wire.BrokenFrameError, ConnectionError):
            # where the next message begins is no longer known
            self._broken = True
            self._signal(signal.SIGKILL)

    async def _collect_errors(self) -> None:
        """Keep the last of what it prints; reading all of it keeps the child from blocking."""
        assert self._process.stderr is not None
        with contextlib.suppress(ConnectionError):
            while chunk := await self._process.stderr.read(4096):
                self._tail += chunk
                del self._tail[:-STDERR_TAIL_BYTES]

    async def _wait_for_end(self) -> None:
        """Take what is still in the pipes of the dead process, close them, and wake whoever waits."""
        await self._exited
        # its own children are in its session; one that lived on would hold the pipes and the memory
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        readers = (self._pump, self._errors)
        await asyncio.wait(readers, timeout=DRAIN_S)
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        self._gone = True
        with contextlib.suppress(asyncio.QueueFull):
            self._frames.put_nowait(None)
        self._hang_up()
        self._transport.close()
        await self._process.wait()
