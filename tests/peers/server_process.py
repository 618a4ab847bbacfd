"""A fedi server as its operator runs it: processes of the `fedi` command over one data directory.

Tests in one process cannot see what a process loses when it ends, nor what only a real socket does. Each
process's log goes to a file, whose end is part of a failure's message. Only processes that were started here
are ever killed, by their own handle.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import anyio

from fedi.app import open_context
from fedi.config import load
from fedi.context import Context
from fedi.queries import accounts as find
from fedi.services import authorizing

__all__ = ["Instance", "Launch", "Process", "Running", "eventually", "free_port", "launch"]

START_S_MAX = 60.0
"""Until a server listens: 2 s of imports when the machine is idle."""

STOP_S_MAX = 30.0
"""For a graceful stop."""

CLI_S_MAX = 180.0
"""For one command; drawing a picture on a slow processor is the longest."""

LOG_CHARACTERS = 6000
"""Of each log, in a failure's message."""

POLL_S = 0.05
"""Between two looks at something that cannot tell us that it is ready."""

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"

Found = TypeVar("Found")


def free_port(address: str) -> int:
    """Return a port that was free on this address a moment ago."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Found], what: str, timeout_s: float, *, poll_s: float = POLL_S) -> Found:
    """Look every `poll_s` seconds until there is something true, and return it.

    Raises:
        AssertionError: there was nothing in time.
    """
    pause, deadline = threading.Event(), time.monotonic() + timeout_s
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not happen in {timeout_s:.0f} s"
        pause.wait(poll_s)
    return found


class Process(Protocol):
    """What is needed of a process, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """Its id."""

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""

    def kill(self) -> None:
        """Send SIGKILL."""

    def terminate(self) -> None:
        """Send SIGTERM."""


Launch = Callable[[Sequence[str], Mapping[str, str], Path], Process]
"""Starts `fedi ARGUMENTS` with an environment, writing its output to a file."""


def launch(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, module: str = "fedi"
) -> Process:
    """Start a command in an interpreter of its own."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Where an instance lives and how it is set.

    Attributes:
        data_dir: its directory; logs are written beside it.
        origin: under which its peers reach it.
        bind: the address that it listens on.
        port: the port that it listens on.
        settings: further settings, by the names of their environment variables.
        module: what is run, `fedi` or a stand-in of a test with the same subcommands.
        starter: how its lasting processes are started, where not in the usual way.
    """

    data_dir: Path
    origin: str
    bind: str
    port: int
    settings: Mapping[str, str]
    module: str = "fedi"
    starter: Launch | None = None

    @property
    def inside(self) -> str:
        """Where it listens, past any TLS before it."""
        return f"http://{self.bind}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """All variables of its processes; none of ours with its prefix leak in."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("FEDI_")}
        return {
            **ours,
            "FEDI_DATA_DIR": str(self.data_dir),
            "FEDI_ORIGIN": self.origin,
            "FEDI_BIND": self.bind,
            "FEDI_PORT": str(self.port),
            "NO_COLOR": "1",
            **self.settings,
        }

    def cli(self, *arguments: str, stdin: str = "") -> str:
        """Run one command to its end and return what it printed.

        Raises:
            AssertionError: it failed; with all that it said.
        """
        done = subprocess.run(
            [sys.executable, "-m", self.module, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=CLI_S_MAX,
            check=False,
        )
        assert done.returncode == 0, (
            f"fedi {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def start(self, *arguments: str) -> "Running":
        """Start `fedi ARGUMENTS`; `serve` is waited for until it listens."""
        log = self.data_dir.parent / f"{self.data_dir.name}-{arguments[0]}.log"
        start = self.starter or partial(launch, module=self.module)
        process = start(arguments, self.environment, log)
        running = Running(instance=self, process=process, arguments=arguments, log=log)
        if arguments[0] == "serve":
            eventually(running.listens, f"fedi {' '.join(arguments)} listening", START_S_MAX)
        return running

    def logs(self) -> str:
        """Return the ends of all logs, for a failure's message."""
        files = sorted(self.data_dir.parent.glob(f"{self.data_dir.name}-*.log"))
        return "\n".join(
            f"--- {file.name}\n{file.read_text(errors='replace')[-LOG_CHARACTERS:]}" for file in files
        )

    def with_context(self, work: Callable[[Context], Awaitable[Found]]) -> Found:
        """Run a coroutine over the instance's own database, beside whatever processes it has."""

        async def inside() -> Found:
            environment = {key: text for key, text in self.environment.items() if key.startswith("FEDI_")}
            async with open_context(load(environment)) as ctx:
                return await work(ctx)

        return anyio.run(inside)

    def token_for(self, name: str, *scopes: str) -> str:
        """Give a client access to a local account, as the consent page would."""

        async def work(ctx: Context) -> str:
            async with ctx.db.write() as tx:
                app, _ = await authorizing.register_app(
                    ctx, tx, name="test", website=None, redirect_uris=[OUT_OF_BAND], scopes=scopes
                )
                account = await find.local_by_name(tx, name)
                assert account is not None
                code = await authorizing.grant_code(
                    ctx, tx, app=app, account=account, redirect_uri=OUT_OF_BAND, scopes=scopes,
                    code_challenge=None,
                )  # fmt: skip
                issued = await authorizing.redeem_code(
                    ctx, tx, app=app, code=code, redirect_uri=OUT_OF_BAND, verifier=None
                )
                assert issued is not None
                return issued.text

        return self.with_context(work)


@dataclass(slots=True, kw_only=True)
class Running:
    """One process of an instance."""

    instance: Instance
    process: Process
    arguments: tuple[str, ...]
    log: Path

    def listens(self) -> bool:
        """Whether connections are taken.

        Raises:
            AssertionError: the process has ended.
        """
        status = self.process.poll()
        assert status is None, f"fedi ended with {status}\n{self.instance.logs()}"
        with socket.socket() as probe:
            return probe.connect_ex((self.instance.bind, self.instance.port)) == 0

    def children(self) -> list[int]:
        """Return the ids of its child processes: engines and decoders."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        found: list[int] = []
        for task in tasks.iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def kill(self) -> None:
        """End it as a power cut would: nothing of it runs any more."""
        self.process.kill()
        self.process.wait()

    def kill_child(self) -> bool:
        """Kill one of its children, if there is one."""
        children = self.children()
        if children:
            os.kill(children[0], signal.SIGKILL)
        return bool(children)

    def stop(self) -> None:
        """End it as an operator would.

        Raises:
            subprocess.TimeoutExpired: it did not end in time; it is killed then.
        """
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S_MAX)
        finally:
            self.process.kill()
            self.process.wait()
