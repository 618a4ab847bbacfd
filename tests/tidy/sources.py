"""The files of this repository, for tests that read them."""

import ast
import os
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
    return [path for folder in folders or PACKAGES for path in _files(ROOT / folder) if path.suffix == ".py"]


def texts() -> list[Path]:
    """Return every file of ours that holds text."""
    return [path for path in _files(ROOT) if path.suffix in TEXT]


@cache
def _files(folder: Path) -> list[Path]:
    """Return the files below a folder, in order, without walking through those that are not ours."""
    found: list[Path] = []
    for place, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name not in SKIPPED]
        found += [Path(place) / name for name in names if name not in SKIPPED]
    return sorted(found)


@cache
def tree(path: Path) -> ast.Module:
    """Return a module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return everything in a module: going through it again is quick then."""
    return list(ast.walk(tree(path)))


def name(path: Path) -> str:
    """Return a path as it is written in this repository."""
    return path.relative_to(ROOT).as_posix()
