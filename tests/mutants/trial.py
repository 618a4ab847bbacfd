"""Try the mutants of one module in one process: `python -m tests.mutants.trial MODULE TESTS…`.

Starting pytest takes seconds and most tests take milliseconds, so everything is imported, collected and run
once, as it is. Which test runs which line of the module is noted meanwhile. Then each mutant gets a fork of
that process, puts its code in the place of the module's functions, and runs the tests that would notice first:
those that come by its line. For each mutant a line is printed: its number, and whether it dies, lives, or could
not be tried in this way (because the check is not inside a function).

A fork inherits what the unchanged module has put into memory. What is known to matter, statements that are
built once, is forgotten in each; and whoever lives is tried again in a process of its own by the caller.
"""

import ast
import gc
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.mutate import Mutant, mutants

__all__ = ["DIES", "LIVES", "OPTIONS", "UNTRIED", "Trial", "swapped"]

DIES: Final = "dies"
LIVES: Final = "lives"
UNTRIED: Final = "untried"

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120.0
"""A mutant that makes the tests wait for ever is noticed too."""

OPTIONS = ("-p", "no:cacheprovider", "-k", "not postgres")
"""For pytest; what runs on PostgreSQL is left out, since a fork cannot share its connections."""

OURS = ("activitypub", "fedi", "media", "webfinger")


@dataclass
class Trial:
    """A pytest plugin that runs the tests once, and then for each mutant.

    Attributes:
        path: the module's file.
        verdicts: by number of the mutant.
    """

    path: Path
    verdicts: dict[int, str] = field(default_factory=dict)
    failed: bool = False
    _lines: dict[str, set[int]] = field(default_factory=dict)
    _took_s: dict[str, float] = field(default_factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything as it is; then try each mutant."""
        forget = _caches()
        for item, following in _in_turn(session.items):
            for clear in forget:
                clear()
            started = time.perf_counter()
            with _noting(str(self.path)) as seen:
                reports = runtestprotocol(item, nextitem=following, log=False)
            self._took_s[item.nodeid] = time.perf_counter() - started
            self._lines[item.nodeid] = seen
            if any(report.failed for report in reports):
                sys.stderr.write(f"fails as it is: {item.nodeid}\n")
                self.failed = True
                return True
        source = self.path.read_text(encoding="utf-8")
        for number, mutant in enumerate(mutants(source)):
            change = swapped(str(self.path), source, mutant.source)
            if change is None:
                self.verdicts[number] = UNTRIED
            else:
                self.verdicts[number] = self._try(session, mutant, change)
        return True

    def _try(self, session: pytest.Session, mutant: Mutant, change: Callable[[], None]) -> str:
        order = sorted(session.items, key=lambda item: self._rank(item, mutant))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads; there are none that hold anything
            child = os.fork()
        if child == 0:
            change()
            for clear in _caches():
                clear()
            os._exit(_first_failure(session, order))
        return DIES if _wait(child) != 0 else LIVES

    def _rank(self, item: pytest.Item, mutant: Mutant) -> tuple[bool, float]:
        return not self._comes_by(item, mutant), self._took_s[item.nodeid]

    def _comes_by(self, item: pytest.Item, mutant: Mutant) -> bool:
        first, last = mutant.around
        return any(line in self._lines[item.nodeid] for line in range(first, last + 1))


def _in_turn(items: list[pytest.Item]) -> list[tuple[pytest.Item, pytest.Item | None]]:
    """Give each test with the one that decides which fixtures stay: after the last one the first again."""
    if len(items) == 1:
        return [(items[0], None)]
    return list(zip(items, [*items[1:], items[0]], strict=True))


def _first_failure(session: pytest.Session, order: list[pytest.Item]) -> int:
    """Run tests until one fails; return 1 when one does."""
    try:
        session._setupstate.teardown_exact(order[0])
        for item, following in _in_turn(order):
            reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                return 1
    except BaseException:  # noqa: BLE001 - whatever it is: it did not happen before
        return 1
    return 0


def _wait(child: int) -> int:
    """Return the status of a child; kill it when it does not end."""
    handle = os.pidfd_open(child)
    try:
        if not select.select([handle], [], [], TIMEOUT_S)[0]:
            os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]
    finally:
        os.close(handle)


class _noting:  # noqa: N801 - used like a function
    """Note which lines of a file are run meanwhile."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: set[int] = set()

    def __enter__(self) -> set[int]:
        sys.settrace(self._called)
        return self._seen

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _detail: Any) -> Any:
        if frame.f_code.co_filename != self._path:
            return None
        self._seen.add(frame.f_lineno)
        return self._ran

    def _ran(self, frame: FrameType, _event: str, _detail: Any) -> Any:
        self._seen.add(frame.f_lineno)
        return self._ran


def swapped(path: str, source: str, changed: str) -> Callable[[], None] | None:
    """Return what puts the code of a changed module in the place of the loaded one's.

    Args:
        path: the module's file, as its functions know it.
        source: what was loaded.
        changed: what is to run instead.

    Returns:
        None when the change is not inside a function that can be replaced.
    """
    before = compile(ast.unparse(ast.parse(source)), path, "exec", dont_inherit=True)
    after = compile(changed, path, "exec", dont_inherit=True)
    old, new = dict(_codes(before)), dict(_codes(after))
    if old.keys() != new.keys() or _own(before) != _own(after):
        return None
    differing = {name for name in old if _own(old[name]) != _own(new[name])}
    # A function that is made inside another comes with the code of the outer one.
    outer = {name.partition(".<locals>")[0] for name in differing}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of things elsewhere that say they are old when one looks at them
        functions = [one for one in gc.get_objects() if isinstance(one, FunctionType)]
    found = [
        one for one in functions if one.__code__.co_filename == path and one.__code__.co_qualname in outer
    ]
    if not differing or {one.__code__.co_qualname for one in found} != outer:
        return None

    def swap() -> None:
        for function in found:
            function.__code__ = new[function.__code__.co_qualname]

    return swap


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Give what is defined in a module, by qualified name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _codes(constant)


def _own(code: CodeType) -> tuple[Any, ...]:
    """Return what a piece of code does, without what it defines."""
    constants = tuple(one.co_qualname if isinstance(one, CodeType) else repr(one) for one in code.co_consts)
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def _caches() -> list[Callable[[], object]]:
    """Return what forgets the statements that are built once."""
    found: list[Callable[[], object]] = []
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] not in OURS:
            continue
        for value in vars(module).values():
            if callable(clear := getattr(value, "cache_clear", None)):
                found.append(clear)
            if isinstance(value, FunctionType) and "made" in value.__code__.co_freevars:
                place = value.__code__.co_freevars.index("made")
                assert value.__closure__ is not None, "it has a free variable"
                found.append(value.__closure__[place].cell_contents.clear)
    return found


def main(module: str, tests: list[str]) -> int:
    """Try the mutants of a module; return pytest's status."""
    trial = Trial(path=ROOT / module)
    status = int(pytest.main(["-q", *OPTIONS, *tests], plugins=[trial]))
    sys.stdout.write("\n")
    for number, verdict in sorted(trial.verdicts.items()):
        sys.stdout.write(f"mutant {number} {verdict}\n")
    return 1 if trial.failed else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
