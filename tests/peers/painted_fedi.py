"""The `fedi` command with the painted engine in place of a model: `python -m tests.peers.painted_fedi serve`.

For tests of what happens around a drawing, where the drawing itself has to take a known time and no torch.
The engine runs in a child process like any other. `PAINTED_STEP_S` says how long a step takes.
"""

import os
import time
from typing import Any
from unittest import mock

import fedi.app
from fedi.cli import main
from media.engine import Cancelled, OnStep, Picture
from media.engines.painted import PaintedEngine
from media.host import EngineHost
from media.request import ImageRequest

__all__ = ["SlowEngine", "load", "painted_host"]

ENGINE = "tests.peers.painted_fedi:load"
"""What the child process is told to load; not `__name__`, which is `__main__` here."""


class SlowEngine(PaintedEngine):
    """Paints as slowly as a model draws, so that there is a middle in which to be killed."""

    def generate(self, request: ImageRequest, on_step: OnStep, cancelled: Cancelled) -> Picture:
        """Paint, with a pause before each step is reported."""
        step_s = float(os.environ.get("PAINTED_STEP_S", "0"))

        def slowly(done: int, steps: int) -> None:
            time.sleep(step_s)
            on_step(done, steps)

        return super().generate(request, slowly, cancelled)


def load(folder: str | None = None) -> SlowEngine:
    """Return the engine; there is nothing to load."""
    return SlowEngine()


def painted_host(**settings: Any) -> EngineHost:
    """Take the place of `EngineHost`, with our engine in it."""
    environment = {**settings.pop("environment", {}), "PAINTED_STEP_S": os.environ.get("PAINTED_STEP_S", "0")}
    return EngineHost(**{**settings, "folder": None, "engine": ENGINE, "environment": environment})


if __name__ == "__main__":
    # The one seam that the command leaves: who draws is otherwise the operator's choice of a model folder.
    with mock.patch.object(fedi.app, "EngineHost", painted_host):
        main()
