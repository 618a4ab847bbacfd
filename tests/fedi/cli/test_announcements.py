"""`fedi announcements` and `fedi rules`."""

import re
from pathlib import Path

import pytest

from tests.fedi.cli.conftest import Fedi


def number(text: str) -> str:
    found = re.search(r"\d{10,}", text)
    assert found is not None, text
    return found[0]


@pytest.mark.usefixtures("instance")
def test_everyone_is_told_something_until_it_is_taken_away(fedi: Fedi) -> None:
    assert "Nothing was announced." in fedi("announcements", "list").output
    told = fedi("announcements", "add", "We pause tonight", "--ends", "2099-01-01", "--all-day")
    assert told.exit_code == 0, told.output
    listed = fedi("announcements", "list").output
    assert f"{number(told.output)} shown We pause tonight" in listed
    assert fedi("announcements", "add", "x", "--ends", "2001-01-01T10:00").exit_code == 1
    assert fedi("announcements", "remove", number(told.output)).exit_code == 0
    assert fedi("announcements", "remove", number(told.output)).exit_code == 1


@pytest.mark.usefixtures("instance")
def test_rules_are_added_and_taken_away(fedi: Fedi) -> None:
    assert "There are no rules yet." in fedi("rules", "list").output
    first = fedi("rules", "add", "Be kind", "--hint", "To all")
    fedi("rules", "add", "Label pictures")
    listed = fedi("rules", "list").output.splitlines()
    assert [line.partition(" ")[2] for line in listed] == ["Be kind (To all)", "Label pictures"]
    assert fedi("rules", "remove", number(first.output)).exit_code == 0
    assert fedi("rules", "remove", number(first.output)).exit_code == 1
    assert "announcement" not in fedi("audit", "list").output
    assert "rule.remove" in fedi("audit", "list").output


def test_without_an_instance_nothing_is_made(fedi: Fedi, data_dir: Path) -> None:
    for words in (["announcements", "list"], ["rules", "add", "x"]):
        assert fedi(*words).exit_code == 2
    assert not (data_dir / "fedi.db").exists()
