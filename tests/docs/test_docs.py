"""What the documentation says is so."""

import re
import tomllib
from collections.abc import Iterator

import click
import pytest

from fedi.cli import main
from fedi.config import ENVIRONMENT_ONLY
from tests.docs.tables import TABLES, written
from tests.tidy.sources import PACKAGES, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NEEDED = (
    "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "FEDERATION.md", "SECURITY.md", "LICENSE",
    "docs/cli.md", "docs/clients.md", "docs/getting-started.md", "docs/settings.md",
)  # fmt: skip


def commands(group: click.Group, path: str = "fedi") -> Iterator[tuple[str, click.Command]]:
    """Return every command with the words that call it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize("page", NEEDED)
def test_a_newcomer_finds(page: str) -> None:
    assert (ROOT / page).stat().st_size > 200


@pytest.mark.parametrize(("page", "mark"), list(TABLES))
def test_a_table_says_what_the_code_says(page: str, mark: str) -> None:
    assert written(page, mark).strip() == TABLES[page, mark](), (
        "write it anew with: python -m tests.docs.tables"
    )


def test_every_other_variable_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert [variable for variable in sorted(ENVIRONMENT_ONLY) if f"`{variable}" not in page] == []


@pytest.mark.parametrize(
    ("words", "command"), list(commands(main)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_is_documented_with_its_options(words: str, command: click.Command) -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    section = re.search(rf"^### `{re.escape(words)}\b.*?(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None, words
    options = [option for given in command.params if isinstance(given, click.Option) for option in given.opts]
    assert [option for option in options if f"`{option}" not in section[0]] == []


def test_the_options_of_the_command_itself_are_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    options = [option for given in main.params if isinstance(given, click.Option) for option in given.opts]
    assert options
    assert [option for option in options if f"`{option}" not in page] == []


def test_no_command_is_documented_that_is_not_there() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    known = {words for words, _ in commands(main)}
    headings = re.findall(r"^### `(fedi [a-z -]+[a-z])", page, re.MULTILINE)
    assert headings
    assert sorted(set(headings) - known) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_lead_somewhere(page) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_found_from_the_readme() -> None:
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        linked = {
            (page.parent / target).resolve() for target in re.findall(r"\]\(([\w./-]+\.md)", page.read_text())
        }
        waiting += linked - found
    decisions = ROOT / "docs" / "decisions"  # found through their folder
    assert [page.name for page in PAGES if page not in found and page.parent != decisions] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_files_that_are_named_exist(page: str) -> None:
    folders = "|".join((*PACKAGES, "tests", "docs", "deploy"))
    named = re.findall(rf"`((?:{folders})/[\w./-]*)`", (ROOT / page).read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_architecture_names_every_part_of_the_server() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    parts = [
        path for path in (ROOT / "fedi").iterdir() if path.name[0] not in "_." and path.suffix in {"", ".py"}
    ]
    assert [part.name for part in parts if not re.search(rf"\b{part.stem}\b", page)] == []


def test_the_architecture_draws_the_layers_that_are_linted() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (inside,) = [contract for contract in contracts if contract.get("containers") == ["fedi"]]
    (drawn,) = re.findall(
        r"^```\n(__main__ .*?)\n```$", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert re.split(r"\s+→\s+", drawn) == inside["layers"]


def test_decisions_are_numbered_in_order() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]


def test_every_dependency_says_what_it_saves() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text()
    page = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text().lower()
    wanted = pyproject[pyproject.index("dependencies = [") : pyproject.index("[project.scripts]")]
    names = {match.lower() for match in re.findall(r'"([A-Za-z0-9._-]+)[^"]*"', wanted)}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
