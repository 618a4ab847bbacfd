"""`./run test --mutants [MODULE…]`: delete each check in turn, and expect a test to fail.

The modules are those that decide whom to believe and who may see what. The mutants of a module are tried in
forks of one process (`tests.mutants.trial`). Those that live there, and those that cannot be tried so, get a
copy of the tree in which they stand in their module's place, and the tests of the module run there until one
fails. A mutant that no test notices is printed and makes the run fail, unless `EQUIVALENT` says why it changes
nothing.
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
from tests.mutants.trial import DIES, OPTIONS

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".*", "*.pyc", "__pycache__", "*.safetensors", "docs", "data", "node_modules"
)
TIMEOUT_S = 3_600.0
"""Of all the mutants of a module; pytest's own limit ends tests that wait for ever."""

USAGE_ERROR = 4
"""pytest's status when it was called wrongly; 5 when it collected no test."""


def main(names: list[str]) -> int:
    """Try the mutants of the modules named, or of all; return 1 when one lives."""
    console = Console(soft_wrap=True)
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        console.print(f"no such module: {', '.join(unknown)}; there are {', '.join(MODULES)}")
        return 2
    chosen = [module for module in MODULES if not names or module in names]
    processes = os.cpu_count() or 1
    alive = tried = 0
    with tempfile.TemporaryDirectory() as folder, _copies(Path(folder), processes) as free:

        def attempt(module: str) -> list[tuple[Mutant, bool]]:
            copy = free.get()
            try:
                return list(_outcomes(copy, module))
            finally:
                free.put(copy)

        with ThreadPoolExecutor(processes) as pool:
            for module, outcomes in zip(chosen, pool.map(attempt, chosen), strict=True):
                for mutant, lives in outcomes:
                    excuse = EQUIVALENT.get((module, mutant.what))
                    word = ("[yellow]same[/]" if excuse else "[red]LIVES[/]") if lives else "dies"
                    console.print(f"{word}  {module}:{mutant.line}  ", end="")
                    console.print(mutant.what, markup=False)
                    tried += 1
                    alive += lives and not excuse
    console.print(f"{tried} checks deleted, {alive} of them unnoticed")
    return 1 if alive else 0


def _outcomes(copy: Path, module: str) -> Iterator[tuple[Mutant, bool]]:
    """Try the mutants of a module, and tell of each whether it lives."""
    verdicts = _trial(copy, module)
    original = (copy / module).read_text(encoding="utf-8")
    for number, mutant in enumerate(mutants(original)):
        lives = verdicts[number] != DIES
        if lives and (module, mutant.what) not in EQUIVALENT:
            try:
                (copy / module).write_text(mutant.source, encoding="utf-8")
                lives = _run(copy, ["pytest", "-q", "-x", *OPTIONS, *MODULES[module]]).returncode == 0
            finally:
                (copy / module).write_text(original, encoding="utf-8")
        yield mutant, lives


def _trial(copy: Path, module: str) -> dict[int, str]:
    """Try the mutants of a module in forks of one process, and return the verdicts by number."""
    done = _run(copy, ["tests.mutants.trial", module, *MODULES[module]])
    if done.returncode != 0:
        raise RuntimeError(f"{module}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = [line.split() for line in done.stdout.splitlines()]
    return {int(line[1]): line[2] for line in lines if line[:1] == ["mutant"]}


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


def _run(copy: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-B", "-m", *arguments],
        cwd=copy, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode >= USAGE_ERROR:  # or no test was collected: no verdict
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
