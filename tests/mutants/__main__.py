"""`./run test --mutants [MODULE…]`: delete each check in turn, and expect a test to fail.

The modules are those that decide whom to believe and who may see what. Each mutant gets a copy of the tree
with one check less; the tests of its module run there until one fails. A mutant that no test notices is
printed and makes the run fail, unless `EQUIVALENT` says why it changes nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console

from tests.mutants.mutate import Mutant, mutants
from tests.mutants.table import EQUIVALENT, MODULES

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".*", "*.pyc", "__pycache__", "*.safetensors", "docs", "data", "node_modules"
)
TIMEOUT_S = 300.0
"""A mutant that makes the tests wait for ever is noticed too."""

USAGE_ERROR = 4
"""pytest's status when it was called wrongly; 5 when it collected no test."""


def main(names: list[str]) -> int:
    """Try the mutants of the modules named, or of all; return 1 when one lives."""
    console = Console(soft_wrap=True)
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        console.print(f"no such module: {', '.join(unknown)}; there are {', '.join(MODULES)}")
        return 2
    chosen = {module: tests for module, tests in MODULES.items() if not names or module in names}
    work = [
        (module, mutant)
        for module in chosen
        for mutant in mutants((ROOT / module).read_text(encoding="utf-8"))
    ]
    processes = os.cpu_count() or 1
    alive: list[tuple[str, Mutant]] = []
    with tempfile.TemporaryDirectory() as folder, _copies(Path(folder), processes) as free:
        copy = free.get()
        every = tuple(dict.fromkeys(path for tests in chosen.values() for path in tests))
        if _run(copy, every) != 0:
            console.print(f"the tests fail as they are: {' '.join(every)}")
            return 2
        free.put(copy)

        def attempt(job: tuple[str, Mutant]) -> bool:
            module, mutant = job
            copy = free.get()
            original = (copy / module).read_text(encoding="utf-8")
            try:
                (copy / module).write_text(mutant.source, encoding="utf-8")
                status = _run(copy, chosen[module])
            finally:
                (copy / module).write_text(original, encoding="utf-8")
                free.put(copy)
            return status == 0

        with ThreadPoolExecutor(processes) as pool:
            for (module, mutant), lives in zip(work, pool.map(attempt, work), strict=True):
                excuse = EQUIVALENT.get((module, mutant.what))
                word = ("[yellow]same[/]" if excuse else "[red]LIVES[/]") if lives else "dies"
                console.print(f"{word}  {module}:{mutant.line}  ", end="")
                console.print(mutant.what, markup=False)
                if lives and not excuse:
                    alive.append((module, mutant))
    console.print(f"{len(work)} checks deleted, {len(alive)} of them unnoticed")
    return 1 if alive else 0


@contextmanager
def _copies(folder: Path, number: int) -> Iterator[SimpleQueue[Path]]:
    """Make copies of the tree, one for each process."""
    free: SimpleQueue[Path] = SimpleQueue()
    for place in range(number):
        copy = folder / str(place)
        for part in ("activitypub", "fedi", "media", "webfinger", "tests"):
            shutil.copytree(ROOT / part, copy / part, ignore=None if part == "tests" else LEFT_OUT)
        shutil.copy(ROOT / "pyproject.toml", copy)
        free.put(copy)
    yield free


def _run(copy: Path, tests: tuple[str, ...]) -> int:
    """Run tests in a copy, up to the first failure, and return pytest's status."""
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-k",
        "not postgres",
    ]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*command, *tests], cwd=copy, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return 1
    if done.returncode >= USAGE_ERROR:  # or no test was collected: no verdict
        raise RuntimeError(done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:])
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
