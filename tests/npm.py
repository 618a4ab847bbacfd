"""Installs what a folder's `package-lock.json` names, once, with npm.

Node itself comes from npm too (the package `node`), because what these programs need is newer than what
distributions ship.
"""

import fcntl
import shutil
import subprocess
from pathlib import Path

__all__ = ["install", "node"]

INSTALL_S_MAX = 300.0
"""For `npm ci`: 15 s with a near registry; the rest is for a slow one."""


def node(home: Path) -> Path:
    """Return the interpreter that was installed in a folder."""
    return home / "node_modules" / ".bin" / "node"


def install(home: Path) -> str | None:
    """Install a folder's packages unless they are there; return why that cannot be, or None."""
    # npm replaces `node_modules` as a whole, so test processes that run side by side take turns.
    with (home / "package.json").open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return _install(home)


def _install(home: Path) -> str | None:
    lock = home / "package-lock.json"
    # A copy of the lock file that was installed; another lock file means to install again.
    stamp = home / "node_modules" / ".installed-lock.json"
    if node(home).exists() and stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return None
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    done = subprocess.run(
        [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=INSTALL_S_MAX,
        check=False,
    )
    if done.returncode != 0 or not node(home).exists():
        return f"npm ci failed: {(done.stderr or done.stdout).strip()[-500:]}"
    stamp.write_bytes(lock.read_bytes())
    return None
