"""`python -m tests.bench [NAME…]`: run the bench and print its table."""

import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import delivery, home, idle, inbox, processed, scale, streaming
from tests.bench.harness import Result

RATIOS = {
    "inbox": inbox.bench,
    "processed": processed.bench,
    "delivery": delivery.warm,
    "delivery-cold": delivery.cold,
    "delivery-stock": delivery.stock,
    "home": home.bench,
    "scale": scale.bench,
}
IDLE_RSS_MB_MAX = 120


async def main(names: list[str]) -> int:
    """Run what is named, or everything; return 1 when a goal is missed."""
    console = Console()
    table = Table("goal", "ratio to the floor", "spread", "wanted", "ours, CPU µs", "floor, CPU µs", "notes")
    missed = 0
    for name, bench in RATIOS.items():
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder, console.status(name):
            found = await bench(Path(folder))
        for result in [found] if isinstance(found, Result) else found:
            missed += not result.reached
            table.add_row(
                result.name, f"{result.ratio:.2f}", f"{result.spread[0]:.2f}–{result.spread[1]:.2f}",
                f"≥ {result.goal:.2f}", f"{result.ours_us:.0f}", f"{result.floor_us:.0f}", ", ".join(result.notes),
            )  # fmt: skip
    console.print(table)
    if not names or "idle" in names:
        with tempfile.TemporaryDirectory() as folder, console.status("idle"):
            memory = await idle.bench(Path(folder))
        missed += memory.idle_rss > IDLE_RSS_MB_MAX
        console.print(
            f"G10 idle: {memory.idle_rss:.0f} MB RSS ({memory.idle_pss:.0f} PSS), wanted ≤ {IDLE_RSS_MB_MAX}; "
            f"{memory.used_rss:.0f} MB after {idle.REQUESTS} requests"
        )
    if not names or "streaming" in names:
        with tempfile.TemporaryDirectory() as folder, console.status("streaming"):
            heard = await streaming.bench(Path(folder))
        missed += heard.p99_ms > streaming.P99_MS_MAX
        console.print(
            f"G12 streaming: {streaming.SOCKETS} sockets, event to socket {heard.p50_ms:.0f} ms (median), "
            f"{heard.p99_ms:.0f} ms (p99, wanted ≤ {streaming.P99_MS_MAX:.0f}), {heard.worst_ms:.0f} ms (worst); "
            f"{heard.kb_per_socket:.0f} kB for each socket, {heard.cpu_us_per_frame:.0f} CPU µs for each frame"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
