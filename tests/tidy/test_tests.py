"""House rules for the tests themselves."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.tidy.sources import modules, name, nodes, tree

Function = ast.FunctionDef | ast.AsyncFunctionDef

pytestmark = pytest.mark.xdist_group("tidy")  # one process parses everything once

PROVING = frozenset({"fail", "raises", "timeout", "warns"})
"""Attributes of pytest that prove something, and `asyncio.timeout`, which fails a test that waits in vain."""

BY_NOT_RAISING: dict[str, str] = {
    "tests/activitypub/objects/test_odd_shapes.py:test_any_json_is_read_or_refused_and_never_anything_else": (
        "any other exception fails it"
    ),
    "tests/activitypub/signatures/test_rfc9421.py:test_any_headers_are_read_or_refused": "as above",
    "tests/activitypub/test_client.py:test_a_named_identity_is_no_encoding": "fetch refuses by raising",
    "tests/activitypub/test_client.py:test_anything_else_is_not": "fetch refuses by raising",
    "tests/activitypub/test_client.py:test_the_other_media_type_is_taken": "fetch refuses by raising",
    "tests/activitypub/test_keys.py:test_any_bytes_are_a_key_or_refused": "any other exception fails it",
    "tests/activitypub/test_normalise.py:test_a_document_may_be_so_deep": "normalise refuses by raising",
    "tests/fedi/bus/test_notify.py:test_on_sqlite_announcing_says_nothing": "SQLite has no NOTIFY and would fail",
    "tests/fedi/test_app.py:test_processes_that_open_a_directory_together_do_not_trip_over_one_another": (
        "who trips raises"
    ),
    "tests/repo/test_run.py:test_the_file_is_understood_by_much_older_interpreters": "parse refuses by raising",
}
"""Tests in which what they call is the proof, with the reason."""

LAZY: dict[str, str] = {
    "tests/conftest.py:tests.servers": "the libraries' tests do not need the server",
    "tests/databases.py:asyncpg": "the extra may be missing where the suite is only collected",
    "tests/fedi/test_sqlite.py:aiosqlite": "the oracle is only counted in one test",
}
"""Imports inside a function, with the reason; everywhere else they stand at the top."""

LAZY_FOLDER = "tests/media/training/"
"""What trains a model needs the extra `ai`, which the quick suite does without."""


def test_every_test_can_fail() -> None:
    idle = [
        f"{name(path)}:{function.name}"
        for path in modules("tests")
        if path.name.startswith("test_")
        for function in _functions(path)
        if function.name.startswith("test_") and not _proves(function)
    ]
    assert sorted(set(idle) - set(BY_NOT_RAISING)) == []


def test_no_test_is_excused_that_need_not_be() -> None:
    known = {
        f"{name(path)}:{function.name}": _proves(function)
        for path in modules("tests")
        for function in _functions(path)
    }
    assert [excused for excused in BY_NOT_RAISING if known.get(excused, True)] == []


def test_tests_import_at_the_top() -> None:
    late = {
        f"{name(path)}:{imported}"
        for path in modules("tests")
        for function in _functions(path)
        for node in ast.walk(function)
        for imported in _imported(node)
        if not name(path).startswith(LAZY_FOLDER)
    }
    assert sorted(late ^ set(LAZY)) == []


@pytest.mark.parametrize(
    "path", [path for path in modules("tests") if path.name.startswith("test_")], ids=name
)
def test_no_test_waits_by_the_clock(path: Path) -> None:
    naps = [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
    ]
    assert naps == []


def _functions(path: Path) -> Iterator[Function]:
    return (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _proves(function: Function) -> bool:
    return _asserts(function) or not _called(function).isdisjoint(_asserting())


def _asserts(function: Function) -> bool:
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        # By the rule for names, `require_…` refuses by raising.
        or (isinstance(node, ast.Attribute) and (node.attr in PROVING or node.attr.startswith("require")))
        or (isinstance(node, ast.Name) and node.id.startswith("require"))
        for node in ast.walk(function)
    )


def _called(function: Function) -> set[str]:
    """Return the functions that are called by their bare names; a method of that name may be anything."""
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {called.id for called in calls if isinstance(called, ast.Name)}


@cache
def _asserting() -> frozenset[str]:
    """Return the names of functions beside the tests that assert something for them."""
    return frozenset(
        node.name
        for path in modules("tests")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("test_")
        and any(
            isinstance(inner, ast.Assert) or (isinstance(inner, ast.Attribute) and inner.attr in PROVING)
            for inner in ast.walk(node)
        )
    )
