"""House rules that a linter does not know."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

import fedi
from tests.tidy.sources import LIBRARIES, ROOT, modules, name, nodes, texts, tree

pytestmark = pytest.mark.xdist_group("tidy")  # one process parses everything once

LINES_MAX = 500
"""Of a module; what is longer holds two things."""

LONGER: dict[str, str] = {
    "fedi/migrations/versions/0003_open_it_to_every_client.py": "one statement for each table",
    "media/training/subjects.py": "one small function for each subject that can be drawn",
}
"""Modules that may be longer, with the reason."""

TYPE_IGNORES_PER_1000_LINES_MAX = 1.0

LAZY = ("media/engines/diffusion.py", "media/training/")
"""Where an import may wait inside a function, because torch takes ten seconds."""

_NAMED = (
    "/wor_k/",
    "/roo_t/",
    "/opt/whe_els",
    "pyp_i.org",
    "pythonhost_ed.org",
    "npm_js",
    "download.pyt_orch.org",
)
FOREIGN = re.compile("|".join(re.escape(part.replace("_", "")) for part in _NAMED))
"""Paths of somebody's machine, and hosts of package registries: where to look is the installer's business."""


def test_modules_are_short() -> None:
    long = {name(path): len(path.read_text().splitlines()) for path in modules()}
    assert {path: lines for path, lines in long.items() if lines > LINES_MAX and path not in LONGER} == {}


def test_only_long_modules_are_excused() -> None:
    present = [ROOT / path for path in LONGER if (ROOT / path).exists()]
    assert [name(path) for path in present if len(path.read_text().splitlines()) <= LINES_MAX] == []


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        if not name(path).startswith(LAZY)
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert late == []


def test_no_module_parses_xml() -> None:
    """A parser brings entity expansion and external entities along, and nothing of ours needs one."""
    parsers = {"defusedxml", "lxml", "pyexpat", "xml", "xmltodict"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in (
            [entry.name for entry in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
        if imported.partition(".")[0] in parsers
    ]
    assert found == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "misc", "manager", "managers"}
    assert [name(path) for path in modules() if path.stem in drawers] == []


def test_every_module_says_what_it_is() -> None:
    assert [name(path) for path in modules() if not ast.get_docstring(tree(path))] == []


@pytest.mark.parametrize("path", modules(), ids=name)
def test_what_a_module_offers_is_there(path: Path) -> None:
    offered = _offered(tree(path))
    assert sorted(set(offered) - _defined(tree(path))) == []
    assert len(offered) == len(set(offered))


@pytest.mark.parametrize(
    "path", [path for path in modules(*LIBRARIES) if "training" not in path.parts], ids=name
)
def test_a_library_offers_whatever_looks_public(path: Path) -> None:
    public = {
        node.name
        for node in tree(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
    }
    assert sorted(public - set(_offered(tree(path)))) == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_library_offers_can_be_imported(library: str) -> None:
    module = importlib.import_module(library)
    assert [offered for offered in getattr(module, "__all__", ()) if not hasattr(module, offered)] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = [
        name(path) for path in texts() if later.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_no_machine_and_no_registry_is_named() -> None:
    found = [
        name(path) for path in texts() if FOREIGN.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_every_silenced_warning_names_its_code() -> None:
    bare = re.compile(r"#\s*(noqa(?!:\s*[A-Z]+\d+)|type:\s*ignore(?!\[)|pragma: no cover(?! - ))")
    found = [
        f"{name(path)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_types_are_rarely_silenced() -> None:
    lines = [line for path in modules() for line in path.read_text().splitlines()]
    ignores = sum("# type: ignore" in line for line in lines)
    assert ignores / len(lines) * 1000 <= TYPE_IGNORES_PER_1000_LINES_MAX


def test_one_version_is_told_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert (project["version"], newest[1]) == (fedi.__version__, fedi.__version__)


def test_the_lint_command_checks_form_types_and_layers() -> None:
    source = (ROOT / "run").read_text()
    for step in ("ruff format --check .", "ruff check .", '"mypy"', '"lint-imports"'):
        assert step in source


def test_the_layers_are_exhaustive() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (inside,) = [contract for contract in contracts if contract.get("containers") == ["fedi"]]
    assert inside["exhaustive"] is True


def test_pins_are_exact_and_name_no_index() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin)] == []
    assert pins == sorted(pins, key=str.lower)


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    pins = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    names = {re.split(r"[\[<>=!; ]", requirement)[0].lower() for requirement in wanted}
    assert sorted(names - pins) == []


def _offered(module: ast.Module) -> list[str]:
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            return [str(value) for value in ast.literal_eval(node.value)]
    return []


def _defined(module: ast.Module) -> set[str]:
    defined: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            defined.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            defined.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {alias.asname or alias.name for alias in node.names}
    return defined
