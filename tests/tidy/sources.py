"""The files of this repository, for tests that read them."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("activitypub", "fedi", "media", "webfinger")
LIBRARIES = ("activitypub", "media", "webfinger")
SKIPPED = {
    ".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "__pycache__",
    "artefacts", "build", "data", "dist", "node_modules",
}  # fmt: skip
"""Folders that are not ours; `data` holds documents of other projects in tests, and instances at the root."""

TEXT = {
    ".cfg",
    ".css",
    ".html",
    ".ini",
    ".js",
    ".json",
    ".mako",
    ".md",
    ".py",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
    "",
}


def modules(*folders: str) -> list[Path]:
    """Return the Python files below these folders, or below the four packages."""
    found = [path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if not SKIPPED.intersection(path.relative_to(ROOT).parts))


def texts() -> list[Path]:
    """Return every file of ours that holds text."""
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in TEXT and not SKIPPED.intersection(path.relative_to(ROOT).parts) and path.is_file()
    )


@cache
def tree(path: Path) -> ast.Module:
    """Return a module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    """Return a path as it is written in this repository."""
    return path.relative_to(ROOT).as_posix()
