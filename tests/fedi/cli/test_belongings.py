"""`fedi account export`, `import`, `alias` and `move`."""

from pathlib import Path

import pytest
from click.testing import Result

from fedi.context import Context
from fedi.models import Account
from fedi.queries import accounts as find
from tests.fedi.cli.conftest import ORIGIN, Fedi
from tests.fedi.cli.within import within


@pytest.fixture
def people(fedi: Fedi, instance: Path) -> Path:
    """Alice and Ben, here."""
    for name in ("alice", "ben"):
        assert fedi("account", "create", name).exit_code == 0
    return instance


def said(result: Result) -> str:
    """Return what a command said, without the log, which goes elsewhere outside of tests."""
    return "".join(line for line in result.stdout.splitlines(keepends=True) if not line.startswith("level="))


def found(data_dir: Path, name: str) -> Account:
    async def look(ctx: Context) -> Account:
        async with ctx.db.read() as tx:
            account = await find.local_by_name(tx, name)
            assert account is not None
            return account

    return within(data_dir, look)


def test_a_list_is_taken_in_and_written_again(fedi: Fedi, people: Path, tmp_path: Path) -> None:
    given = tmp_path / "mutes.csv"
    given.write_text("Account address,Hide notifications\nben@fedi.test,false\n")
    result = fedi("account", "import", "alice", "--kind", "mutes", str(given))
    assert (result.exit_code, said(result)) == (0, "line 2: ben\n1 taken in, 0 passed over\n")
    written = tmp_path / "again.csv"
    assert fedi("account", "export", "@alice", "--kind", "mutes", str(written)).exit_code == 0
    assert written.read_text() == given.read_text()
    assert fedi("account", "export", "alice", "--kind", "mutes").stdout == given.read_text()


def test_a_list_may_come_from_standard_input(fedi: Fedi, people: Path) -> None:
    result = fedi("account", "import", "alice", "--kind", "domains", "-", stdin="EVIL.test.\nworse.test\n")
    assert result.exit_code == 0
    assert fedi("account", "export", "alice", "--kind", "domains").stdout == "evil.test\nworse.test\n"


def test_a_line_that_cannot_be_used_is_told_and_the_others_are_taken_in(fedi: Fedi, people: Path) -> None:
    lines = "alice@fedi.test\nnobody@fedi.test\nnot a handle\nben\n"
    result = fedi("account", "import", "alice", "--kind", "blocks", "-", stdin=lines)
    assert result.exit_code == 1
    first, second, third, fourth, last = said(result).splitlines()
    assert first == "line 1: passed over 'alice@fedi.test': This action is not allowed"
    assert second.startswith("line 2: passed over 'nobody@fedi.test': nobody here has this name")
    assert third.startswith("line 3: passed over 'not a handle': ")
    assert (fourth, last) == ("line 4: ben", "1 taken in, 3 passed over")
    assert fedi("account", "export", "alice", "--kind", "blocks").stdout == "ben@fedi.test\n"


def test_what_is_no_list_is_refused_in_one_line(fedi: Fedi, people: Path) -> None:
    result = fedi("account", "import", "alice", "--kind", "blocks", "-", stdin=b"\xff")
    assert (result.exit_code, result.stderr) == (1, "fedi: The list is not UTF-8.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "nobody", "--kind", "blocks"],
        ["import", "nobody", "--kind", "blocks", "-"],
        ["alias", "nobody"],
        ["move", "nobody", "ben", "--yes"],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_only_people_here_have_belongings(fedi: Fedi, people: Path, arguments: list[str]) -> None:
    result = fedi("account", *arguments)
    assert (result.exit_code, result.stderr) == (1, "fedi: There is no account 'nobody' here.\n")


def test_aliases_are_added_and_removed(fedi: Fedi, people: Path) -> None:
    gone = "https://gone.test/users/alice"
    assert said(fedi("account", "alias", "alice")) == "There are no aliases.\n"
    assert said(fedi("account", "alias", "alice", "--add", "ben")) == f"{ORIGIN}/users/ben\n"
    assert found(people, "alice").also_known_as == [f"{ORIGIN}/users/ben"]
    result = fedi("account", "alias", "alice", "--remove", "@ben@fedi.test", "--remove", gone)
    assert said(result) == "There are no aliases.\n"
    result = fedi("account", "alias", "alice", "--add", "nobody")
    assert (result.exit_code, said(result)) == (1, "")
    assert result.stderr.startswith("fedi: nobody: nobody here has this name")


def test_an_account_moves_and_comes_back(fedi: Fedi, people: Path) -> None:
    result = fedi("account", "move", "alice", "ben", "--yes")
    assert result.exit_code == 1
    assert "must name" in result.stderr
    fedi("account", "alias", "ben", "--add", "alice")
    result = fedi("account", "move", "alice", "ben", "--yes")
    assert (result.exit_code, said(result)) == (0, "@alice has moved to @ben\n")
    assert found(people, "alice").moved_to == f"{ORIGIN}/users/ben"
    assert said(fedi("account", "move", "alice", "--back")) == "@alice is used again\n"
    assert found(people, "alice").moved_to is None


def test_a_move_is_asked_for_twice(fedi: Fedi, people: Path) -> None:
    fedi("account", "alias", "ben", "--add", "alice")
    result = fedi("account", "move", "alice", "ben", stdin="n\n")
    assert result.exit_code == 1
    assert found(people, "alice").moved_to is None


@pytest.mark.parametrize("arguments", [[], ["ben", "--back"]])
def test_a_move_has_one_direction(fedi: Fedi, people: Path, arguments: list[str]) -> None:
    result = fedi("account", "move", "alice", *arguments)
    assert result.exit_code == 2
    assert "--back" in result.stderr
