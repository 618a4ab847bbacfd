"""How a training run shows itself: one bar on a terminal, one line of figures per checkpoint in a log."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# How much one step counts in the loss that the bar shows.
SMOOTHING = 0.02


@contextmanager
def training_bar(name: str, steps: int, done: int) -> Iterator[Callable[[float], None]]:
    """Show a bar of ``steps``; the yielded function advances it by one step and takes its loss."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        task = progress.add_task(name, total=steps, completed=done, loss=0.0)
        smooth: list[float] = []

        def advance(loss: float) -> None:
            smooth[:] = [smooth[0] + SMOOTHING * (loss - smooth[0])] if smooth else [loss]
            progress.update(task, advance=1, loss=smooth[0])

        yield advance


def log_line(path: Path, **figures: float) -> None:
    """Append one line of JSON with the figures, the wall clock and the CPU time spent, in seconds."""
    line = {"at": round(time.time()), "cpu_s": round(time.process_time(), 1)}
    line.update({name: round(value, 5) for name, value in figures.items()})
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
