"""What a process does to itself is tried in processes of its own."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from media import confinement

pytestmark = pytest.mark.slow  # processes of their own


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run lines of Python that begin with the module imported."""
    lines = f"from media import confinement\nimport os, resource\n{code}"
    return subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)


def test_process_whose_parent_is_gone_ends_at_once() -> None:
    done = run(f"confinement.leave_with_parent({os.getpid() + 1})\nprint('still here')")
    assert (done.returncode, done.stdout) == (0, "")


def test_process_whose_parent_is_there_goes_on() -> None:
    assert run(f"confinement.leave_with_parent({os.getpid()})\nprint('still here')").stdout == "still here\n"


def test_giving_way_raises_niceness_and_the_score_for_want_of_memory() -> None:
    done = run("confinement.give_way()\nprint(os.nice(0), open('/proc/self/oom_score_adj').read())")
    niceness, score = map(int, done.stdout.split())
    assert niceness >= min(19, os.nice(0) + confinement.NICENESS)
    assert score == confinement.OOM_SCORE_ADJUSTMENT


def test_decoder_cannot_take_more_memory() -> None:
    done = run("confinement.bound_decoder()\nbytearray(confinement.ADDRESS_SPACE_BYTES)")
    assert "MemoryError" in done.stderr


def test_decoder_cannot_write_files(tmp_path: Path) -> None:
    loot = tmp_path / "loot"
    done = run(f"confinement.bound_decoder()\nwith open({str(loot)!r}, 'w') as file:\n    file.write('x')")
    assert "File too large" in done.stderr
    assert loot.stat().st_size == 0


def test_bounds_cannot_be_raised_again() -> None:
    done = run(
        "confinement.bound_decoder()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2) if os.getuid() else print('root')"
    )
    assert "root" in done.stdout or "ValueError" in done.stderr


def test_endless_work_is_killed_by_the_kernel() -> None:
    done = run("confinement.allow_cpu(0)\nwhile True: pass")
    assert done.returncode == -signal.SIGXCPU


def test_each_job_gets_its_time_anew() -> None:
    done = run(
        "confinement.allow_cpu(5)\nfirst = resource.getrlimit(resource.RLIMIT_CPU)[0]\n"
        "import time\nwhile time.process_time() < 1.1: pass\n"
        "confinement.allow_cpu(5)\nprint(resource.getrlimit(resource.RLIMIT_CPU)[0] - first)"
    )
    assert int(done.stdout) >= 1


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_parent_is_checked_on_every_system(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    ended: list[int] = []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(confinement.ctypes, "CDLL", lambda *_, **__: type("C", (), {"prctl": lambda *_: 0})())
    confinement.leave_with_parent(os.getppid())
    assert ended == []
    confinement.leave_with_parent(-1)
    assert ended == [0]


def test_lower_bounds_of_the_system_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (16, 16))
    monkeypatch.setattr(resource, "setrlimit", asked.__setitem__)
    confinement.bound_decoder()
    confinement.allow_cpu(100)
    assert asked[resource.RLIMIT_NOFILE] == (16, 16)
    assert asked[resource.RLIMIT_FSIZE] == (0, 0)
    assert asked[resource.RLIMIT_CPU] == (16, 16)


def test_bound_that_the_system_refuses_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def refuse(kind: int, _bounds: tuple[int, int]) -> None:
        tried.append(kind)
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    confinement.bound_decoder()
    assert len(tried) == 4
