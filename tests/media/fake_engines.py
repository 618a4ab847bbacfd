"""Engines that behave badly on demand; run in child processes by the tests of the hosts.

The first word of the prompt says how: see `Fake.generate`.
"""

import os
import signal
import sys
import threading

from media.engine import Cancelled, EngineInfo, OnStep, Picture
from media.errors import CancelledError, ModelMissingError
from media.request import ImageRequest

STEPS = 3


class Fake:
    info = EngineInfo(model="fake", native_size_px=64, default_steps=STEPS)

    def generate(self, request: ImageRequest, on_step: OnStep, cancelled: Cancelled) -> Picture:
        behaviour = request.prompt.split()[0]
        on_step(0, STEPS)
        on_step(1, STEPS)
        if behaviour != "quick":
            getattr(self, behaviour)(on_step, cancelled)
        facts = {
            "model": "fake",
            "model_digest": "",
            "revision": "",
            "seed": request.seed or 0,
            "steps": STEPS,
        }
        return Picture(rgb=bytes(64 * 64 * 3), width_px=64, height_px=64, guidance=0.0, versions={}, **facts)

    def patient(self, _on_step: OnStep, cancelled: Cancelled) -> None:
        """Draw until told to stop."""
        tick = threading.Event()
        while not cancelled():
            tick.wait(0.01)
        raise CancelledError

    def deaf(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        """Never come back, but die of SIGTERM."""
        while True:
            signal.pause()

    def stubborn(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        """Never come back, and ignore SIGTERM."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()

    def endless(self, on_step: OnStep, _cancelled: Cancelled) -> None:
        """Give signs of life for ever."""
        tick = threading.Event()
        while True:
            on_step(2, STEPS)
            tick.wait(0.01)

    def die(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        """End the process in the middle of a job."""
        sys.stderr.write("last words\n")
        sys.stderr.flush()
        os._exit(3)

    def confuses(self, on_step: OnStep, _cancelled: Cancelled) -> None:
        """Count steps in words."""
        on_step("two", STEPS)  # type: ignore[arg-type]  # that is the test

    def raises(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        raise ZeroDivisionError("an error of a library")

    def memory(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        raise MemoryError

    def prints(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        """Write to what was standard output, as chatty libraries do."""
        sys.stdout.write("progress: 50 %" * 1000)
        sys.stdout.flush()
        os.write(1, b"\xff" * 1000)

    def environment(self, _on_step: OnStep, _cancelled: Cancelled) -> None:
        """Fail with the names of the environment as reason."""
        raise RuntimeError(" ".join(os.environ))


def load(folder: str | None) -> Fake:
    return Fake()


def load_nameless(folder: str | None) -> Fake:
    fake = Fake()
    fake.info = EngineInfo(model=1)  # type: ignore[arg-type]  # that is the test
    return fake


def load_missing(folder: str | None) -> Fake:
    raise ModelMissingError(detail=f"no {folder}")


def load_broken(folder: str | None) -> Fake:
    raise ZeroDivisionError("while loading")


def load_dies(folder: str | None) -> Fake:
    os._exit(4)


def load_hangs(folder: str | None) -> Fake:
    while True:
        signal.pause()


def load_garbage(folder: str | None) -> Fake:
    """Answer with bytes that are no frame: the pipe was moved to the first number that was free."""
    for number in range(3, 16):
        try:
            os.write(number, b"\xff" * 64)
        except OSError:
            continue
    return Fake()
