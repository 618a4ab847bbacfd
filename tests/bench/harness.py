"""Alternating slices, CPU time of processes, and the verdict."""

import os
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 5
"""Rounds after the warm-up; the median of their ratios counts."""

Slice = Callable[[], Awaitable["Sample"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one slice did."""

    operations: int
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of one operation."""
        return self.cpu_s / self.operations * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A ratio with its parts.

    Attributes:
        name: what was measured.
        ratio: median over the rounds of floor ÷ ours; 1 is as good as it can be.
        spread: smallest and largest ratio.
        goal: what the ratio should reach.
        ours_us: median CPU microseconds of one of our operations.
        floor_us: the same of the floor.
    """

    name: str
    ratio: float
    spread: tuple[float, float]
    goal: float
    ours_us: float
    floor_us: float
    notes: list[str] = field(default_factory=list)

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal


async def compare(name: str, *, ours: Slice, floor: Slice, goal: float, rounds: int = ROUNDS) -> Result:
    """Run both in turn, after a warm-up of each, and compare them round by round."""
    await floor()
    await ours()
    pairs = [(await floor(), await ours()) for _ in range(rounds)]
    ratios = [bare.cpu_us / own.cpu_us for bare, own in pairs]
    return Result(
        name=name,
        ratio=statistics.median(ratios),
        spread=(min(ratios), max(ratios)),
        goal=goal,
        ours_us=statistics.median(own.cpu_us for _, own in pairs),
        floor_us=statistics.median(bare.cpu_us for bare, _ in pairs),
    )


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of all threads of a process, children not included."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total_ns += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total_ns / 1e9


def own_cpu() -> float:
    """Return the CPU seconds of this process, all threads."""
    return time.process_time()


def memory_of(pid: int) -> tuple[float, float]:
    """Return RSS and PSS of a process in MB (10^6 bytes)."""
    values = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in {"Rss", "Pss"}:
            values[name] = int(rest.split()[0]) * 1024 / 1e6
    return values["Rss"], values["Pss"]


def server_environment(data_dir: Path, origin: str, **more: str) -> dict[str, str]:
    """Return the environment of a server process under test."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FEDI_")}
    return {
        **inherited,
        "FEDI_ORIGIN": origin,
        "FEDI_DATA_DIR": str(data_dir),
        "FEDI_RATE_LIMITS": "off",
        "FEDI_ALLOW_HTTP_PEERS": "1",
        "FEDI_LOG_LEVEL": "error",
        **more,
    }
