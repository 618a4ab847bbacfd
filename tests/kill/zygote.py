"""Starts processes of `fedi` quickly: one interpreter has imported everything, and forks for each.

A test that kills forty processes would spend its time on importing, a second and a half each. Here a fork is
taken before anything of a server exists (no event loop, no thread, no connection, no file but the pipes), so
what is killed is what `fedi serve` is from its first line on. The zygote is the parent of its processes and
the only one who signals them: until it has waited for one, no other process can have its number.

As a module it is the zygote's program: a line of JSON in, a line of JSON out.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self
from unittest import mock

import fedi.app
from fedi.cli import main as fedi_main
from tests.peers.painted_fedi import painted_host
from tests.peers.server_process import Process

__all__ = ["Zygote"]

POLL_S = 0.02
"""Between two looks at a process that is waited for."""

Wish = dict[str, Any]


class Zygote:
    """The zygote, seen from a test. Its processes draw with the painted engine."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, **wish: Any) -> Any:
        """Send a wish and return what came of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(wish).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the zygote is gone"
        return json.loads(line)

    def launch(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
        """Fork `fedi ARGUMENTS`; a `server_process.Launch`."""
        pid = self.ask(do="fork", arguments=list(arguments), environment=dict(environment), log=str(log))
        return _Forked(zygote=self, pid=pid)


@dataclass(slots=True, kw_only=True)
class _Forked:
    """A forked process, with the methods of `subprocess.Popen`."""

    zygote: Zygote
    pid: int
    status: int | None = None

    def poll(self) -> int | None:
        if self.status is None:
            self.status = self.zygote.ask(do="poll", pid=self.pid)
        return self.status

    def wait(self, timeout: float | None = None) -> int:
        pause, deadline = threading.Event(), None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("fedi", timeout or 0.0)
            pause.wait(POLL_S)
        return status

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.status is None:
            self.zygote.ask(do="signal", pid=self.pid, number=int(number))


def _obey() -> None:
    """Fork, signal and wait as told, until there is nobody to tell us; then end what is left."""
    running: set[int] = set()
    for line in sys.stdin.buffer:
        wish = json.loads(line)
        answer: int | None = None
        match wish["do"]:
            case "fork":
                assert threading.active_count() == 1, "a fork takes only one thread along"
                answer = os.fork()
                if answer == 0:
                    _become(wish)
                running.add(answer)
            case "signal" if wish["pid"] in running:
                os.kill(wish["pid"], wish["number"])
            case "poll" if wish["pid"] in running:
                pid, status = os.waitpid(wish["pid"], os.WNOHANG)
                if pid:
                    running.discard(pid)
                    answer = os.waitstatus_to_exitcode(status)
        print(json.dumps(answer), flush=True)  # noqa: T201 - the protocol
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become(wish: Wish) -> NoReturn:
    """Be `fedi ARGUMENTS` from here on."""
    out = os.open(wish["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, standard in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(ours, standard)
    os.environ.clear()
    os.environ.update(wish["environment"])
    status = 1
    try:
        fedi_main(wish["arguments"], prog_name="fedi")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing may return into the zygote's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    with mock.patch.object(fedi.app, "EngineHost", painted_host):
        _obey()
